package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// World is what happens at the CTI server and around it while a desktop works. The kit
// has one World, and calls it from one goroutine.
type World interface {
	// Cast says who plays. It does not change.
	Cast() Cast
	// Reset makes everything as it was at first: no calls, nobody logged in, no fault.
	Reset(ctx context.Context) error
	// Do lets something happen, and returns when it has. ErrCannot: this World has no
	// means to do that; the table says so.
	Do(ctx context.Context, a Act) error
}

// ErrCannot is what a World says to an Act that it cannot do.
var ErrCannot = errors.New("this world cannot do that")

// Journal is a World that sees the requests which reach the CTI server.
type Journal interface {
	// Requests counts them since the World began, without signs of life.
	Requests(ctx context.Context) (uint64, error)
}

// Cast is who plays: numbers and names that exist at the CTI server.
type Cast struct {
	// Agents each sit at a telephone of their own, and are logged out. Three are needed
	// for a conference of agents, two for a transfer.
	Agents []Agent
	// Queues that all the agents may serve; where it matters, the first is meant. With
	// two, logging in and out by queue is exercised.
	Queues []string
	// Customer is a number outside from where calls come.
	Customer string
	// Outside is a number outside that answers by itself, soon.
	Outside string
	// Busy is a number that is busy, Unknown one that leads nowhere.
	Busy, Unknown string
}

// Agent is an agent at a telephone.
type Agent struct {
	ID, Password string
	DN           string
}

// Act is one thing that happens.
type Act struct {
	// Who does it: a telephone's number, the customer's, an agent's id.
	Who string
	// Does says what.
	Does Deed
	// To is whom to call, or where to send a call.
	To string
	// Data is attached to the call that is made.
	Data map[string]string
	// Digits that were sent, for HeardDigits.
	Digits string
}

// Deed names what can happen.
type Deed string

// What callers and telephones do.
const (
	// Calls: Who, a telephone or somebody outside, calls To with Data.
	Calls Deed = "calls"
	// HangsUp ends Who's part in the newest call that Who talks on, or listens to.
	HangsUp Deed = "hangs up"
	// The telephone Who answers, holds the active call, takes the held one back.
	Answers   Deed = "answers"
	Holds     Deed = "holds"
	Retrieves Deed = "retrieves"
	// GoesOffHook: a dial tone, nothing is dialled yet.
	GoesOffHook Deed = "goes off hook"
	// Consults holds the active call and calls To about it.
	Consults Deed = "consults"
	// Transfers and Conferences join the held call and the consult.
	Transfers   Deed = "transfers"
	Conferences Deed = "makes a conference"
	// GivesAway sends the ringing call to To.
	GivesAway Deed = "gives the ringing call to"
	// MutesItself and SetsDoNotDisturb are buttons of the telephone.
	MutesItself      Deed = "mutes itself"
	SetsDoNotDisturb Deed = "sets do not disturb"
)

// What a supervisor and the CTI server do.
const (
	// IsMadeNotReady: a supervisor makes the agent Who unavailable.
	IsMadeNotReady Deed = "is made not ready by a supervisor"
	// LetsItRing: the call that rings at Who is not answered for too long.
	LetsItRing Deed = "lets it ring too long"
	// LosesConnections: the CTI server breaks all its connections, and can be reached again
	// at once. Calls and agents stay.
	LosesConnections Deed = "the CTI server breaks its connections"
	// LosesMessages: the CTI server says that events were lost, or ends a subscription of
	// Who, while the connection lives.
	LosesMessages Deed = "the CTI server loses messages"
	// FailsLater: the CTI server accepts the next request of the device Who and says
	// afterwards that it failed.
	FailsLater Deed = "the next request is accepted and fails afterwards"
	// Forgets: the agent's state is not known to the CTI server.
	Forgets Deed = "the agent's state is lost"
)

// What can be looked up. A fact that is not so is an error that says what is.
const (
	// HeardDigits: the party Who was sent the Digits.
	HeardDigits Deed = "heard the digits"
)

// String says it in words.
func (a Act) String() string {
	parts := []string{a.Who, string(a.Does), a.To, a.Digits}
	for _, k := range slices.Sorted(maps.Keys(a.Data)) {
		parts = append(parts, fmt.Sprintf("%s=%s", k, a.Data[k]))
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}
