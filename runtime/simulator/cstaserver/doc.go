// Package cstaserver is the CSTA III XML side of ctisim: it lets applications
// of ECMA-354 log in over TCP and control the switch with the services and
// events of ECMA-269/323.
//
// It holds no state of calls and agents, only that of its connections: a
// session each, and monitors, which die with it. A client that is slow or
// hostile loses its connection; the switch never waits for one.
package cstaserver
