// Package asterisk is the driver for Asterisk and what is made of it, by its manager interface
// (AMI) over TCP or TLS. The runtime's registry of drivers may enter, nobody else. It imports
// its codec, ami, its picture of the switch, mirror, and the adapter contract, opencti.
//
// Agents are members of queues: LoginAgent adds the telephone to them, paused, and reasons are
// those of pauses. A call is known by the UID of the telephone's own channel; the interaction
// is Asterisk's Linkedid, which stays the same over transfers.
//
// Asterisk tells of channels and bridges. Package mirror makes calls of them, and raw events
// are what happens to a telephone's calls: their names are its changes, their fields stand in
// fieldsOf and agentFields, with the name of the event of Asterisk that brought it.
//
// What a telephone must do itself, answer and hold, it is told by NOTIFY. Everything else is
// done at the switch: a second call of a telephone on the same channel, the first one waiting
// in the dialplan meanwhile.
package asterisk
