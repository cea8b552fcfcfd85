// Package session is one CTI session: the gate that requests pass, HandleEvent in
// its seven steps, the state that they lead to, and the event log that desktops
// read. It knows neither the network nor Kubernetes; the link feeds it and the
// server reads it.
package session
