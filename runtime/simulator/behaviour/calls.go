package behaviour

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type (
	whoseLinkage struct {
		Side string `json:"side" need:"yes" oneof:"first consult" doc:"whose global id survives"`
		until
	}
	transferTo struct {
		somewhere
		To string `json:"to" need:"yes" doc:"who is called: a telephone, an agent, outside"`
	}
	transferIntoQueue struct {
		somewhere
		Queue string `json:"queue" need:"yes" doc:"number or name"`
		Blind bool   `json:"blind" doc:"in a single step, without a consult"`
	}
	leaver struct {
		somewhere
		Party string `json:"party" doc:"who leaves; without it who is from outside"`
	}
	unanswered struct {
		anywhere
		Delay  float64 `json:"delay" min:"0" max:"600" doc:"seconds that it rings"`
		Reason string  `json:"reason" default:"no-answer" doc:"the agent's reason"`
		times
	}
	collision struct {
		somewhere
		Request string `json:"request" need:"yes" oneof:"MakeCall AnswerCall" doc:"the application's next one"`
		First   string `json:"first" default:"switch" oneof:"switch application" doc:"who is first"`
		until
	}
)

func callBehaviours() []Behaviour {
	return []Behaviour{
		fault(1, "survivingLinkage", "Says whose global id a call keeps that is made of two, by transfer or conference: the first call's or the consult's.", survivingLinkage),
		fault(2, "reuseCallIds", "The next calls get the callIDs of the calls that ended last.", func(s Stage, p times) (effect, error) {
			return s.quirk(switchmodel.ReusesCallIDs, switchmodel.Oddity{Times: p.Count})
		}),
		scenario(4, "transferWhileRinging", "Who talks at the telephone consults somebody and transfers while it still rings there.", func(s Stage, p transferTo) (any, error) {
			return s.transfer(p.DN, p.To, false)
		}),
		scenario(4, "transferToQueue", "Who talks at the telephone transfers to a queue, where the call waits or rings.", transferToQueue),
		scenario(5, "partyLeaves", "A party hangs up: out of a conference, or the customer during a consult. Of the calls at the telephone, also the held ones.", partyLeaves),
		fault(6, "ringNoAnswer", "A call of a queue that rings now, or the next one, is not answered: it goes back to its queue, and the switch makes the agent not ready with a reason of its own.", func(s Stage, p unanswered) (effect, error) {
			return s.quirk(switchmodel.RingsUnanswered, switchmodel.Oddity{
				Device: switchmodel.DeviceID(p.DN), Times: p.Count, Delay: seconds(p.Delay), Reason: p.Reason,
			})
		}),
		fault(7, "glare", "Two at once. MakeCall: a call arrives in the same moment as the application dials. AnswerCall: the caller gives up in the same moment as the application answers. Who is first has it.", glare),
	}
}

func survivingLinkage(s Stage, p whoseLinkage) (effect, error) {
	before := s.Model.KeepLinkage(switchmodel.Side(p.Side))
	return effect{end: func() { s.Model.KeepLinkage(before) }}, nil
}

func transferToQueue(s Stage, p transferIntoQueue) (any, error) {
	for _, q := range s.Model.Queues() {
		if string(q.ID) == p.Queue || q.Name == p.Queue {
			return s.transfer(p.DN, string(q.ID), p.Blind)
		}
	}
	return nil, wrong("queue", "there is no queue %q", p.Queue)
}

func (s Stage) transfer(dn, to string, blind bool) (any, error) {
	h, err := s.handset(dn)
	if err != nil {
		return nil, err
	}
	do := h.TransferWhileRinging
	if blind {
		do = h.GiveAway
	}
	if err := do(to); err != nil {
		return nil, err
	}
	return s.phone(dn)
}

func partyLeaves(s Stage, p leaver) (any, error) {
	if _, err := s.handset(p.DN); err != nil {
		return nil, err
	}
	return s.Model.Leave(switchmodel.DeviceID(p.DN), switchmodel.DeviceID(p.Party))
}

// stranger calls whoever is about to dial.
const stranger = "+493012345678"

func glare(s Stage, p collision) (effect, error) {
	if _, err := s.handset(p.DN); err != nil {
		return effect{}, err
	}
	once := ofRequests{Request: p.Request, anywhere: anywhere{p.DN}, times: times{Count: 1}}
	return s.hook(once, func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
		if p.First == "application" {
			defer s.collide(t.Request)
		} else {
			s.collide(t.Request)
		}
		return usual()
	})
}

// collide does what is not asked for at the same time. When it cannot happen, for
// the caller is gone already, it does not.
func (s Stage) collide(request wire.Message) {
	switch r := request.(type) {
	case *wire.MakeCall:
		_, _ = s.Model.Inbound(switchmodel.InboundCall{From: stranger, To: r.CallingDevice.Number})
	case *wire.AnswerCall:
		_ = s.Model.HangUp(switchmodel.CallID(r.Call.CallID))
	}
}
