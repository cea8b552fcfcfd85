package session

import (
	"fmt"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// invariants hold after any sequence of events and requests.
var invariants = map[string]func(*world) error{
	"calls are legal":                   callsAreLegal,
	"the agent is legal":                agentIsLegal,
	"consults are legal":                consultsAreLegal,
	"the link is as it is":              linkIsTold,
	"capabilities are what is accepted": capabilitiesAreAccepted,
	"nothing is blocked":                nothingIsBlocked,
	"memory is bounded":                 memoryIsBounded,
}

func callsAreLegal(w *world) error {
	for id, c := range w.state.calls {
		_, isState := byState[c.State]
		_, buried := w.state.tombs[id]
		switch {
		case c.CallID != id || c.InteractionID == "" || c.CallType == "":
			return fmt.Errorf("call %s lacks something: %+v", id, c)
		case !isState:
			return fmt.Errorf("call %s is %s", id, c.State)
		case buried:
			return fmt.Errorf("call %s lives and has ended", id)
		case c.State == opencti.Established && c.AnsweredAt == nil:
			return fmt.Errorf("call %s talks and was never answered", id)
		case c.Since.Before(c.StartedAt) || c.StartedAt.IsZero():
			return fmt.Errorf("call %s has the times %v, %v", id, c.StartedAt, c.Since)
		case c.State == opencti.Offering && (c.OfferedBy == "" || !c.offered):
			return fmt.Errorf("call %s rings and nobody offered it", id)
		case c.State != opencti.Offering && c.answer != nil:
			return fmt.Errorf("call %s is %s and waits for an automatic answer", id, c.State)
		case c.OriginalCallType == opencti.Consult:
			return fmt.Errorf("call %s was a consult from the first", id)
		}
	}
	return nil
}

func consultsAreLegal(w *world) error {
	for id, c := range w.state.calls {
		first := c.consults
		switch {
		case first == nil:
		case first == c:
			return fmt.Errorf("call %s is a consult about itself", id)
		case w.state.calls[first.CallID] != first:
			return fmt.Errorf("call %s is a consult about %s, which is over", id, first.CallID)
		case c.InteractionID != first.InteractionID:
			return fmt.Errorf("call %s is of another interaction than the one that it is about", id)
		}
		if c.consulted && c.State != opencti.Held {
			return fmt.Errorf("call %s is %s and waits to be retrieved", id, c.State)
		}
	}
	return nil
}

func agentIsLegal(w *world) error {
	a := w.state.agent
	if kind, ok := opencti.TypeOf(a.State); !ok || kind != opencti.TypeAgentState || a.Since.IsZero() {
		return fmt.Errorf("%+v", a)
	}
	if a.State == opencti.LoggedOut && a.Queues != nil {
		return fmt.Errorf("logged out, and in queues %v", a.Queues)
	}
	return nil
}

func linkIsTold(w *world) error {
	if s := w.Snapshot(); w.connected == (s.Link == opencti.LinkLost) {
		return fmt.Errorf("the snapshot says %s", s.Link)
	}
	return nil
}

func nothingIsBlocked(w *world) error {
	if len(w.turn) > 0 {
		return fmt.Errorf("a request is under way for ever")
	}
	if w.state.asking != 0 {
		return fmt.Errorf("%d requests of the agent are under way", w.state.asking)
	}
	return nil
}

func memoryIsBounded(w *world) error {
	if n := len(w.underway); n > underwayBound {
		return fmt.Errorf("%d requests are remembered", n)
	}
	return nil
}

// capabilitiesAreAccepted: what a desktop may do by the Snapshot is what the gate lets
// pass, and nothing else.
func capabilitiesAreAccepted(w *world) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, spec := range opencti.Specs() {
		a := spec.Activity
		if !w.allowed.has(a) || spec.BySession() || a == opencti.GetStatistics {
			continue
		}
		if err := w.agrees(a); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) agrees(a opencti.Activity) error {
	r := opencti.Request{Activity: a, DestinationNumber: "1002", Digits: "1", Variables: map[string]string{"n": "v"}, ReasonCode: "1"}
	if _, ofPair := pairings[a]; !ofPair && (a == opencti.MakeCall || a == opencti.SetDoNotDisturb || isOfAgent(a)) {
		if a == opencti.SetAgentNotReady && w.state.agent.ReasonCode == "1" {
			r.WorkMode = opencti.AfterCallWorkMode
		}
		_, err := w.admit(r)
		if listed := w.possibleNow().has(a); listed != (err == nil) && (a != opencti.SetAgentNotReady || !listed) {
			return fmt.Errorf("%s is listed: %v; asked for: %v", a, listed, err)
		}
		return nil
	}
	for id, c := range w.state.calls {
		listed := w.capabilities(c).has(a)
		accepted, why := w.accepts(r, c)
		if listed != accepted {
			return fmt.Errorf("%s is listed at call %s, %s: %v; asked for: %v", a, id, c.State, listed, why)
		}
	}
	return nil
}

// accepts says whether there is a way to ask for it on the call.
func (w *world) accepts(r opencti.Request, c *call) (bool, error) {
	r.CallID = c.CallID
	if r.Activity == opencti.DropParty {
		for _, p := range c.Parties {
			if p.DN != dn {
				r.Party = p.ID
			}
		}
	}
	_, err := w.admit(r)
	if _, ofPair := pairings[r.Activity]; err == nil || !ofPair {
		return err == nil, err
	}
	for _, other := range w.state.calls {
		r.HeldCallID = other.CallID
		if _, err := w.admit(r); err == nil && other != c {
			return true, nil
		}
	}
	return false, err
}

func isOfAgent(a opencti.Activity) bool {
	return setOf(opencti.LoginAgent, opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady).has(a)
}
