// Package session is one CTI session: the gate that requests pass (gate.go, pairs.go,
// agentgate.go), HandleEvent in its seven steps (handle.go), the state that they lead to
// (state.go, lineage.go, agent.go), what is possible in it (capabilities.go), which request
// led to what (causes.go), call treatment (treat.go), and the event log that desktops read
// (log.go). It knows neither the network nor Kubernetes; the link feeds it and the server
// reads it.
package session
