package mirror_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Whatever Asterisk says, and in whatever order: each call begins once, ends once, and
// changes tell what a look at the calls shows.
func TestAnySequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFuzzFloor(t)
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			f.step(t)
		}
		f.compare(t)
	})
}

type seen struct {
	State opencti.EventName
	Muted bool
}

type fuzzFloor struct {
	m     *mirror.Mirror
	now   time.Time
	names []string
	uids  map[string]string
	calls map[string]map[string]seen // by number, then id
	over  map[string]bool
	count int
}

func newFuzzFloor(t *rapid.T) *fuzzFloor {
	return &fuzzFloor{now: time.Unix(1795190000, 0), uids: map[string]string{}, calls: map[string]map[string]seen{}, over: map[string]bool{},
		names: []string{"PJSIP/1001-1", "PJSIP/1001-2", "PJSIP/1002-1", "PJSIP/trunk-1", "Local/x@y-1;1", "Local/x@y-1;2", "CBAnn/8-1;2"},
		m: mirror.New(mirror.Naming{Endpoint: "PJSIP/{dn}", Member: "PJSIP/{dn}", Trunks: []string{"PJSIP/trunk*"},
			HoldContext: "ctilink", HoldExtension: "hold", ConsultContext: "ctilink-consult", Data: []string{"CASE"}})}
}

var fuzzEvents = []string{"Newchannel", "Newstate", "NewCallerid", "VarSet", "Hangup", "HangupRequest", "SoftHangupRequest", "Hold", "Unhold",
	"MusicOnHoldStart", "DialBegin", "DialState", "DialEnd", "BridgeEnter", "BridgeLeave", "BridgeDestroy", "BlindTransfer", "AttendedTransfer",
	"AgentCalled", "QueueCallerJoin", "QueueCallerLeave", "Rename"}

func (f *fuzzFloor) channel(t *rapid.T, prefix, label string) ami.Message {
	name := rapid.SampledFrom(f.names).Draw(t, label)
	uid := f.uids[name]
	if uid == "" {
		f.count++
		uid = fmt.Sprintf("u%d", f.count)
		f.uids[name] = uid
	}
	return ami.Message{{Key: prefix + "Channel", Value: name}, {Key: prefix + "Uniqueid", Value: uid}, {Key: prefix + "Linkedid", Value: "u1"},
		{Key: prefix + "ChannelState", Value: rapid.SampledFrom([]string{"0", "4", "5", "6"}).Draw(t, label+" state")},
		{Key: prefix + "Context", Value: rapid.SampledFrom([]string{"in", "ctilink", "ctilink-consult", "ctilink-room"}).Draw(t, label+" context")},
		{Key: prefix + "Exten", Value: rapid.SampledFrom([]string{"hold", "wait", "1002", "8"}).Draw(t, label+" exten")}}
}

func (f *fuzzFloor) step(t *rapid.T) {
	event := rapid.SampledFrom(fuzzEvents).Draw(t, "event")
	m := append(ami.Message{{Key: "Event", Value: event}}, f.channel(t, "", "channel")...)
	for _, prefix := range []string{"Dest", "Transferer", "Transferee", "OrigTransferer", "SecondTransferer"} {
		m = append(m, f.channel(t, prefix, prefix)...)
	}
	conference := rapid.Bool().Draw(t, "conference")
	creator, id := "<unknown>", rapid.SampledFrom([]string{"b1", "b2"}).Draw(t, "bridge")
	if conference {
		creator, id = "ConfBridge", "room"
	}
	m = append(m, ami.Header{Key: "BridgeUniqueid", Value: id}, ami.Header{Key: "BridgeCreator", Value: creator},
		ami.Header{Key: "BridgeTechnology", Value: rapid.SampledFrom([]string{"simple_bridge", "holding_bridge"}).Draw(t, "technology")},
		ami.Header{Key: "DialStatus", Value: rapid.SampledFrom([]string{"RINGING", "ANSWER", "BUSY", "CANCEL", "PROGRESS"}).Draw(t, "status")},
		ami.Header{Key: "Queue", Value: "support"}, ami.Header{Key: "Result", Value: "Success"}, ami.Header{Key: "Cause", Value: "17"},
		ami.Header{Key: "Newname", Value: rapid.SampledFrom(f.names).Draw(t, "newname")}, f.variable(t), ami.Header{Key: "Value", Value: rapid.SampledFrom([]string{"1", "", "u1|u1|u1/2", "u2|u2/2|u2/3"}).Draw(t, "value")})
	f.now = f.now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
	f.take(t, f.m.Tick(f.now))
	f.take(t, f.m.Apply(m, f.now))
	if event == "Hangup" {
		delete(f.uids, m.Get("Channel")) // the next channel of this name is another
	}
}

func (f *fuzzFloor) variable(t *rapid.T) ami.Header {
	return ami.Header{Key: "Variable", Value: rapid.SampledFrom([]string{"CASE", mirror.HeldVariable, mirror.AwayVariable, mirror.MutedVariable}).Draw(t, "variable")}
}

func (f *fuzzFloor) take(t *rapid.T, changes []mirror.Change) {
	for _, c := range changes {
		if c.Call.ID == "" {
			continue
		}
		if f.over[c.Call.ID] {
			t.Fatalf("%s of call %s, which is over", c.Name, c.Call.ID)
		}
		if f.calls[c.DN] == nil {
			f.calls[c.DN] = map[string]seen{}
		}
		if _, known := f.calls[c.DN][c.Call.ID]; !known && c.Ended {
			t.Fatalf("%s ends call %s, which never began", c.Name, c.Call.ID)
		}
		if c.Ended {
			f.over[c.Call.ID] = true
			delete(f.calls[c.DN], c.Call.ID)
			continue
		}
		f.calls[c.DN][c.Call.ID] = seen{c.Call.State, c.Call.Muted}
	}
}

func (f *fuzzFloor) compare(t *rapid.T) {
	for _, dn := range []string{"1001", "1002"} {
		looked := map[string]seen{}
		for _, c := range f.m.Calls(dn) {
			looked[c.ID] = seen{c.State, c.Muted}
		}
		told := f.calls[dn]
		if told == nil {
			told = map[string]seen{}
		}
		if diff := cmp.Diff(looked, told); diff != "" {
			t.Fatalf("%s (-looked +told):\n%s", dn, diff)
		}
	}
}
