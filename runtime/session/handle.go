package session

import (
	"slices"
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
		in.State = c.State
	}
	name, ok := s.identifyEvent(in) // 2 IdentifyEvent, by SetEventType
	if !ok || s.filterEvent(in, name) {
		return
	}
	ev := s.convertEvent(in, name) // 5 ConvertEvent, by PopulateEventData
	if ev == nil {
		return
	}
	if !s.filterOnDeviceCapabilities(name) {
		s.send(ev, raw.Received)
	}
	s.postProcess(ev, raw.Received)
}

// identifyEvent is step 2.
func (s *Session) identifyEvent(in *rules.Input) (opencti.EventName, bool) {
	name, ok, err := s.rules.Identify(in)
	if err != nil {
		s.drop("IdentifyEvent", in, err)
		return "", false
	}
	if !ok {
		s.observer.EventDropped("IdentifyEvent")
	}
	return name, ok
}

// filterEvent is step 3. Sessions have the Full telephony mode, which lets every
// event pass; what remains is the class's own filter.
func (s *Session) filterEvent(in *rules.Input, name opencti.EventName) bool {
	drop, err := s.rules.Drops(in, name)
	if err != nil {
		s.drop("FilterEvent", in, err)
		return true
	}
	if drop {
		s.observer.EventDropped("FilterEvent")
	}
	return drop
}

// filterOnDeviceCapabilities is step 4. It comes after the conversion: the state,
// and so the next Snapshot, must follow also what this desktop cannot show.
func (s *Session) filterOnDeviceCapabilities(name opencti.EventName) bool {
	t, _ := opencti.TypeOf(name)
	if !slices.Contains(s.hidden, t) {
		return false
	}
	s.observer.EventDropped("FilterEventsOnDeviceCapabilities")
	return true
}

// convertEvent is step 5, and applies the event to the state. It returns nil for an
// event that changes nothing.
func (s *Session) convertEvent(in *rules.Input, name opencti.EventName) *Event {
	t, _ := opencti.TypeOf(name)
	d, err := s.rules.Populate(in, t, name)
	if err != nil {
		s.drop("ConvertEvent", in, err)
		return nil
	}
	var ev *Event
	switch who := d.String("agentId"); {
	case t != opencti.TypeAgentState:
		ev = s.state.applyCall(name, d, time.Now())
	case who == "" || who == s.agentID: // a shared desk tells of its other agents, too
		ev = s.state.applyAgent(name, d, time.Now())
	}
	if ev == nil {
		s.observer.EventDropped("ConvertEvent")
		return nil
	}
	if ev.Call != nil {
		ev.Call.Capabilities = []opencti.Activity{}
		if !ev.Ended {
			ev.Call.Capabilities = capabilities(ev.Call, s.class.Supported)
		}
	}
	ev.CausedBy = s.causeOf(ev)
	return ev
}

// send is step 6.
func (s *Session) send(ev *Event, received time.Time) { s.tell(ev, received) }

// postProcess is step 7: after login and logout everything that was known may have
// changed, so the desktop gets it whole.
func (s *Session) postProcess(ev *Event, received time.Time) {
	if ev.Name == opencti.LoggedIn || ev.Name == opencti.LoggedOut {
		s.tellSnapshot(received)
	}
}

// drop logs and counts an event that a step could not handle. The fields of the
// event may hold numbers and call data, so they stay out of the log.
func (s *Session) drop(step string, in *rules.Input, err error) {
	s.observer.EventDropped(step)
	s.log.Warn("Dropping an event", "step", step, "event", in.Raw.Name, "device", opencti.Mask(s.dn), "error", err)
}
