// Package conformance is the kit that says whether a driver keeps the adapter contract. It
// puts the driver under the real link, session and rules, as the product does, so that
// what is checked is what a desktop sees; a second part drives the driver alone. A World
// plays what happens outside: callers, telephones, the CTI server's bad days.
//
// Its readers are authors of drivers, in this module or in their own: see Test. It imports
// opencti, session and link, and no driver: a program or a test wires drivers and worlds.
package conformance
