package v1alpha1

// PoolPolicy is what a pool decides for its agents' sessions.
type PoolPolicy struct {
	// telephonyMode decides which activities and events a desktop has. Full when
	// absent.
	// +optional
	TelephonyMode TelephonyMode `json:"telephonyMode,omitempty"`

	// reasonCodes that agents may give.
	// +optional
	ReasonCodes ReasonCodes `json:"reasonCodes,omitempty,omitzero"`

	// callTreatment says what happens when a call is offered; the first rule that
	// holds treats it.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	CallTreatment []TreatmentRule `json:"callTreatment,omitempty"`
}

// TelephonyMode decides which activities and events a desktop has.
// +kubebuilder:validation:Enum=Simple;SimpleWithAgentState;Full
type TelephonyMode string

// The telephony modes.
const (
	ModeSimple               TelephonyMode = "Simple"
	ModeSimpleWithAgentState TelephonyMode = "SimpleWithAgentState"
	ModeFull                 TelephonyMode = "Full"
)

// ReasonCodes are the codes that agents may give. Codes that the CTI server tells and
// that are not in a list are shown all the same.
type ReasonCodes struct {
	// unavailable lists the reasons for being unavailable. Empty: any code.
	// +optional
	// +listType=map
	// +listMapKey=code
	// +kubebuilder:validation:MaxItems=128
	Unavailable []ReasonCode `json:"unavailable,omitempty"`
	// logout lists the reasons for logging out. Empty: any code.
	// +optional
	// +listType=map
	// +listMapKey=code
	// +kubebuilder:validation:MaxItems=128
	Logout []ReasonCode `json:"logout,omitempty"`
	// required says where a reason must be given.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=2
	Required []ReasonRequired `json:"required,omitempty"`
}

// ReasonCode is a code with its name for people.
type ReasonCode struct {
	// code as the CTI server knows it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Code string `json:"code"`
	// label for people.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Label string `json:"label,omitempty"`
}

// ReasonRequired names a change that needs a reason.
// +kubebuilder:validation:Enum=Unavailable;Logout
type ReasonRequired string

// The changes that may need a reason.
const (
	RequiredUnavailable ReasonRequired = "Unavailable"
	RequiredLogout      ReasonRequired = "Logout"
)

// TreatmentRule says what happens to an offered call.
// +kubebuilder:validation:XValidation:rule="has(self.delaySeconds) == (has(self.answer) && self.answer == 'AfterDelay')",message="set delaySeconds with answer AfterDelay, and only with it"
type TreatmentRule struct {
	// name for people.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// when is a CEL expression over call and session. Always when absent.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	When string `json:"when,omitempty"`
	// screenPop opens something at the desktop.
	// +optional
	ScreenPop *ScreenPop `json:"screenPop,omitempty"`
	// answer says who answers, and when. Manual when absent.
	// +optional
	Answer Answering `json:"answer,omitempty"`
	// delaySeconds until the call is answered, for AfterDelay.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=60
	DelaySeconds int32 `json:"delaySeconds,omitempty"`
	// attachData attaches data to the call: name, of at most 64 characters, to CEL
	// expression.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	AttachData map[string]Expression `json:"attachData,omitempty"`
}

// Answering says who answers an offered call, and when.
// +kubebuilder:validation:Enum=Manual;OnOffer;AfterDelay;OnInteraction
type Answering string

// The ways to answer.
const (
	AnswerManually      Answering = "Manual"
	AnswerOnOffer       Answering = "OnOffer"
	AnswerAfterDelay    Answering = "AfterDelay"
	AnswerOnInteraction Answering = "OnInteraction"
)

// ScreenPop is an address or the name of an interaction.
// +kubebuilder:validation:XValidation:rule="has(self.url) != has(self.interaction)",message="set either url or interaction"
type ScreenPop struct {
	// url is a template: {expression} is replaced by the CEL expression's value,
	// escaped for a query. The server must be written out.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^/?#]`
	URL string `json:"url,omitempty"`
	// interaction names what the desktop starts.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Interaction string `json:"interaction,omitempty"`
}
