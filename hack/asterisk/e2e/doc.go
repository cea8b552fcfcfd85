// Package e2e tries a link to a real Asterisk by its outer ends: desktops over HTTP on one
// side, SIP telephones on the other, the pod in a process of its own. It has the walks of
// package walk, and the load whose figures stand in docs/benchmarks.md. Its tests need the
// build tag asterisk.
package e2e
