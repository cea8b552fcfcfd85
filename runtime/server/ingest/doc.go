// Package ingest reads the events that a CTI server or a connector posts (the guide's
// integration service), in JSON or XML, into raw events for a class's rules. Its bytes are
// foreign: what is wrong is refused whole, by an error that names the place and never a
// value. The server uses it; it imports opencti.
package ingest
