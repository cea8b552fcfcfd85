package behaviour

import (
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Handling is what a person does at a telephone; each action takes some of it.
type Handling struct {
	To     string `json:"to" doc:"whom to call; of pickup, where it rings"`
	CallID string `json:"callId" doc:"which of several calls; without it the newest that fits"`
	Digits string `json:"digits" doc:"keys"`
	On     *bool  `json:"on" doc:"of mute and dnd: on or off"`
	Agent  string `json:"agent" doc:"who logs on"`
	Reason string `json:"reason" doc:"of notready"`
	Queue  string `json:"queue" doc:"of the agent's state: only for this queue"`
}

func (r Handling) given() []string {
	var fields []string
	for field, given := range map[string]bool{
		"to": r.To != "", "callId": r.CallID != "", "digits": r.Digits != "", "on": r.On != nil,
		"agent": r.Agent != "", "reason": r.Reason != "", "queue": r.Queue != "",
	} {
		if given {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

// action is something that a person can do.
type action struct {
	needs string   // a field that must be given
	takes []string // fields that may be
	do    func(at switchmodel.Handset, r Handling) error
}

var actions = map[string]action{
	"offhook":    plain(switchmodel.Handset.OffHook),
	"hold":       plain(switchmodel.Handset.Hold),
	"transfer":   plain(switchmodel.Handset.Transfer),
	"conference": plain(switchmodel.Handset.Conference),
	"alternate":  plain(switchmodel.Handset.Alternate),
	"reconnect":  plain(switchmodel.Handset.Reconnect),
	"dial":       toward(switchmodel.Handset.Dial),
	"consult":    toward(switchmodel.Handset.Consult),
	"giveaway":   toward(switchmodel.Handset.GiveAway),
	"pickup":     toward(switchmodel.Handset.Pickup),
	"answer":     onCall(switchmodel.Handset.Answer),
	"hangup":     onCall(switchmodel.Handset.HangUp),
	"retrieve":   onCall(switchmodel.Handset.Retrieve),
	"mute":       onOff(switchmodel.Handset.Mute),
	"dnd":        onOff(switchmodel.Handset.DoNotDisturb),
	"digits": {needs: "digits", do: func(at switchmodel.Handset, r Handling) error {
		return at.Digits(r.Digits)
	}},
	"logon":    agentKeys(switchmodel.LoggedOn, "agent", "queue"),
	"logoff":   agentKeys(switchmodel.LoggedOff, "", "queue"),
	"ready":    agentKeys(switchmodel.Ready, "", "queue"),
	"notready": agentKeys(switchmodel.NotReady, "", "queue", "reason"),
	"work":     agentKeys(switchmodel.WorkingAfterCall, ""),
}

func plain(do func(switchmodel.Handset) error) action {
	return action{do: func(at switchmodel.Handset, _ Handling) error { return do(at) }}
}

func toward(do func(switchmodel.Handset, string) error) action {
	return action{needs: "to", do: func(at switchmodel.Handset, r Handling) error { return do(at, r.To) }}
}

func onCall(do func(switchmodel.Handset, switchmodel.CallID) error) action {
	return action{takes: []string{"callId"}, do: func(at switchmodel.Handset, r Handling) error {
		return do(at, switchmodel.CallID(r.CallID))
	}}
}

func onOff(do func(switchmodel.Handset, bool)) action {
	return action{needs: "on", do: func(at switchmodel.Handset, r Handling) error {
		do(at, *r.On)
		return nil
	}}
}

func agentKeys(state switchmodel.AgentState, needs string, takes ...string) action {
	return action{needs: needs, takes: takes, do: func(at switchmodel.Handset, r Handling) error {
		return at.Set(switchmodel.AgentRequest{Agent: switchmodel.AgentID(r.Agent), Queue: r.Queue, State: state, Reason: r.Reason})
	}}
}

func (a action) check(name string, r Handling) error {
	given := r.given()
	if a.needs != "" && !slices.Contains(given, a.needs) {
		return wrong(a.needs, "%s needs it", name)
	}
	for _, field := range given {
		if field != a.needs && !slices.Contains(a.takes, field) {
			return wrong(field, "%s does not take it", name)
		}
	}
	return nil
}

// HasAction says whether a person can do that.
func HasAction(name string) bool { return actions[name].do != nil }

// Actions lists what a person can do.
func Actions() string { return strings.Join(slices.Sorted(maps.Keys(actions)), ", ") }

// Handle does an action, which there must be, at a telephone. needed is the field
// that the action cannot do without, and so the one to blame. Errors:
// *ParameterError, *switchmodel.Error.
func Handle(at switchmodel.Handset, name string, r Handling) (needed string, err error) {
	a := actions[name]
	if err := a.check(name, r); err != nil {
		return a.needs, err
	}
	return a.needs, a.do(at, r)
}

type atHandset struct {
	somewhere
	Action string `json:"action" need:"yes" doc:"an action of /v1/phones"`
	Handling
}

func handsetBehaviours() []Behaviour {
	return []Behaviour{
		scenario(3, "handset", "A person does something at a telephone, as by POST /v1/phones/{dn}/{action}.", func(s Stage, p atHandset) (any, error) {
			h, err := s.handset(p.DN)
			switch {
			case err != nil:
				return nil, err
			case !HasAction(p.Action):
				return nil, wrong("action", "must be one of %s", Actions())
			}
			if _, err := Handle(h, p.Action, p.Handling); err != nil {
				return nil, err
			}
			return s.phone(p.DN)
		}),
	}
}
