// Package agreement holds a test alone: whatever agents, telephones and callers do, what
// the sessions tell and what the switch says are the same once nothing more happens.
package agreement
