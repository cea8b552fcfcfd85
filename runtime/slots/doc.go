// Package slots is this pod's ownership of its slot: the Lease that decides who
// holds it, the document that says what it is, and the status that tells how it
// fares. It imports api and client-go; it knows no telephony.
package slots
