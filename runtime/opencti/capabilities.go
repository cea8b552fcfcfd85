package opencti

import (
	"context"
	"time"
)

// The interfaces below are what a Device, or a Connection, can do beyond the least.
// What it implements is what the class supports. Success means that the CTI server
// accepted; the change itself comes as an event. Errors are of type *Error wherever
// the server's answer says more than that it refused.

// AgentStateControl is implemented by devices whose server manages agents. With
// Request.Queue it concerns that queue alone; one that the server does not know is
// InvalidQueue. The workMode AFTER_CALL_WORK of SetAgentNotReady, where the server has no
// after-call work, is NotCapable.
type AgentStateControl interface {
	LoginAgent(context.Context, Request) error
	LogoutAgent(context.Context, Request) error
	SetAgentReady(context.Context, Request) error
	SetAgentNotReady(context.Context, Request) error
}

// AgentStatePoll is implemented by devices whose server does not tell of every change
// of an agent's state.
type AgentStatePoll interface {
	// PollInterval is how often to ask; zero: never.
	PollInterval() time.Duration
	// AgentState asks the server now.
	AgentState(context.Context) (AgentState, error)
}

// CallControl is implemented by devices whose calls can be controlled. The session
// has already resolved CallID: it is never empty but for MakeCall.
type CallControl interface {
	AnswerCall(context.Context, Request) error
	HoldCall(context.Context, Request) error
	RetrieveCall(context.Context, Request) error
	MakeCall(context.Context, Request) error
	HangUpCall(context.Context, Request) error
}

// ToneControl sends tones on the call CallID.
type ToneControl interface {
	SendDTMF(context.Context, Request) error
}

// TransferControl hands calls on. Request.CallID is the call to consult from or to
// hand on; of TransferCall the consult, with HeldCallID the first call. CancelTransfer
// has an empty CallID when the consulted party is gone: there is only a call to
// retrieve.
type TransferControl interface {
	TransferInitiate(context.Context, Request) error
	TransferCall(context.Context, Request) error
	CancelTransfer(context.Context, Request) error
	BlindTransfer(context.Context, Request) error
}

// ConferenceControl joins calls; its requests are like those of TransferControl.
// DropParty has in Party the Party.ID.
type ConferenceControl interface {
	ConferenceInitiate(context.Context, Request) error
	ConferenceCall(context.Context, Request) error
	CancelConference(context.Context, Request) error
	DropParty(context.Context, Request) error
}

// CallDataControl attaches Variables to the call CallID.
type CallDataControl interface {
	AttachData(context.Context, Request) error
}

// AlternateControl holds CallID and retrieves HeldCallID in one step.
type AlternateControl interface {
	AlternateCall(context.Context, Request) error
}

// DeclineControl refuses the alerting call CallID.
type DeclineControl interface {
	DeclineCall(context.Context, Request) error
}

// MuteControl mutes the agent on the call CallID.
type MuteControl interface {
	MuteCall(context.Context, Request) error
	UnmuteCall(context.Context, Request) error
}

// DisturbControl sets do-not-disturb at the device to Enabled.
type DisturbControl interface {
	SetDoNotDisturb(context.Context, Request) error
}

// Statistics is implemented by connections whose server knows its queues.
type Statistics interface {
	// QueueStatistics asks for one queue now. Errors: InvalidQueue.
	QueueStatistics(ctx context.Context, queue string) (QueueStatistics, error)
}

// QueueStatistics is a queue at one moment.
type QueueStatistics struct {
	Queue string `json:"queue"`
	// At is when it was so.
	At           time.Time `json:"at"`
	CallsWaiting int       `json:"callsWaiting" doc:"Calls that wait for an agent."`
	// LongestWaitSeconds is 0 when nobody waits.
	LongestWaitSeconds int `json:"longestWaitSeconds" doc:"How long the call at the head has waited, in seconds; 0 when none waits."`
	AgentsLoggedIn     int `json:"agentsLoggedIn"`
	AgentsAvailable    int `json:"agentsAvailable"`
	AgentsBusy         int `json:"agentsBusy" doc:"On a call or in after-call work."`
	AgentsUnavailable  int `json:"agentsUnavailable"`
}
