// Package opencti is the ground floor of the runtime: the vocabulary (activities,
// events, states, errors) and the contract that every adapter implements.
//
// The names are those of Pega's OpenCTI server-side guide; where the guide is
// silent, CSTA (ECMA-269) decides. Everybody may import this package; it imports
// the standard library alone.
package opencti
