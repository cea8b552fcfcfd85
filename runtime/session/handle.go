package session

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// heldBound bounds the events that wait for a snapshot. A device does not see as
// many in the seconds that a snapshot takes.
const heldBound = 1024

// HandleEvent takes a raw event of this session's device or agent through the steps
// of the guide, "Handling events from the CTI server". Step 1,
// RetrieveDevicePresence, is the link's: it found this session. A failure in a step
// ends that event alone.
func (s *Session) HandleEvent(raw opencti.RawEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.syncing {
		s.handle(raw)
		return
	}
	if len(s.held) == heldBound {
		s.observer.EventDropped("Resync")
		return
	}
	s.held = append(s.held, raw)
}

func (s *Session) handle(raw opencti.RawEvent) {
	in := &rules.Input{Raw: raw, DN: s.dn, AgentID: s.agentID}
	in.Call = s.rules.CallID(in)
	if c, ok := s.state.calls[in.Call]; ok {
		in.State, in.CallType = c.State, c.CallType
	}
	name, ok := s.identifyEvent(in) // 2 IdentifyEvent, by SetEventType
	if !ok || s.filterEvent(in, name) {
		return
	}
	t, _ := opencti.TypeOf(name)
	d, err := s.rules.Populate(in, t, name) // 5 ConvertEvent, by PopulateEventData
	if err != nil {
		s.fail("ConvertEvent", in, err)
		return
	}
	changed := false
	switch t {
	case opencti.TypeCallState, opencti.TypeCallInfo, opencti.TypePartyInfo:
		changed = s.handleCall(name, d, raw.Received)
	case opencti.TypeAgentState:
		changed = s.handleAgent(name, d, raw)
	case opencti.TypeSnapshot:
		changed = s.handleDevice(d, raw.Received)
	}
	if !changed {
		s.observer.EventDropped("ConvertEvent")
	}
}

// identifyEvent is step 2.
func (s *Session) identifyEvent(in *rules.Input) (opencti.EventName, bool) {
	name, ok, err := s.rules.Identify(in)
	if err != nil {
		s.fail("IdentifyEvent", in, err)
		return "", false
	}
	if !ok {
		s.observer.EventDropped("IdentifyEvent")
	}
	return name, ok
}

// filterEvent is step 3 as far as it is the class's. What the telephony mode does not
// show is left out when the event has changed the state: the state, and so the next
// Snapshot, must follow also what this desktop does not see.
func (s *Session) filterEvent(in *rules.Input, name opencti.EventName) bool {
	drop, err := s.rules.Drops(in, name)
	if err != nil {
		s.fail("FilterEvent", in, err)
		return true
	}
	if drop {
		s.observer.EventDropped("FilterEvent")
	}
	return drop
}

// handleCall applies an event of a call to the state and tells it.
func (s *Session) handleCall(name opencti.EventName, d rules.Data, received time.Time) bool {
	ch := s.state.applyCall(name, d, time.Now())
	if ch == nil {
		// What changes nothing shows all the same that a request was done.
		s.causeOf(sighting{name: name, calls: []string{d.String("callId")}})
		return false
	}
	ev, c := ch.event, ch.call
	cause := s.causeOf(sighting{name: name, calls: append([]string{c.CallID}, ev.PreviousCallIDs...), ended: ev.Ended, begins: ch.began()})
	if ev.CausedBy = cause.requestID(); cause != nil {
		s.trace(ch, cause)
	}
	if len(ev.PreviousCallIDs) > 0 {
		s.renamed(ev.PreviousCallIDs, c.CallID)
	}
	s.state.guessConsult(c)
	var treated *work
	if c.State == opencti.Offering && ch.was == opencti.Offering && ev.Name == opencti.Offering {
		treated = s.treatAnew(c)
	} else {
		treated = s.treat(c)
	}
	s.announceCall(ch, received)
	if treated != nil { // 7 EventPostProcessing
		s.start(treated)
	}
	s.remembered()
	return true
}

// trace ties a call to the request that led to it.
func (s *Session) trace(ch *change, cause *underway) {
	c := ch.call
	switch cause.activity {
	case opencti.TransferInitiate, opencti.ConferenceInitiate:
		if first := s.state.calls[cause.about]; ch.began() && first != nil && first != c {
			c.link(first, cause.activity)
		}
	case opencti.ConferenceCall:
		// A switch may end the consult before it tells of the conference.
		if first := c.consults; ch.event.Ended && first != nil {
			first.bequeathed = c.Variables
		}
	}
}

// announceCall completes an event of a call and tells it, as far as the telephony mode
// shows it. What happens otherwise to an offer that the mode does show is CallInfo, or,
// where it is an offer no more, a Snapshot: simple desktops are right, too.
func (s *Session) announceCall(ch *change, received time.Time) {
	ev, c := ch.event, ch.call
	offered := !ev.Ended && c.State == opencti.Offering
	switch mode := s.policy.mode(); {
	case mode.Shows(ev.Name, ch.wasOffered() || offered):
	case ch.wasOffered() && offered:
		ev.Name = opencti.CallInfo
	case ch.wasOffered():
		s.tellSnapshot("", received)
		return
	default:
		s.observer.EventDropped("FilterEvent")
		return
	}
	ev.Call = clone(c)
	ev.Call.Capabilities = activities(0).list()
	if !ev.Ended {
		c.told = s.capabilities(c)
		ev.Call.Capabilities = c.told.list()
	}
	ev.Capabilities = s.capabilitiesOfOthers(c)
	s.send(ev, received)
}

// capabilitiesOfOthers lists what an event of one call changed for the others: a consult
// makes the call on hold transferable.
func (s *Session) capabilitiesOfOthers(of *call) map[string][]opencti.Activity {
	var out map[string][]opencti.Activity
	for id, c := range s.state.calls {
		if c == of || !s.showsCall(c) {
			continue
		}
		if now := s.capabilities(c); now != c.told {
			if out == nil {
				out = map[string][]opencti.Activity{}
			}
			c.told, out[id] = now, now.list()
		}
	}
	return out
}

// send is step 6, after step 4, FilterEventsOnDeviceCapabilities.
func (s *Session) send(ev *Event, received time.Time) {
	if s.hides(ev.Name) {
		s.observer.EventDropped("FilterEventsOnDeviceCapabilities")
		return
	}
	s.tell(ev, received)
}

// fail logs and counts an event that a step could not handle. The fields of the
// event may hold numbers and call data, so they stay out of the log.
func (s *Session) fail(step string, in *rules.Input, err error) {
	s.observer.EventDropped(step)
	s.log.Warn("Dropping an event", "step", step, "event", in.Raw.Name, "device", opencti.Mask(s.dn), "error", err)
}
