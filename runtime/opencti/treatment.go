package opencti

// Answering says who answers an offered call, and when.
type Answering string

// The ways to answer (guide, "Call treatment").
const (
	// AnswerManually leaves it to the agent.
	AnswerManually Answering = "Manual"
	// AnswerOnOffer answers at once.
	AnswerOnOffer Answering = "OnOffer"
	// AnswerAfterDelay answers after TreatmentRule.DelaySeconds.
	AnswerAfterDelay Answering = "AfterDelay"
	// AnswerOnInteraction answers when the desktop has started the interaction
	// (AcceptInteraction).
	AnswerOnInteraction Answering = "OnInteraction"
)

// TreatmentRule is one rule of a pool's call treatment: the first whose When holds for
// an offered call treats it. The expressions are CEL over `call` (the fields of Call,
// by their JSON names) and `session` {dn, agentId}. Its JSON form is that of the
// manifests.
type TreatmentRule struct {
	Name string `json:"name"`
	// When is a CEL expression; empty: always.
	When string `json:"when,omitempty"`
	// ScreenPop opens something at the desktop.
	ScreenPop *ScreenPop `json:"screenPop,omitempty"`
	// Answer is manual when empty.
	Answer Answering `json:"answer,omitempty"`
	// DelaySeconds is for AnswerAfterDelay.
	DelaySeconds int32 `json:"delaySeconds,omitempty"`
	// AttachData attaches data to the call: name → CEL expression that gives a text.
	AttachData map[string]string `json:"attachData,omitempty"`
}

// ScreenPop is an address, or the name of an interaction that the desktop knows.
type ScreenPop struct {
	// URL is a template: {expression} is replaced by the value of the CEL expression,
	// escaped for a query.
	URL string `json:"url,omitempty" doc:"Address to open."`
	// Interaction names what the desktop starts.
	Interaction string `json:"interaction,omitempty" doc:"What the desktop starts."`
}

// Treatment is what a pool's rules make of one offered call.
type Treatment struct {
	Rule      string     `json:"rule" doc:"The rule of the pool's call treatment."`
	ScreenPop *ScreenPop `json:"screenPop,omitempty" doc:"What to open. One tab does it: the one whose AcceptInteraction is accepted."`
	Answer    Answering  `json:"answer" enum:"Manual,OnOffer,AfterDelay,OnInteraction"`
	// DelaySeconds is for AnswerAfterDelay.
	DelaySeconds int32 `json:"delaySeconds,omitempty"`
	// Claimed: a desktop has started the interaction.
	Claimed bool `json:"claimed" doc:"A tab has started the interaction."`
}
