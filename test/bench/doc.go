// Package bench measures one pod: the whole way of an event, from the bytes of the CTI
// server to the bytes at a desktop, in a process of its own on one core, beside a bare
// relay that does the same decoding, encoding and flushing and nothing else. The figures
// stand in docs/benchmarks.md. It has no tests that are timed.
package bench
