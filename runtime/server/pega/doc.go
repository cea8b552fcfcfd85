// Package pega tells sessions' events and errors in Pega's own terms: those of the 7.31
// server-side guide (pega-server) and those of the public 8.x client-side schemas
// (pega-desktop). It is pure: an event goes in, messages come out. The server's streams
// and the event sink use it; it imports session and opencti.
//
// docs/pega.md says, field by field, what is the guide's, what the schemas', what ours.
package pega
