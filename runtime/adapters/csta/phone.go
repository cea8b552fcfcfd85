package csta

import (
	"cmp"
	"maps"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// phone is what is known of an agent's telephone beyond what each message says. It makes the
// messages of its monitor into raw events.
type phone struct {
	roster

	// Under the roster's mutex.
	muted    bool
	promises []promise
	handed   handover
	agentIs  wire.AgentState // of the last event or answer; empty: not known

	// The agent's queues, where the switch tells; the reader's alone.
	queues []opencti.QueueState
}

// handover is the last transfer that was made here: what became of the call.
type handover struct {
	callID string
	data   map[string]string
}

func newPhone(dn string) *phone { return &phone{roster: newRoster(dn)} }

func (p *phone) forAgents() bool { return true }

// forget implements follower.
func (p *phone) forget() { p.keep(nil) }

// hear implements follower.
func (p *phone) hear(message wire.Message) hearing {
	switch e := message.(type) {
	case *wire.TransferedEvent:
		return p.transferred(e)
	case *wire.ConferencedEvent:
		return p.conferenced(e)
	case *wire.ServiceCompletionFailureEvent:
		return hearing{failed: p.broken(e)}
	case *wire.FailedEvent:
		if failed := p.refused(e); failed != nil {
			return hearing{failed: failed}
		}
	case *wire.MicrophoneMuteEvent:
		return hearing{events: p.microphone(e.Mute)}
	case *wire.DoNotDisturbEvent:
		f := fields{"doNotDisturb": e.On}
		return hearing{events: []opencti.RawEvent{{Name: "DoNotDisturb", DN: p.dn, Fields: f.device("device", e.Device)}}}
	}
	if agent, state := agentEvent(message); agent != nil {
		raw := p.agent(eventName(message), agent, state)
		return hearing{events: []opencti.RawEvent{raw}, failed: p.agentBecame(wire.AgentState(fields(raw.Fields).get("agentState")))}
	}
	f := callFields(message)
	if f == nil {
		return hearing{}
	}
	name := eventName(message)
	p.note(name, f)
	p.follow(message)
	p.settle(name, f.get("callID"))
	return hearing{events: []opencti.RawEvent{p.raw(name, f)}}
}

// raw completes an event of a call by those who are in it.
func (p *phone) raw(name string, f fields) opencti.RawEvent {
	callID := cmp.Or(f.get("newCallID"), f.get("callID"))
	if parties := p.of(callID); parties != nil {
		f["parties"] = parties
	}
	f["muted"] = p.isMuted(callID)
	return opencti.RawEvent{Name: name, DN: p.dn, Fields: f}
}

// isMuted: the microphone is off, and it is this call that would hear it.
func (p *phone) isMuted(callID string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[callID]
	return c != nil && p.muted && p.talks(c)
}

// talks says whether this device is connected in a call. p.mu is held.
func (p *phone) talks(c *record) bool {
	return slices.ContainsFunc(c.parties, func(q party) bool { return q.id == p.dn && q.state == opencti.Established })
}

// microphone tells of each call that the microphone's state concerns.
func (p *phone) microphone(muted bool) []opencti.RawEvent {
	p.mu.Lock()
	p.muted = muted
	var concerned []fields
	for _, id := range slices.Sorted(maps.Keys(p.calls)) {
		if c := p.calls[id]; p.talks(c) {
			f := fields{"callID": id}
			c.tell(f)
			concerned = append(concerned, f)
		}
	}
	p.mu.Unlock()
	var out []opencti.RawEvent
	for _, f := range concerned {
		out = append(out, p.raw("MicrophoneMute", f))
	}
	return out
}
