// Package server is the northbound side of a runtime pod: the JSON API with its
// event stream, authentication, and the way to the pod that holds the slot. It
// imports link, slots, session and opencti; nobody but cmd imports it.
package server
