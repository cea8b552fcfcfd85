package session

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// BeginSync holds events from now on, until EndSync brings the snapshot that they
// come after.
func (s *Session) BeginSync() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncing, s.held = true, nil
}

// EndSync puts the CTI server's truth in force: calls that are gone end with the
// cause LostInResync, the desktops get a Snapshot, then the events that came after it.
func (s *Session) EndSync(device opencti.Device, snap opencti.DeviceSnapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.device, s.syncing = device, false
	for _, c := range s.state.resync(snap, now) {
		if s.showsCall(c) {
			ended := clone(c)
			ended.Capabilities, ended.State, ended.Since = activities(0).list(), opencti.Released, now
			s.tell(&Event{Name: opencti.Released, Ended: true, Cause: "LostInResync", Call: ended}, now)
		}
	}
	if s.down {
		s.down = false
		s.tell(&Event{Name: opencti.LinkUp}, now)
	}
	var treated []*work
	for _, c := range s.state.ordered() {
		if w := s.treat(c); w != nil {
			treated = append(treated, w)
		}
	}
	s.tellSnapshot(s.causeOf(sighting{name: opencti.SnapshotEvent}).requestID(), now)
	for _, w := range treated {
		s.start(w)
	}
	s.remembered()
	held := s.held
	s.held = nil
	for _, raw := range held {
		if snap.Order == 0 || raw.Order > snap.Order {
			s.handle(raw)
		}
	}
}

// Lost says that the CTI server cannot be reached. The state stays as it was last
// known; requests are refused until the next EndSync.
func (s *Session) Lost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return
	}
	s.device, s.down, s.syncing, s.held = nil, true, true, nil
	s.forgetAll()
	s.tell(&Event{Name: opencti.LinkLost}, time.Now())
}
