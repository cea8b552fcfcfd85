// Package switchmodel is the contact-centre switch of ctisim as a pure state
// machine: extensions, agents, queues, outside parties and the calls between
// them, in the terms of ECMA-269 (connections and their states, causes).
//
// It knows no network and no wire format: fronts send it requests and turn the
// events that it emits into messages. Time comes from the clock that it is
// given, so that a test can play hours in a moment. Everything runs under one
// mutex; what is due by the clock happens before each request is looked at.
//
// A request is a method of Switch, by connections as CSTA names them, or of
// Handset, for what a person does at a telephone. Both take the mutex, check,
// and leave the doing to the same unexported method, which changes the state and
// emits as it goes. A call is a list of connections; join, become, part, move
// and clear are all that change it. What rings, waits or will leave by itself is
// an alarm of its connection, so that it goes along when calls become one.
package switchmodel
