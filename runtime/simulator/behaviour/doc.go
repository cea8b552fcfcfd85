// Package behaviour is what a switch does on a bad day, or in a way that is not
// the usual one, by name: one table of faults and scenarios, from which the
// control port, ctisim's help and docs/simulator.md are made.
//
// A scenario happens at once. A fault lasts until it has happened often enough,
// its time is over, or it is ended; so a test that forgets one cannot spoil the
// next for long. What they do, they do by the hooks of switchmodel and
// cstaserver; nothing here knows HTTP.
package behaviour
