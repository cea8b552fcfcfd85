// Package csta is the driver for switches that speak CSTA III XML (ECMA-269, -323, -354)
// over TCP or TLS. The runtime's registry of drivers may enter, nobody else. It imports
// its codec, wire, and the adapter contract, opencti.
//
// A Connection is one ECMA-354 session; opening it changes nothing at the switch. A
// Device is a number of the switch: Subscribe starts its monitor, and sessions of the same
// number share one. Numbers stand in CSTA's DeviceIDs as they are.
//
// Reason codes and work modes, which CSTA lacks, travel in extensions, and call data in
// correlatorData: package wire says how they are written.
//
// The connection is given up, so that everything is asked for again on the next one, when
// the switch says that messages were lost, that it is out of service, or that a monitor
// has stopped: all that was known may be wrong then.
package csta
