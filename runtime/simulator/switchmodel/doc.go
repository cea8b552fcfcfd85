// Package switchmodel is the contact-centre switch of ctisim as a pure state
// machine: extensions, agents, queues, outside parties and the calls between
// them, in the terms of ECMA-269 (connections and their states, causes).
//
// It knows no network and no wire format: fronts send it requests and turn the
// events that it emits into messages. Time comes from the clock that it is
// given, so that a test can play hours in a moment. Everything runs under one
// mutex; what is due by the clock happens before each request is looked at.
package switchmodel
