package mirror_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// floor is a mirror with a clock of its own, and channels by short names.
type floor struct {
	t        *testing.T
	m        *mirror.Mirror
	now      time.Time
	channels map[string]*leg
	told     []string
}

// leg is a channel as messages describe it.
type leg struct{ name, uid, linked, number, context, extension string }

func newFloor(t *testing.T) *floor {
	return &floor{t: t, now: time.Unix(1795190000, 0), channels: map[string]*leg{
		"customer": {"PJSIP/trunk-1", "c", "c", "+4930123", "from-trunk", "8001"},
		"alice":    {"PJSIP/1001-1", "a", "c", "1001", "from-internal", "8001"},
		"alice2":   {"PJSIP/1001-2", "a2", "a2", "1001", "from-internal", "1002"},
		"bob":      {"PJSIP/1002-1", "b", "c", "1002", "from-internal", "8001"},
		"local1":   {"Local/1001@from-queue-1;1", "l1", "c", "1001", "from-queue", "1001"},
		"local2":   {"Local/1001@from-queue-1;2", "l2", "c", "", "from-queue", "1001"},
	}, m: mirror.New(mirror.Naming{Endpoint: "PJSIP/{dn}", Member: "PJSIP/{dn}", Trunks: []string{"PJSIP/trunk*"},
		HoldContext: "ctilink", HoldExtension: "hold", ConsultContext: "ctilink-consult", Data: []string{"CASE"}})}
}

// headers describes a channel in a state.
func (f *floor) headers(prefix, who string, state int) ami.Message {
	c := f.channels[who]
	if c == nil {
		return nil
	}
	return ami.Message{{Key: prefix + "Channel", Value: c.name}, {Key: prefix + "ChannelState", Value: fmt.Sprint(state)},
		{Key: prefix + "CallerIDNum", Value: c.number}, {Key: prefix + "Context", Value: c.context}, {Key: prefix + "Exten", Value: c.extension},
		{Key: prefix + "Uniqueid", Value: c.uid}, {Key: prefix + "Linkedid", Value: c.linked}}
}

// says applies an event of a channel; more are further headers, key and value.
func (f *floor) says(event, who string, state int, more ...string) *floor {
	f.t.Helper()
	return f.apply(event, f.headers("", who, state), more...)
}

// dials applies an event of a dial.
func (f *floor) dials(event, from, to string, toState int, more ...string) *floor {
	f.t.Helper()
	return f.apply(event, append(f.headers("", from, 6), f.headers("Dest", to, toState)...), more...)
}

func (f *floor) apply(event string, m ami.Message, more ...string) *floor {
	f.t.Helper()
	m = append(ami.Message{{Key: "Event", Value: event}}, m...)
	for i := 0; i < len(more); i += 2 {
		m = append(m, ami.Header{Key: more[i], Value: more[i+1]})
	}
	f.now = f.now.Add(time.Millisecond)
	f.note(f.m.Apply(m, f.now))
	return f
}

// later lets time pass.
func (f *floor) later(d time.Duration) *floor {
	f.now = f.now.Add(d)
	f.note(f.m.Tick(f.now))
	return f
}

func (f *floor) note(changes []mirror.Change) {
	for _, c := range changes {
		line := c.DN + " " + c.Name
		switch {
		case c.Agent.State != "":
			line += " " + string(c.Agent.State)
			if c.Agent.Pending != "" {
				line += " then " + string(c.Agent.Pending)
			}
		case c.Ended:
			line += " " + c.Why
		}
		f.told = append(f.told, line)
	}
}

// place sends a channel somewhere in the dialplan.
func (f *floor) place(who, context, extension string) *floor {
	f.channels[who].context, f.channels[who].extension = context, extension
	return f
}

func (f *floor) enters(bridge string, who ...string) *floor {
	f.t.Helper()
	for _, w := range who {
		f.says("BridgeEnter", w, 6, "BridgeUniqueid", bridge, "BridgeTechnology", "simple_bridge", "BridgeCreator", "<unknown>")
	}
	return f
}

func (f *floor) leaves(bridge string, who ...string) *floor {
	f.t.Helper()
	for _, w := range who {
		f.says("BridgeLeave", w, 6, "BridgeUniqueid", bridge)
	}
	return f
}

// queueCall rings at alice.
func (f *floor) queueCall() *floor {
	f.t.Helper()
	return f.says("Newchannel", "customer", 4).says("Newstate", "customer", 6).says("QueueCallerJoin", "customer", 6, "Queue", "support").
		says("Newchannel", "alice", 0).dials("AgentCalled", "customer", "alice", 0, "Queue", "support").dials("DialBegin", "customer", "alice", 0).
		says("Newstate", "alice", 5)
}

// talking connects it.
func (f *floor) talking() *floor {
	f.t.Helper()
	return f.queueCall().says("Newstate", "alice", 6).dials("DialEnd", "customer", "alice", 6, "DialStatus", "ANSWER").
		says("QueueCallerLeave", "customer", 6, "Queue", "support").enters("1", "alice", "customer")
}

// want compares what was told since the last time.
func (f *floor) want(lines ...string) *floor {
	f.t.Helper()
	if diff := cmp.Diff(lines, f.told); diff != "" {
		f.t.Errorf("(-want +got):\n%s", diff)
	}
	f.told = nil
	return f
}

func (f *floor) only(dn string) mirror.Call {
	f.t.Helper()
	calls := f.m.Calls(dn)
	if len(calls) != 1 {
		f.t.Fatalf("%s has %d calls, want one", dn, len(calls))
	}
	return calls[0]
}

func TestQueueCall(t *testing.T) {
	f := newFloor(t).talking().want("1001 Ringing", "1001 Talking")
	c := f.only("1001")
	if c.OfferedBy != opencti.ByQueue || c.Queue != "support" || c.ANI != "+4930123" || c.DNIS != "8001" || !c.CallerExternal || c.Linked != "c" {
		t.Errorf("call is %+v", c)
	}
	f.leaves("1", "alice", "customer").says("Hangup", "alice", 6).says("Hangup", "customer", 6).want("1001 Hangup normal")
}

// Near-simultaneous events change places.
func TestOrderDoesNotMatter(t *testing.T) {
	start := func(t *testing.T) *floor {
		return newFloor(t).says("Newchannel", "customer", 4).says("QueueCallerJoin", "customer", 6, "Queue", "support").says("Newchannel", "alice", 0)
	}
	steps := map[string]func(*floor){
		"dial":  func(f *floor) { f.dials("DialBegin", "customer", "alice", 0) },
		"queue": func(f *floor) { f.dials("AgentCalled", "customer", "alice", 0, "Queue", "support") },
		"rings": func(f *floor) { f.says("Newstate", "alice", 5) },
		"state": func(f *floor) { f.dials("DialState", "customer", "alice", 5, "DialStatus", "RINGING") },
	}
	for _, order := range []string{"queue dial rings state", "rings queue dial state", "queue rings state dial", "state queue dial rings"} {
		t.Run(order, func(t *testing.T) {
			f := start(t)
			for step := range strings.FieldsSeq(order) {
				steps[step](f)
			}
			if f.want("1001 Ringing"); f.only("1001").Queue != "support" {
				t.Errorf("call is %+v", f.only("1001"))
			}
		})
	}
	f := newFloor(t).queueCall().says("Newstate", "alice", 6).enters("1", "customer", "alice")
	f.dials("DialEnd", "customer", "alice", 6, "DialStatus", "ANSWER").want("1001 Ringing", "1001 Talking")
}

// The end of the dial of a call that was given up is told twice.
func TestAbandonedCallEndsOnce(t *testing.T) {
	newFloor(t).queueCall().says("HangupRequest", "customer", 6).dials("DialEnd", "customer", "alice", 5, "DialStatus", "CANCEL").
		dials("DialEnd", "customer", "alice", 5, "DialStatus", "CANCEL").says("QueueCallerAbandon", "customer", 6).
		says("Hangup", "alice", 5, "Cause", "0").says("QueueCallerLeave", "customer", 6).says("Hangup", "customer", 6).
		want("1001 Ringing", "1001 Hangup abandoned")
}

// Who refuses gets the same call again after a second: another channel, another call.
func TestRefusedCallComesAgain(t *testing.T) {
	f := newFloor(t).queueCall().says("HangupRequest", "alice", 5, "Cause", "17", "TechCause", "486").
		dials("DialEnd", "customer", "alice", 5, "DialStatus", "NOANSWER").says("Hangup", "alice", 5, "Cause", "17").
		want("1001 Ringing", "1001 Hangup declined")
	f.channels["alice"].uid, f.channels["alice"].name = "a3", "PJSIP/1001-3"
	f.says("Newchannel", "alice", 0).dials("AgentCalled", "customer", "alice", 0, "Queue", "support").dials("DialBegin", "customer", "alice", 0).
		says("Newstate", "alice", 5).want("1001 Ringing")
	if c := f.only("1001"); c.ID != "a3" || c.Linked != "c" {
		t.Errorf("call is %+v, want another of the same interaction", c)
	}
}

func TestNobodyAnswers(t *testing.T) {
	newFloor(t).queueCall().dials("AgentRingNoAnswer", "customer", "alice", 5, "Queue", "support").
		dials("DialEnd", "customer", "alice", 5, "DialStatus", "NOANSWER").dials("DialEnd", "customer", "alice", 5, "DialStatus", "CANCEL").
		says("Hangup", "alice", 5).want("1001 Ringing", "1001 Hangup noAnswer")
}

func TestColleagueIsFaster(t *testing.T) {
	steps := map[string]func(*floor){
		"up":       func(f *floor) { f.says("Newstate", "bob", 6) },
		"answered": func(f *floor) { f.dials("DialEnd", "carol", "bob", 6, "DialStatus", "ANSWER") },
		"cancel":   func(f *floor) { f.dials("DialEnd", "carol", "alice", 5, "DialStatus", "CANCEL") },
		"over":     func(f *floor) { f.says("Hangup", "alice", 5, "Cause", "16") },
		"taken":    func(f *floor) { f.says("Hangup", "alice", 5, "Cause", "26") },
	}
	for _, order := range []string{"up answered cancel over", "up cancel over answered", "cancel taken up answered"} {
		t.Run(order, func(t *testing.T) {
			f := newFloor(t)
			f.channels["carol"] = &leg{"PJSIP/1003-1", "d", "d", "1003", "from-internal", "1900"}
			f.says("Newchannel", "carol", 4).says("Newstate", "carol", 6)
			for _, who := range []string{"alice", "bob"} {
				f.says("Newchannel", who, 0).dials("DialBegin", "carol", who, 0).says("Newstate", who, 5)
			}
			f.want("1003 Dialing", "1003 FarRinging", "1001 Ringing", "1003 Parties", "1002 Ringing")
			for step := range strings.FieldsSeq(order) {
				steps[step](f)
			}
			f.enters("1", "bob", "carol").want("1003 Parties", "1001 Hangup answeredElsewhere", "1003 Talking", "1002 Talking")
		})
	}
}

// A leg that is always connected rings when all is told of the call, in whatever order.
func TestAlwaysConnectedLeg(t *testing.T) {
	steps := map[string]func(*floor){
		"queue": func(f *floor) {
			f.dials("AgentCalled", "customer", "local1", 0, "Queue", "support", "Interface", "Local/1001@agent-request/n")
		},
		"dial":  func(f *floor) { f.dials("DialBegin", "customer", "local1", 0) },
		"rings": func(f *floor) { f.says("Newstate", "local1", 5) },
	}
	for _, order := range []string{"queue dial rings", "rings queue dial", "queue rings dial", "dial rings queue", "rings dial queue"} {
		t.Run(order, func(t *testing.T) {
			f := newFloor(t)
			f.m = mirror.New(mirror.Naming{Endpoint: "PJSIP/{dn}", Member: "Local/{dn}@agent-request/n", Trunks: []string{"PJSIP/trunk*"}})
			f.says("Newchannel", "alice", 6).says("AgentLogin", "alice", 6).
				says("BridgeEnter", "alice", 6, "BridgeUniqueid", "music", "BridgeTechnology", "holding_bridge")
			f.told = nil
			f.says("Newchannel", "customer", 4).says("QueueCallerJoin", "customer", 4, "Queue", "support").says("Newchannel", "local1", 0).says("Newchannel", "local2", 4)
			for step := range strings.FieldsSeq(order) {
				steps[step](f)
			}
			if c := f.want("1001 Ringing").only("1001"); c.ANI != "+4930123" || c.DNIS != "8001" || c.Queue != "support" || !c.CallerExternal {
				t.Errorf("call is %+v", c)
			}
		})
	}
}

// A queue whose members are Local channels, as FreePBX has them.
func TestLocalMembers(t *testing.T) {
	f := newFloor(t).says("Newchannel", "customer", 4).says("QueueCallerJoin", "customer", 6, "Queue", "support").
		says("Newchannel", "local1", 0).says("Newchannel", "local2", 4).dials("AgentCalled", "customer", "local1", 0, "Queue", "support").
		dials("DialBegin", "customer", "local1", 0).says("Newchannel", "alice", 0).dials("DialBegin", "local2", "alice", 0).
		says("Newstate", "alice", 5).says("Newstate", "local1", 5)
	c := f.want("1001 Ringing").only("1001")
	if c.Queue != "support" || c.ANI != "+4930123" || c.OfferedBy != opencti.ByQueue || !c.CallerExternal {
		t.Errorf("call is %+v", c)
	}
	f.says("Newstate", "alice", 6).dials("DialEnd", "local2", "alice", 6, "DialStatus", "ANSWER").enters("2", "alice", "local2").
		dials("DialEnd", "customer", "local1", 6, "DialStatus", "ANSWER").enters("1", "local1", "customer").want("1001 Talking")
	// Asterisk takes the Local channel out of the middle.
	f.leaves("2", "alice").enters("1", "alice").leaves("1", "local1").says("Hangup", "local1", 6).says("Hangup", "local2", 6).want()
	if got := f.only("1001").Parties; len(got) != 2 || got[1].DN != "+4930123" {
		t.Errorf("parties are %+v", got)
	}
}

// A queue gives up ringing a member that is a Local channel, whose halves end before the
// telephone's channel does: the caller is still there.
func TestLocalMemberRingsTooLong(t *testing.T) {
	for caller, want := range map[string]string{"customer": mirror.NoAnswer, "bob": mirror.NoAnswer} {
		t.Run(caller, func(t *testing.T) {
			f := newFloor(t).says("Newchannel", caller, 4).says("QueueCallerJoin", caller, 6, "Queue", "support").
				says("Newchannel", "local1", 0).says("Newchannel", "local2", 4).dials("AgentCalled", caller, "local1", 0, "Queue", "support").
				dials("DialBegin", caller, "local1", 0).says("Newchannel", "alice", 0).dials("DialBegin", "local2", "alice", 0).says("Newstate", "alice", 5)
			f.told = nil
			f.dials("DialEnd", caller, "local1", 5, "DialStatus", "NOANSWER").says("Hangup", "local1", 5).
				dials("DialEnd", "local2", "alice", 5, "DialStatus", "CANCEL").says("Hangup", "local2", 4).says("Hangup", "alice", 5)
			if got := f.told[len(f.told)-1]; !strings.Contains(got, want) {
				t.Errorf("told is %q, want one of %s", f.told, want)
			}
		})
	}
}

// A consult at the switch: the customer waits in the dialplan.
func (f *floor) consulting() *floor {
	f.t.Helper()
	f.talking().want("1001 Ringing", "1001 Talking")
	f.place("customer", "ctilink", "hold").place("alice", "ctilink-consult", "1002").leaves("1", "customer", "alice").
		says("MusicOnHoldStart", "customer", 6).says("Newchannel", "bob", 0).dials("DialBegin", "alice", "bob", 0).says("Newstate", "bob", 5)
	return f.want("1001 Hold", "1001 Dialing", "1001 FarRinging", "1002 Ringing")
}

func TestConsult(t *testing.T) {
	f := newFloor(t).consulting()
	calls := f.m.Calls("1001")
	if len(calls) != 2 || calls[0].ID != "a" || calls[1].ID != "a/2" || !calls[1].Consult || calls[1].DNIS != "1002" || calls[1].Original != opencti.Inbound {
		t.Errorf("calls are %+v", calls)
	}
	if c := f.only("1002"); c.OfferedBy != opencti.ByConsult || c.Original != opencti.Inbound || c.ANI != "1001" || c.Linked != "c" {
		t.Errorf("the consulted call is %+v", c)
	}
	f.says("Newstate", "bob", 6).dials("DialEnd", "alice", "bob", 6, "DialStatus", "ANSWER").enters("2", "bob", "alice").want("1001 Talking", "1002 Talking")
	f.enters("3", "customer").leaves("2", "bob").enters("3", "bob").want("1001 Transfer transferred", "1001 Transfer transferred", "1002 Transfer")
	f.leaves("2", "alice").says("Hangup", "alice", 6).want()
	if c := f.only("1002"); c.ANI != "+4930123" || c.Original != opencti.Inbound {
		t.Errorf("the transferred call is %+v", c)
	}
}

// Between two parties, again and again, and whichever channel leaves first: from the second time on
// the places in the dialplan stay the same.
func TestAlternate(t *testing.T) {
	for _, order := range [][]string{{"alice", "bob", "customer"}, {"bob", "customer", "alice"}} {
		t.Run(order[0]+" first", func(t *testing.T) {
			f := newFloor(t).consulting().says("Newstate", "bob", 6).enters("0", "bob", "alice").want("1001 Talking", "1002 Talking")
			parties := []struct{ who, call string }{{"bob", "a/2"}, {"customer", "a"}}
			for n := range 5 {
				talking, waiting := parties[n%2], parties[(n+1)%2]
				mark := mirror.HeldMark{Leg: "a", Call: talking.call, Next: "a/3"}
				f.note(f.m.Set(f.channels[talking.who].name, mirror.HeldVariable, mark.String()))
				f.place(talking.who, "ctilink", "hold").place("alice", "ctilink", "wait")
				for _, who := range order {
					if who != waiting.who {
						f.leaves(fmt.Sprint(n), who)
					}
				}
				f.says("MusicOnHoldStart", talking.who, 6).want("1001 Hold")
				f.enters(fmt.Sprint(n+1), "alice", waiting.who).want("1001 Unhold")
			}
		})
	}
}

func TestConsultIsCancelled(t *testing.T) {
	f := newFloor(t).consulting()
	f.says("Hangup", "bob", 5).enters("3", "alice", "customer").want("1002 Hangup abandoned", "1001 Hangup farEnd", "1001 Unhold")
}

func TestConsultedPartyHangsUp(t *testing.T) {
	f := newFloor(t).consulting()
	f.says("Newstate", "bob", 6).enters("2", "bob", "alice").want("1001 Talking", "1002 Talking")
	f.leaves("2", "bob").says("Hangup", "bob", 6).leaves("2", "alice").want("1002 Hangup normal", "1001 Hangup farEnd")
	if c := f.only("1001"); c.State != opencti.Held {
		t.Errorf("the first call is %s, want on hold", c.State)
	}
}

func TestCustomerLeavesDuringConsult(t *testing.T) {
	f := newFloor(t).consulting()
	f.says("Hangup", "customer", 6).want("1001 Hangup farEnd")
	if c := f.only("1001"); c.ID != "a/2" || c.State != opencti.Delivered {
		t.Errorf("the consult is %+v", c)
	}
}

// The telephone hangs up while somebody waits for it.
func TestSomebodyWaitsInVain(t *testing.T) {
	f := newFloor(t).consulting()
	m := append(ami.Message{{Key: "Event", Value: "Hangup"}}, f.headers("", "alice", 6)...)
	var lost []string
	for _, c := range f.m.Apply(m, f.now) {
		lost = append(lost, c.Lost...)
	}
	if diff := cmp.Diff([]string{"c"}, lost); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// A channel that was on hold keeps its place in the dialplan: hanging up later is no hold.
func TestHangUpAfterHold(t *testing.T) {
	f := newFloor(t).consulting()
	f.says("Hangup", "bob", 5).enters("3", "alice", "customer")
	f.told = nil
	f.leaves("3", "alice", "customer").says("Hangup", "alice", 6).says("Hangup", "customer", 6).want("1001 Hangup normal")
}

// Asterisk ends a hold in the moment before a transfer.
func TestTransferOfAHeldCall(t *testing.T) {
	f := newFloor(t).talking().says("Hold", "alice", 6)
	f.told = nil
	f.says("Unhold", "alice", 6).leaves("1", "customer")
	f.apply("BlindTransfer", append(f.headers("Transferer", "alice", 6), f.headers("Transferee", "customer", 6)...), "Result", "Success")
	f.says("Hangup", "alice", 6).want("1001 Transfer transferred")
	f.says("Newchannel", "bob", 0).dials("DialBegin", "customer", "bob", 0).says("Newstate", "bob", 5).want("1002 Ringing")
	if c := f.only("1002"); c.OfferedBy != opencti.ByBlindTransfer || c.Original != opencti.Inbound || c.ANI != "+4930123" {
		t.Errorf("call is %+v", c)
	}
}

func TestHoldAtTheTelephone(t *testing.T) {
	f := newFloor(t).talking().says("Hold", "alice", 6).says("Unhold", "alice", 6)
	f.want("1001 Ringing", "1001 Talking", "1001 Hold").later(time.Second).want("1001 Unhold")
}

// A consult that the telephone makes by itself, on a second channel.
func TestConsultAtTheTelephone(t *testing.T) {
	f := newFloor(t).talking().says("Hold", "alice", 6).says("Newchannel", "alice2", 4)
	f.want("1001 Ringing", "1001 Talking", "1001 Hold", "1001 Dialing")
	f.channels["bob"].linked = "a2"
	f.says("Newchannel", "bob", 0).dials("DialBegin", "alice2", "bob", 0).says("Newstate", "bob", 5).want("1001 FarRinging", "1002 Ringing")
	if c := f.only("1002"); c.OfferedBy != opencti.ByConsult || c.Linked != "a2" {
		t.Errorf("call is %+v", c)
	}
	f.says("Newstate", "bob", 6).enters("2", "bob", "alice2").want("1001 Talking", "1002 Talking")
	f.apply("AttendedTransfer", append(f.headers("OrigTransferer", "alice", 6), f.headers("SecondTransferer", "alice2", 6)...), "Result", "Success").
		want("1001 Transfer transferred", "1001 Transfer transferred")
	f.channels["bob"].linked = "c" // now it has to do with the older call
	f.leaves("2", "alice2").enters("1", "bob").says("Hangup", "alice", 6).says("Hangup", "alice2", 6)
	if c := f.want("1002 Transfer").only("1002"); c.Linked != "c" || c.ANI != "+4930123" {
		t.Errorf("call is %+v", c)
	}
}

func (f *floor) conference(who ...string) *floor {
	f.t.Helper()
	for _, w := range who {
		f.says("BridgeEnter", w, 6, "BridgeUniqueid", "room", "BridgeTechnology", "softmix", "BridgeCreator", "ConfBridge", "BridgeName", "8123")
	}
	return f
}

func TestConference(t *testing.T) {
	f := newFloor(t).consulting().says("Newstate", "bob", 6).enters("2", "bob", "alice").want("1001 Talking", "1002 Talking")
	f.place("alice", "ctilink-room", "8123").place("bob", "ctilink-room", "8123").place("customer", "ctilink-room", "8123")
	f.leaves("2", "bob", "alice").conference("alice", "customer", "bob").want() // they are still coming
	f.later(time.Second).want("1001 Hangup merged", "1001 Conference", "1002 Conference")
	if got := f.only("1001"); got.ID != "a" || len(got.Parties) != 3 {
		t.Errorf("the conference is %+v", got)
	}
	p, _ := f.m.Find("1001", "a")
	if p.Room != "8123" {
		t.Errorf("the room is %q", p.Room)
	}
	f.says("BridgeLeave", "customer", 6, "BridgeUniqueid", "room").says("Hangup", "customer", 6).want("1001 Parties", "1002 Parties")
	f.place("alice", "ctilink-consult", "1003").says("BridgeLeave", "alice", 6, "BridgeUniqueid", "room").want("1001 Hold", "1002 Parties")
	f.place("alice", "ctilink-room", "8123").conference("alice").later(time.Second).want("1001 Conference", "1002 Parties")
}

func TestDialsQueue(t *testing.T) {
	f := newFloor(t).says("Newchannel", "alice2", 4).says("QueueCallerJoin", "alice2", 4, "Queue", "support").want("1001 Dialing", "1001 InQueue")
	if c := f.only("1001"); c.Queue != "support" || c.State != opencti.Queued {
		t.Errorf("call is %+v", c)
	}
}

// An announcement or a mailbox answers: nobody to be connected with.
func TestDialsAMailbox(t *testing.T) {
	newFloor(t).says("Newchannel", "alice2", 4).says("Newstate", "alice2", 6).want("1001 Dialing").
		later(2*time.Second).want("1001 Talking").says("Hangup", "alice2", 6).want("1001 Hangup normal")
}

func (f *floor) member(event string, more ...string) *floor {
	f.t.Helper()
	return f.apply(event, ami.Message{{Key: "Queue", Value: "support"}, {Key: "Interface", Value: "PJSIP/1001"}, {Key: "MemberName", Value: "4001"}}, more...)
}

func TestAgent(t *testing.T) {
	f := newFloor(t).member("QueueMemberAdded", "Status", "1", "Paused", "1", "PausedReason", "login").
		want("1001 AgentLogin Unavailable", "1001 AgentState Unavailable")
	f.member("QueueMemberPause", "Status", "1", "Paused", "0").want("1001 AgentState Available")
	f.member("QueueMemberStatus", "Status", "3", "Paused", "0").want("1001 AgentState Busy")
	f.member("QueueMemberPause", "Status", "3", "Paused", "1", "PausedReason", "lunch").want("1001 AgentState Busy then Unavailable")
	// Asterisk forgets to take InCall back where a call of the queue was sent elsewhere.
	f.member("QueueMemberStatus", "Status", "1", "Paused", "0", "InCall", "1").want("1001 AgentState Available")
	f.member("QueueMemberStatus", "Status", "5", "Paused", "0").want("1001 AgentState Unavailable")
	f.member("QueueMemberPause", "Status", "1", "Paused", "1", "PausedReason", "AFTER_CALL_WORK").want("1001 AgentState AfterCallWork")
	f.member("QueueMemberRemoved").want("1001 AgentLogout LoggedOut")
}

func TestWrapUp(t *testing.T) {
	f := newFloor(t).member("QueueMemberAdded", "Status", "1", "Paused", "0")
	f.told = nil
	f.member("QueueMemberStatus", "Status", "1", "Paused", "0", "LastCall", fmt.Sprint(f.now.Unix()), "Wrapuptime", "10").want("1001 AgentState AfterCallWork")
	if ends := f.m.Agent("1001").WrapUpEndsAt; !ends.Equal(time.Unix(f.now.Unix()+10, 0)) {
		t.Errorf("it ends at %s", ends)
	}
	f.later(5 * time.Second).want().later(6 * time.Second).want("1001 AgentState Available")
}

// Asterisk's clock is another.
func TestWrapUpByAnotherClock(t *testing.T) {
	f := newFloor(t).member("QueueMemberAdded", "Status", "1", "Paused", "0")
	there := f.now.Add(-time.Hour)
	f.member("QueueMemberStatus", "Timestamp", fmt.Sprintf("%d.000000", there.Unix()), "Status", "1", "Paused", "0",
		"LastCall", fmt.Sprint(there.Unix()), "Wrapuptime", "10")
	if ends := f.m.Agent("1001").WrapUpEndsAt; ends.Sub(f.now).Abs() > 11*time.Second {
		t.Errorf("it ends at %s, now is %s", ends, f.now)
	}
}

func TestDoNotDisturb(t *testing.T) {
	f := newFloor(t)
	f.apply("DeviceStateChange", nil, "Device", "Custom:DND1001", "State", "INUSE").want("1001 DoNotDisturb")
	f.apply("DeviceStateChange", nil, "Device", "Custom:DND1001", "State", "INUSE").want()
	f.apply("DeviceStateChange", nil, "Device", "PJSIP/1001", "State", "INUSE").want()
	f.apply("DeviceStateChange", nil, "Device", "Custom:DND1001", "State", "NOT_INUSE").want("1001 DoNotDisturb")
	f.apply("DeviceStateChange", nil, "Device", "Custom:DND1001", "State", "BUSY").want("1001 DoNotDisturb")
	f.apply("DeviceStateChange", nil, "Device", "Custom:DND1001", "State", "UNAVAILABLE").want("1001 DoNotDisturb")
}

// What goes mad is not remembered without end.
func TestAFloodIsNotRemembered(t *testing.T) {
	f := newFloor(t)
	const flood = 1 << 17
	for i := range flood {
		f.m.Apply(ami.Message{{Key: "Event", Value: "Newchannel"}, {Key: "Channel", Value: fmt.Sprintf("PJSIP/trunk-%x", i)},
			{Key: "Uniqueid", Value: fmt.Sprint(i)}, {Key: "Linkedid", Value: fmt.Sprint(i)}}, f.now)
		f.m.Apply(ami.Message{{Key: "Event", Value: "QueueMemberAdded"}, {Key: "Queue", Value: "8001"}, {Key: "Interface", Value: fmt.Sprintf("PJSIP/%d", 2000+i)}}, f.now)
	}
	f.says("Newchannel", "alice", 4)
	if calls := f.m.Calls("1001"); len(calls) != 0 {
		t.Errorf("%d channels are remembered, and one more: %+v", flood, calls)
	}
	if queues := f.m.Memberships(fmt.Sprint(2000 + flood - 1)); len(queues) != 0 {
		t.Errorf("%d members are remembered", flood)
	}
}

// Of a channel's variables, those that nobody asked for are left out.
func TestOtherVariablesAreNotRemembered(t *testing.T) {
	f := newFloor(t)
	f.says("Newchannel", "alice", 4)
	f.says("VarSet", "alice", 4, "Variable", "DIALSTATUS", "Value", "BUSY")
	f.says("VarSet", "alice", 4, "Variable", "CASE", "Value", "17")
	if c := f.only("1001"); len(c.Data) != 1 || c.Data["CASE"] != "17" {
		t.Errorf("data is %v", c.Data)
	}
}
