package portrait

import (
	"slices"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// Request is one request of a client.
type Request struct {
	// Name is that of the table, whatever the deployment calls it.
	Name string

	ClientID     string
	Workstation  string
	ClientHandle string
	ExtraEvents  bool
	TakeOver     bool
	State        string
	Ack          string
	Wait         time.Duration
	// Key is the idempotency key.
	Key string
	// SessionToken is that of a session which is open already.
	SessionToken string
	// Ask is what goes to the session.
	Ask opencti.Request

	seen    map[string]bool // the elements that were there
	given   map[string]bool // those that said something
	charset Charset
	names   names.Names
}

// TokenOfSession is the token of the client's session; empty where it has none yet.
func (r *Request) TokenOfSession() string {
	if _, token, ok := strings.Cut(r.ClientID, "."); ok {
		return token
	}
	return r.SessionToken
}

// kind is what an element holds.
type kind int

const (
	isText kind = iota
	isFlag
	isSeconds
	isState
	isData
)

// element is an element of requests.
type element struct {
	name string
	doc  string
	kind kind
	// bound is the longest text, in bytes.
	bound int
	field func(*Request) any
}

// elements is the one table of what requests hold.
var elements = []element{
	{"CLIENTID", "The client's id, from the answer to CTICLIENTINITIALIZE.", isText, 4096, func(r *Request) any { return &r.ClientID }},
	{"DN", "The device, such as an extension.", isText, 64, func(r *Request) any { return &r.Ask.DN }},
	{"AGENTID", "The agent at the ACD.", isText, 64, func(r *Request) any { return &r.Ask.AgentID }},
	{"AGENTPASSWORD", "The agent's password at the ACD.", isText, 128, func(r *Request) any { return &r.Ask.AgentPassword }},
	{"QUEUE", "A queue.", isText, 256, func(r *Request) any { return &r.Ask.Queue }},
	{"WORKMODE", "The ACD's work mode.", isText, 256, func(r *Request) any { return &r.Ask.WorkMode }},
	{"REASONCODE", "Why the agent is unavailable, or logs off.", isText, 256, func(r *Request) any { return &r.Ask.ReasonCode }},
	{"STATE", "AVAILABLE, UNAVAILABLE or AFTERCALLWORK.", isState, 32, func(r *Request) any { return &r.State }},
	{"CALLID", "The call; absent: the only one that can be meant.", isText, 256, func(r *Request) any { return &r.Ask.CallID }},
	{"HELDCALLID", "The call on hold.", isText, 256, func(r *Request) any { return &r.Ask.HeldCallID }},
	{"CONSULTCALLID", "The consult call.", isText, 256, func(r *Request) any { return &r.Ask.ConsultCallID }},
	{"DESTINATION", "A number, an agent or a queue.", isText, 256, func(r *Request) any { return &r.Ask.DestinationNumber }},
	{"CALLDATA", "Data to attach to the call.", isData, 0, func(r *Request) any { return &r.Ask.Variables }},
	{"DIGITS", "The tones: digits, * and #.", isText, 64, func(r *Request) any { return &r.Ask.Digits }},
	{"PARTYID", "A party of the call, by its PARTYID there.", isText, 256, func(r *Request) any { return &r.Ask.Party }},
	{"ENABLED", "true or false; true when absent.", isFlag, 8, func(r *Request) any { return &r.Ask.Enabled }},
	{"WAIT", "How many seconds GETEVENTS may wait for an event: 0 to 30; 0 when absent.", isSeconds, 8, func(r *Request) any { return &r.Wait }},
	{"ACK", "LAST of the newest answer that the client has; 0: it has none. Absent: it has the previous one.", isText, 64, func(r *Request) any { return &r.Ack }},
	{"WORKSTATION", "The user's workstation.", isText, 128, func(r *Request) any { return &r.Workstation }},
	{"CLIENTHANDLE", "The client's own name for itself.", isText, 256, func(r *Request) any { return &r.ClientHandle }},
	{"EXTRAEVENTS", "true: also tell the events that the guide does not have.", isFlag, 8, func(r *Request) any { return &r.ExtraEvents }},
	{"SESSIONTOKEN", "The token of a session that is open already, from the JSON API.", isText, 4096, func(r *Request) any { return &r.SessionToken }},
	{"TAKEOVER", "true: end the session that stands in the way.", isFlag, 8, func(r *Request) any { return &r.TakeOver }},
	{"REQUESTID", "Marks the request; events that it causes carry it as CAUSEDBY.", isText, 256, func(r *Request) any { return &r.Ask.ID }},
	{"IDEMPOTENCYKEY", "A retry with the same key gets the first answer and acts once.", isText, 128, func(r *Request) any { return &r.Key }},
}

// message is a request of the table.
type message struct {
	name     string
	doc      string
	required []string
	optional []string
	// activity is what is asked of the session; empty for what the front does itself.
	activity opencti.Activity
	// alone is the state of the call that is meant when CALLID is absent and just one call
	// is in it; empty: the session knows.
	alone opencti.EventName
}

var (
	consult  = []string{"CALLID", "CALLDATA"}
	twoCalls = []string{"CALLID", "HELDCALLID", "CONSULTCALLID"}
)

// messages are the requests of the guide's Table 1; after GETEVENTS those that it lists as
// missing ("Current limitations"); after DONOTDISTURB what else a desktop may ask for.
var messages = []message{
	{initialize, "Registers the client; DN, AGENTID or both, or SESSIONTOKEN.", nil,
		[]string{"DN", "AGENTID", "SESSIONTOKEN", "WORKSTATION", "CLIENTHANDLE", "EXTRAEVENTS", "TAKEOVER"}, "", ""},
	{uninitialize, "Ends the registration, with the last client of a session the session; the agent stays logged on.",
		[]string{"CLIENTID"}, nil, "", ""},
	{reconnect, "Registers the client again after down time.", []string{"CLIENTID"}, []string{"AGENTID"}, "", ""},
	{"AGENTINITIALIZE", "Logs the agent on.", []string{"CLIENTID"}, []string{"AGENTID", "AGENTPASSWORD", "QUEUE", "WORKMODE", "TAKEOVER"}, opencti.LoginAgent, ""},
	{"AGENTUNINITIALIZE", "Logs the agent off.", []string{"CLIENTID"}, []string{"AGENTID", "QUEUE", "REASONCODE"}, opencti.LogoutAgent, ""},
	{"SETAGENTSTATE", "Makes the agent available or unavailable for calls.", []string{"CLIENTID", "STATE"},
		[]string{"AGENTID", "QUEUE", "REASONCODE", "WORKMODE"}, opencti.SetAgentReady, ""},
	{"MAKECALL", "Makes an outbound call.", []string{"CLIENTID", "DESTINATION"}, []string{"CALLDATA"}, opencti.MakeCall, ""},
	{"ACCEPTCALL", "Accepts an incoming call.", []string{"CLIENTID"}, []string{"CALLID"}, opencti.AnswerCall, ""},
	{"RELEASECALL", "Hangs up.", []string{"CLIENTID"}, []string{"CALLID"}, opencti.HangUpCall, ""},
	{"HOLDCALL", "Puts the active call on hold.", []string{"CLIENTID"}, []string{"CALLID"}, opencti.HoldCall, opencti.Established},
	{"RETRIEVECALL", "Takes a call back from hold.", []string{"CLIENTID"}, []string{"CALLID"}, opencti.RetrieveCall, opencti.Held},
	{"INITIATETRANSFER", "Holds the call and consults a third party about a transfer.", []string{"CLIENTID", "DESTINATION"}, consult, opencti.TransferInitiate, opencti.Established},
	{"COMPLETETRANSFER", "Hands the call to the consulted party.", []string{"CLIENTID"}, twoCalls, opencti.TransferCall, ""},
	{"CANCELTRANSFER", "Ends the consult; the first call is retrieved.", []string{"CLIENTID"}, twoCalls, opencti.CancelTransfer, ""},
	{"INITIATECONFERENCE", "Holds the call and consults a third party about a conference.", []string{"CLIENTID", "DESTINATION"}, consult, opencti.ConferenceInitiate, opencti.Established},
	{"COMPLETECONFERENCE", "Makes one call of both.", []string{"CLIENTID"}, twoCalls, opencti.ConferenceCall, ""},
	{"CANCELCONFERENCE", "Ends the consult; the first call is retrieved.", []string{"CLIENTID"}, twoCalls, opencti.CancelConference, ""},
	{"BLINDTRANSFER", "Hands the call on without a consult.", []string{"CLIENTID", "DESTINATION"}, consult, opencti.BlindTransfer, opencti.Established},
	{getEvents, "Tells what happened.", []string{"CLIENTID"}, []string{"WAIT", "ACK"}, "", ""},
	{"GETSTATISTICS", "Tells how a queue stands.", []string{"CLIENTID", "QUEUE"}, nil, opencti.GetStatistics, ""},
	{"MUTECALL", "Mutes the agent on a call; ENABLED false ends it.", []string{"CLIENTID"}, []string{"CALLID", "ENABLED"}, opencti.MuteCall, opencti.Established},
	{"DONOTDISTURB", "Keeps calls away from the device; ENABLED false ends it.", []string{"CLIENTID"}, []string{"ENABLED"}, opencti.SetDoNotDisturb, ""},
	{"DECLINECALL", "Refuses the call that rings, which the switch then takes elsewhere.", []string{"CLIENTID"}, []string{"CALLID"}, opencti.DeclineCall, ""},
	{"ALTERNATECALL", "Holds the active call and retrieves the held one.", []string{"CLIENTID"}, twoCalls, opencti.AlternateCall, ""},
	{"SENDDTMF", "Sends tones on a call.", []string{"CLIENTID", "DIGITS"}, []string{"CALLID"}, opencti.SendDTMF, opencti.Established},
	{"ATTACHDATA", "Attaches data to a call.", []string{"CLIENTID", "CALLDATA"}, []string{"CALLID"}, opencti.AttachData, opencti.Established},
	{"DROPPARTY", "Takes a party out of a call.", []string{"CLIENTID", "PARTYID"}, []string{"CALLID"}, opencti.DropParty, opencti.Established},
	{"ACCEPTINTERACTION", "Says that this client has started what belongs to the call; the first to say so has it.",
		[]string{"CLIENTID"}, []string{"CALLID"}, opencti.AcceptInteraction, opencti.Offering},
}

// The requests that the front does itself.
const (
	initialize   = "CTICLIENTINITIALIZE"
	uninitialize = "CTICLIENTUNINITIALIZE"
	reconnect    = "CTICLIENTRECONNECT"
	getEvents    = "GETEVENTS"
)

// everywhere are elements that each request may have.
var everywhere = []string{"REQUESTID", "IDEMPOTENCYKEY"}

// The values of STATE.
const (
	available     = "AVAILABLE"
	unavailable   = "UNAVAILABLE"
	afterCallWork = "AFTERCALLWORK"
)

var states = []string{available, unavailable, afterCallWork}

// takes says whether a request may have an element.
func (m *message) takes(element string) bool {
	return slices.Contains(m.required, element) || slices.Contains(m.optional, element) || slices.Contains(everywhere, element)
}

func messageOf(name string) *message {
	i := slices.IndexFunc(messages, func(m message) bool { return m.name == name })
	if i < 0 {
		return nil
	}
	return &messages[i]
}

func elementOf(name string) *element {
	i := slices.IndexFunc(elements, func(e element) bool { return e.name == name })
	if i < 0 {
		return nil
	}
	return &elements[i]
}
