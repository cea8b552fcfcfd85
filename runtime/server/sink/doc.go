// Package sink posts sessions' events to a server-side desktop that cannot pull, such as
// Pega's: in order for each session, at least once, each with its id. What cannot be
// delivered is retried a bounded number of times, then counted and told, and a Snapshot
// follows as soon as somebody answers again.
//
// It reads the sessions' logs by cursor with a fixed number of workers: there is no queue
// and no goroutine for each session. It imports session, opencti and pega; cmd wires it to
// the link.
package sink
