// Package csta is the driver for switches that speak CSTA III XML (ECMA-269, -323, -354)
// over TCP or TLS. The runtime's registry of drivers may enter, nobody else. It imports
// its codec, wire, and the adapter contract, opencti. docs/csta.md says what a desktop gets
// of CSTA.
//
// A Connection is one ECMA-354 session; opening it changes nothing at the switch. A
// Device is a number of the switch: Subscribe starts its monitor, and sessions of the same
// number share one. Numbers stand in CSTA's DeviceIDs as they are.
//
// One goroutine, the reader, takes all that the switch sends: answers go to those who wait
// (exchange.go), events to the follower of their monitor: a phone, which knows the calls at
// an agent's device and makes the raw events, or a queue, which counts who waits.
//
// Reason codes, which CSTA lacks, travel in extensions, and call data in correlatorData:
// package wire says how they are written. With the call data goes a call's lineage, under
// names of our own (lineage.go, docs/decisions/0015).
//
// What may have been lost of a device is told (EventsLost), and asked for again; the
// connection is given up when the switch is out of service or ends the session.
package csta
