package conformance

import (
	"fmt"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// beyondScenarios try tones, data, and what is beyond the guides' tables.
func beyondScenarios() []scenario {
	return []scenario{
		{row: row(opencti.SendDTMF), name: "the other party hears the digits", play: sendsDigits},
		{row: row(opencti.SendDTMF), name: "is refused", play: digitsAreRefused},
		{row: row(opencti.AttachData), name: "all parties are told", agents: 2, needs: []opencti.Activity{opencti.MakeCall}, play: attachesData},
		{row: row(opencti.AttachData), name: "is refused", play: dataIsRefused},
		{row: row(opencti.AlternateCall), name: "from one call to the other", agents: 2, needs: []opencti.Activity{opencti.HoldCall}, play: alternates},
		{row: row(opencti.AlternateCall), name: "is refused", play: mergeIsRefused(opencti.AlternateCall)},
		{row: row(opencti.DeclineCall), name: "refuses the ringing call", play: declines},
		{row: row(opencti.DeclineCall), name: "gives a call back to the queue", needs: []opencti.Activity{opencti.SetAgentReady}, play: declinesACallOfTheQueue},
		{row: row(opencti.DeclineCall), name: "is refused", play: declineIsRefused},
		{row: row(opencti.MuteCall), name: "mutes the agent", play: mutes},
		{row: row(opencti.MuteCall), name: "at the telephone", play: mutesAtTheTelephone},
		{row: row(opencti.UnmuteCall), name: "ends the muting", needs: []opencti.Activity{opencti.MuteCall}, play: unmutes},
		{row: row(opencti.SetDoNotDisturb), name: "sets and ends it", play: setsDoNotDisturb},
		{row: row(opencti.SetDoNotDisturb), name: "at the telephone", play: disturbAtTheTelephone},
		{row: row(opencti.GetStatistics), name: "of a queue", play: givesStatistics},
		{row: row(opencti.GetStatistics), name: "is refused", play: func(s *stage) {
			s.desk(0).refused(opencti.GetStatistics, opencti.Request{Queue: "no-such-queue"}, "a queue that does not exist", opencti.InvalidQueue)
			s.desk(0).refused(opencti.GetStatistics, opencti.Request{}, "no queue", opencti.InvalidRequest)
		}},
	}
}

func sendsDigits(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	alice.does(opencti.SendDTMF, opencti.Request{CallID: call.CallID, Digits: "42#"})
	if p := s.until(func() *problem {
		err := s.bench.World.Do(s.ctx, Act{Who: s.cast.Customer, Does: HeardDigits, Digits: "42#"})
		if err == nil {
			return nil
		}
		return &problem{clauseEvent, "the other party hears 42#", err.Error()}
	}); p != nil {
		if p.got == ErrCannot.Error() {
			panic(unable{"the world cannot tell which digits were heard"})
		}
		s.found(alice.agent.DN, "", *p)
	}
}

func digitsAreRefused(s *stage) {
	alice := s.desk(0)
	alice.refused(opencti.SendDTMF, opencti.Request{CallID: "nowhere", Digits: "1"}, "a call that is not here", opencti.NoSuchCall)
	call := s.offered(alice)
	alice.forbidden(opencti.SendDTMF, opencti.Request{CallID: call.CallID, Digits: "1"}, "a call that rings", opencti.InvalidState)
	alice.answered(call.CallID)
	alice.refused(opencti.SendDTMF, opencti.Request{CallID: call.CallID}, "no digits", opencti.InvalidRequest)
	alice.refused(opencti.SendDTMF, opencti.Request{CallID: call.CallID, Digits: "1x"}, "what is no digit", opencti.InvalidRequest)
}

func attachesData(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	here, there := s.connected(alice, bob)
	id := alice.does(opencti.AttachData, opencti.Request{CallID: here.CallID, Variables: moreData()})
	alice.hears(expect{event: opencti.CallInfo, callID: here.CallID, causedBy: id, data: mergedData(), clause: clauseData})
	bob.hears(expect{event: opencti.CallInfo, callID: there.CallID, data: mergedData(), clause: clauseData})
}

func dataIsRefused(s *stage) {
	alice := s.desk(0)
	alice.refused(opencti.AttachData, opencti.Request{CallID: "nowhere", Variables: moreData()}, "a call that is not here", opencti.NoSuchCall)
	call := s.talking(alice)
	alice.refused(opencti.AttachData, opencti.Request{CallID: call.CallID}, "no variables", opencti.InvalidRequest)
}

// alternates: the customer waits while a colleague, who called, talks.
func alternates(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	first := s.talking(alice)
	alice.does(opencti.HoldCall, opencti.Request{CallID: first.CallID})
	alice.hears(expect{event: opencti.Held, callID: first.CallID})
	s.act(RowTelephone, Act{Who: bob.agent.DN, Does: Calls, To: alice.agent.DN})
	bob.rings("")
	second := alice.hears(expect{event: opencti.Offering, newCall: true}).Call
	alice.answered(second.CallID)
	bob.hears(expect{event: opencti.Established})
	active, held := second.CallID, first.CallID
	for _, r := range []opencti.Request{{}, {CallID: second.CallID, HeldCallID: first.CallID}} { // any order
		id := alice.does(opencti.AlternateCall, r)
		alice.hears(expect{event: opencti.Held, callID: active, causedBy: id, clause: clauseSet})
		alice.hears(expect{event: opencti.Retrieved, callID: held, causedBy: id, clause: clauseSet})
		active, held = held, active
	}
}

var declined = []opencti.EventName{opencti.Released}

func declines(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice)
	id := alice.does(opencti.DeclineCall, opencti.Request{CallID: call.CallID})
	alice.hears(expect{event: opencti.Diverted, or: declined, callID: call.CallID, causedBy: id, ended: true, clause: clauseEnding})
}

func declinesACallOfTheQueue(s *stage) {
	alice := s.desk(0)
	alice.ready()
	s.queued()
	call := alice.hears(expect{event: opencti.Offering, newCall: true}).Call
	id := alice.does(opencti.DeclineCall, opencti.Request{})
	alice.hears(expect{event: opencti.Diverted, or: declined, callID: call.CallID, causedBy: id, ended: true, clause: clauseEnding})
}

func declineIsRefused(s *stage) {
	alice := s.desk(0)
	alice.refused(opencti.DeclineCall, opencti.Request{}, "no call that rings", opencti.NoAlertingCall)
	alice.refused(opencti.DeclineCall, opencti.Request{CallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
	call := s.talking(alice)
	alice.forbidden(opencti.DeclineCall, opencti.Request{CallID: call.CallID}, "a call that was answered", opencti.InvalidState)
}

// muted waits until the call says that it is, or is not.
func (d *desk) muted(call string, is bool) {
	d.quietly(clauseMuted, fmt.Sprintf("call %s with muted %v", call, is), func(calls map[string]*opencti.Call) bool {
		return calls[call] != nil && calls[call].Muted == is
	})
	d.agrees()
}

func mutes(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	alice.does(opencti.MuteCall, opencti.Request{CallID: call.CallID})
	alice.muted(call.CallID, true)
	alice.refused(opencti.MuteCall, opencti.Request{CallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
}

func unmutes(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	alice.does(opencti.MuteCall, opencti.Request{CallID: call.CallID})
	alice.muted(call.CallID, true)
	alice.does(opencti.UnmuteCall, opencti.Request{CallID: call.CallID})
	alice.muted(call.CallID, false)
}

func setsDoNotDisturb(s *stage) {
	alice := s.desk(0)
	for _, on := range []bool{true, false} {
		id := alice.does(opencti.SetDoNotDisturb, opencti.Request{Enabled: on})
		alice.hears(expect{event: opencti.SnapshotEvent, causedBy: id, disturb: &on, clause: clauseEvent})
	}
}

func disturbAtTheTelephone(s *stage) {
	alice, on := s.desk(0), true
	s.act(row(opencti.SetDoNotDisturb), Act{Who: alice.agent.DN, Does: SetsDoNotDisturb})
	alice.hears(expect{event: opencti.SnapshotEvent, disturb: &on, clause: clauseAgree})
}

func mutesAtTheTelephone(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	s.act(row(opencti.MuteCall), Act{Who: alice.agent.DN, Does: MutesItself})
	alice.muted(call.CallID, true)
}

func givesStatistics(s *stage) {
	alice := s.desk(0)
	queue := s.queues(1)[0]
	before := alice.statistics(queue, func(opencti.QueueStatistics) bool { return true }, "")
	s.queued()
	alice.statistics(queue, func(q opencti.QueueStatistics) bool { return q.CallsWaiting == before.CallsWaiting+1 },
		fmt.Sprintf("%d calls waiting", before.CallsWaiting+1))
	if s.claims(opencti.LoginAgent) {
		alice.logsIn()
		alice.statistics(queue, func(q opencti.QueueStatistics) bool { return q.AgentsLoggedIn == before.AgentsLoggedIn+1 },
			fmt.Sprintf("%d agents logged in", before.AgentsLoggedIn+1))
	}
}

// statistics asks until it is as it should be.
func (d *desk) statistics(queue string, is func(opencti.QueueStatistics) bool, want string) (got opencti.QueueStatistics) {
	p := d.until(func() *problem {
		d.row, d.asker = row(opencti.GetStatistics), d
		a, err := d.session.Perform(d.ctx, opencti.Request{Activity: opencti.GetStatistics, Queue: queue}, "")
		switch {
		case err != nil:
			return &problem{clauseStats, "statistics of queue " + queue, err.Error()}
		case a.Statistics == nil:
			return &problem{clauseStats, "statistics of queue " + queue, "none"}
		case a.Statistics.Queue == "" || a.Statistics.At.IsZero():
			return &problem{clauseStats, "statistics that name the queue and the time", fmt.Sprintf("%+v", *a.Statistics)}
		}
		if got = *a.Statistics; !is(got) {
			return &problem{clauseStats, want, fmt.Sprintf("%+v", got)}
		}
		return nil
	})
	if p != nil {
		d.found(d.agent.DN, "", *p)
	}
	return got
}
