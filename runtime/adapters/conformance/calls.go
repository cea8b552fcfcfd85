package conformance

import (
	"maps"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// callScenarios try simple call control, and what callers and telephones do.
func callScenarios() []scenario {
	holds := []opencti.Activity{opencti.HoldCall}
	return []scenario{
		{row: RowCaller, name: "a call with data is offered, and the caller gives up", play: callerGivesUp},
		{row: RowCaller, name: "the caller hangs up", play: callerHangsUp},
		{row: RowCaller, name: "a call rings too long", needs: []opencti.Activity{opencti.SetAgentReady}, play: ringsTooLong},
		{row: RowTelephone, name: "answer, hold, retrieve and hang up", play: atTheTelephone},
		{row: RowTelephone, name: "off hook and on hook", play: offHook},
		{row: RowTelephone, name: "a colleague calls", agents: 2, play: colleagueCalls},
		{row: RowTelephone, name: "the ringing call is given away", agents: 2, play: givenAway},
		{row: row(opencti.AnswerCall), name: "answers the call", play: answers},
		{row: row(opencti.AnswerCall), name: "is refused", play: answerIsRefused},
		{row: row(opencti.HoldCall), name: "holds the call", play: holdsACall},
		{row: row(opencti.HoldCall), name: "another party is told", agents: 2, needs: []opencti.Activity{opencti.MakeCall}, play: anotherPartyHolds},
		{row: row(opencti.RetrieveCall), name: "retrieves the call", needs: holds, play: retrievesACall},
		{row: row(opencti.MakeCall), name: "calls a colleague", agents: 2, play: callsAColleague},
		{row: row(opencti.MakeCall), name: "calls somebody outside", play: callsOutside},
		{row: row(opencti.MakeCall), name: "calls a busy number, and one that leads nowhere", play: callsInVain},
		{row: row(opencti.MakeCall), name: "calls a queue", play: callsAQueue},
		{row: row(opencti.HangUpCall), name: "hangs up", agents: 2, needs: []opencti.Activity{opencti.MakeCall}, play: hangsUp},
		{row: row(opencti.HangUpCall), name: "never means a held or ringing call", needs: []opencti.Activity{opencti.HoldCall}, play: hangUpMeansTheActive},
		{row: row(opencti.AcceptInteraction), name: "the first desktop has the interaction", play: acceptsTheInteraction},
	}
}

// callData is what callers bring. It is a copy: a driver may keep it.
func callData() map[string]string {
	return map[string]string{"customer": "4711", "topic": "invoice & more <ä>"}
}

// moreData is what a consult brings: one value more, and one that wins.
func moreData() map[string]string { return map[string]string{"topic": "cancellation", "note": "angry"} }

func mergedData() map[string]string {
	out := callData()
	maps.Copy(out, moreData())
	return out
}

// offered lets the customer call the desk's own number, with data, until it rings.
func (s *stage) offered(d *desk) *opencti.Call {
	s.act(RowCaller, Act{Who: s.given(s.cast.Customer, "customer"), Does: Calls, To: d.agent.DN, Data: callData()})
	return d.hears(expect{event: opencti.Offering, newCall: true, callType: opencti.Inbound, offeredBy: opencti.ByDirect,
		ani: s.cast.Customer, dnis: d.agent.DN, data: callData(), clause: clauseOffering}).Call
}

// answered takes the ringing call: by the desktop where the class can, else at the telephone.
func (d *desk) answered(call string) *opencti.Call {
	want := expect{event: opencti.Established, callID: call}
	if d.claims(opencti.AnswerCall) {
		want.causedBy = d.does(opencti.AnswerCall, opencti.Request{CallID: call})
	} else {
		d.act(RowTelephone, Act{Who: d.agent.DN, Does: Answers})
	}
	return d.hears(want).Call
}

// talking is a customer's call that was answered.
func (s *stage) talking(d *desk) *opencti.Call { return d.answered(s.offered(d).CallID) }

func (s *stage) customerHangsUp() { s.act(RowCaller, Act{Who: s.cast.Customer, Does: HangsUp}) }

func callerGivesUp(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice)
	s.customerHangsUp()
	alice.hears(expect{event: opencti.Abandoned, callID: call.CallID, ended: true, interaction: call.InteractionID, clause: clauseEnding})
}

func callerHangsUp(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	s.customerHangsUp()
	alice.hears(expect{event: opencti.Released, callID: call.CallID, ended: true, interaction: call.InteractionID, data: callData(), clause: clauseEnding})
}

func ringsTooLong(s *stage) {
	alice := s.desk(0)
	alice.ready()
	s.queued()
	call := alice.hears(expect{event: opencti.Offering, newCall: true}).Call
	s.act(RowCaller, Act{Who: alice.agent.DN, Does: LetsItRing})
	alice.hears(expect{event: opencti.Diverted, callID: call.CallID, ended: true, clause: clauseEnding})
}

func atTheTelephone(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice).CallID
	for _, step := range []struct {
		does  Deed
		event opencti.EventName
	}{{Answers, opencti.Established}, {Holds, opencti.Held}, {Retrieves, opencti.Retrieved}, {HangsUp, opencti.Released}} {
		s.act(RowTelephone, Act{Who: alice.agent.DN, Does: step.does})
		alice.hears(expect{event: step.event, callID: call})
	}
}

func offHook(s *stage) {
	alice := s.desk(0)
	s.act(RowTelephone, Act{Who: alice.agent.DN, Does: GoesOffHook})
	call := alice.hears(expect{event: opencti.Initiated, newCall: true}).Call.CallID
	s.act(RowTelephone, Act{Who: alice.agent.DN, Does: HangsUp})
	alice.hears(expect{event: opencti.Released, callID: call, ended: true})
}

func colleagueCalls(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	s.act(RowTelephone, Act{Who: bob.agent.DN, Does: Calls, To: alice.agent.DN, Data: callData()})
	made := bob.rings("")
	offer := alice.hears(expect{event: opencti.Offering, newCall: true, callType: opencti.Internal, offeredBy: opencti.ByDirect,
		ani: bob.agent.DN, data: callData(), clause: clauseOffering}).Call
	alice.answered(offer.CallID)
	bob.hears(expect{event: opencti.Established, callID: made.CallID, callType: opencti.Internal, parties: []string{alice.agent.DN, bob.agent.DN}})
	s.act(RowTelephone, Act{Who: bob.agent.DN, Does: HangsUp})
	alice.hears(expect{event: opencti.Released, callID: offer.CallID, ended: true})
	bob.hears(expect{event: opencti.Released, callID: made.CallID, ended: true})
}

func givenAway(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	call := s.offered(alice)
	s.act(RowTelephone, Act{Who: alice.agent.DN, Does: GivesAway, To: bob.agent.DN})
	alice.hears(expect{event: opencti.Diverted, callID: call.CallID, ended: true, clause: clauseEnding})
	bob.hears(expect{event: opencti.Offering, newCall: true, interaction: call.InteractionID, data: callData()})
}

func answers(s *stage) {
	alice := s.desk(0)
	for _, named := range []func(id string) string{
		func(id string) string { return id }, func(string) string { return "" }, func(string) string { return "-1" },
	} {
		call := s.offered(alice)
		id := alice.does(opencti.AnswerCall, opencti.Request{CallID: named(call.CallID)})
		alice.hears(expect{event: opencti.Established, callID: call.CallID, causedBy: id, interaction: call.InteractionID, data: callData(),
			callType: opencti.Inbound, ani: s.cast.Customer, parties: []string{s.cast.Customer, alice.agent.DN}})
		s.customerHangsUp()
		alice.hears(expect{event: opencti.Released, callID: call.CallID, ended: true})
	}
}

func answerIsRefused(s *stage) {
	alice := s.desk(0)
	alice.mustNot(clauseAnswer, opencti.AnswerCall, opencti.Request{}, "no call that rings", opencti.NoAlertingCall)
	alice.refused(opencti.AnswerCall, opencti.Request{CallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
	call := s.talking(alice)
	alice.forbidden(opencti.AnswerCall, opencti.Request{CallID: call.CallID}, "a call that was answered", opencti.InvalidState, opencti.SameState)
}

func holdsACall(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice)
	alice.forbidden(opencti.HoldCall, opencti.Request{CallID: call.CallID}, "a call that rings", opencti.InvalidState)
	alice.refused(opencti.HoldCall, opencti.Request{}, "no callId", opencti.InvalidRequest)
	alice.refused(opencti.HoldCall, opencti.Request{CallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
	alice.answered(call.CallID)
	id := alice.does(opencti.HoldCall, opencti.Request{CallID: call.CallID})
	alice.hears(expect{event: opencti.Held, callID: call.CallID, causedBy: id, interaction: call.InteractionID, data: callData()})
	alice.forbidden(opencti.HoldCall, opencti.Request{CallID: call.CallID}, "a call that is held", opencti.InvalidState, opencti.SameState)
}

// connected calls from the first desk to the second; it is answered.
func (s *stage) connected(from, to *desk) (here, there *opencti.Call) {
	id := from.does(opencti.MakeCall, opencti.Request{DestinationNumber: to.agent.DN, Variables: callData()})
	here = from.rings(id)
	offer := to.hears(expect{event: opencti.Offering, newCall: true, callType: opencti.Internal, offeredBy: opencti.ByDirect,
		ani: from.agent.DN, data: callData(), clause: clauseOffering}).Call
	there = to.answered(offer.CallID)
	here = from.hears(expect{event: opencti.Established, callID: here.CallID, callType: opencti.Internal,
		interaction: here.InteractionID, data: callData(), parties: []string{from.agent.DN, to.agent.DN}}).Call
	return here, there
}

// rings waits until a call that this desk made, by a request or at the telephone, rings
// there.
func (d *desk) rings(causedBy string) *opencti.Call {
	call := d.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Delivered}, newCall: true, causedBy: causedBy}).Call
	if call.State != opencti.Delivered {
		if e := d.hears(expect{event: opencti.Delivered, callID: call.CallID, interaction: call.InteractionID, clause: clauseOffering}); e != nil {
			call = e.Call
		}
	}
	return call
}

func anotherPartyHolds(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	_, there := s.connected(bob, alice)
	here := bob.onlyCall()
	id := alice.does(opencti.HoldCall, opencti.Request{CallID: there.CallID})
	alice.hears(expect{event: opencti.Held, callID: there.CallID, causedBy: id})
	bob.hears(expect{event: opencti.PartyInfo, callID: here, clause: clauseParty})
}

// onlyCall is the id of the one call at the desk.
func (d *desk) onlyCall() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range d.judge.calls {
		return id
	}
	return ""
}

func retrievesACall(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	alice.forbidden(opencti.RetrieveCall, opencti.Request{CallID: call.CallID}, "a call that is not held", opencti.InvalidState, opencti.NoHeldCall)
	alice.refused(opencti.RetrieveCall, opencti.Request{}, "no callId", opencti.InvalidRequest)
	alice.refused(opencti.RetrieveCall, opencti.Request{CallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
	alice.does(opencti.HoldCall, opencti.Request{CallID: call.CallID})
	alice.hears(expect{event: opencti.Held, callID: call.CallID})
	id := alice.does(opencti.RetrieveCall, opencti.Request{CallID: call.CallID})
	alice.hears(expect{event: opencti.Retrieved, callID: call.CallID, causedBy: id, interaction: call.InteractionID, data: callData()})
}

func callsAColleague(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	here, there := s.connected(alice, bob)
	if here.InteractionID != there.InteractionID {
		bob.found(bob.agent.DN, opencti.Offering, problem{clauseInter, "the interactionId " + here.InteractionID, there.InteractionID})
	}
	alice.refused(opencti.MakeCall, opencti.Request{}, "no destinationNumber", opencti.InvalidRequest)
}

func callsOutside(s *stage) {
	alice := s.desk(0)
	to := s.given(s.cast.Outside, "number outside that answers")
	id := alice.does(opencti.MakeCall, opencti.Request{DestinationNumber: to, Variables: callData()})
	call := alice.rings(id)
	alice.hears(expect{event: opencti.Established, callID: call.CallID, callType: opencti.Outbound, dnis: to, data: callData(), interaction: call.InteractionID})
}

// fails waits for a call that fails, unless the number was refused at once with a code.
func (d *desk) fails(number, what string, codes ...opencti.ErrorCode) {
	r := opencti.Request{Activity: opencti.MakeCall, DestinationNumber: number}
	id, err := d.asks(r)
	if err != nil {
		if p := wrongCode(err, what, codes); p != nil {
			d.found(d.agent.DN, opencti.Failed, *p)
		}
		return
	}
	call := d.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Failed}, newCall: true, causedBy: id}).Call
	if call.State != opencti.Failed {
		d.hears(expect{event: opencti.Failed, callID: call.CallID, clause: clauseFailed, after: []opencti.EventName{opencti.Delivered}})
	}
	d.does(opencti.HangUpCall, opencti.Request{CallID: call.CallID})
	d.hears(expect{event: opencti.Released, callID: call.CallID, ended: true, clause: clauseFailed})
}

func callsInVain(s *stage) {
	alice := s.desk(0)
	alice.fails(s.given(s.cast.Busy, "busy number"), "a busy number", opencti.DestinationBusy)
	alice.fails(s.given(s.cast.Unknown, "number that leads nowhere"), "a number that leads nowhere", opencti.InvalidDestination)
}

func callsAQueue(s *stage) {
	alice := s.desk(0)
	queue := s.queues(1)[0]
	id := alice.does(opencti.MakeCall, opencti.Request{DestinationNumber: queue})
	call := alice.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Queued}, newCall: true, causedBy: id}).Call
	if call.State != opencti.Queued {
		alice.hears(expect{event: opencti.Queued, callID: call.CallID, queue: queue, after: []opencti.EventName{opencti.Delivered}})
	}
	id = alice.does(opencti.HangUpCall, opencti.Request{CallID: call.CallID})
	alice.hears(expect{event: opencti.Released, callID: call.CallID, causedBy: id, ended: true})
	s.row = row(opencti.MakeCall)
}

func hangsUp(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	for _, named := range []bool{true, false} {
		here, there := s.connected(alice, bob)
		r := opencti.Request{}
		if named {
			r.CallID = here.CallID
		}
		id := alice.does(opencti.HangUpCall, r)
		alice.hears(expect{event: opencti.Released, callID: here.CallID, causedBy: id, ended: true, clause: clauseEnding})
		bob.hears(expect{event: opencti.Released, callID: there.CallID, ended: true, clause: clauseEnding})
	}
	alice.mustNot(clauseHangUp, opencti.HangUpCall, opencti.Request{}, "no active call", opencti.NoActiveCall)
	alice.refused(opencti.HangUpCall, opencti.Request{CallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
}

func hangUpMeansTheActive(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice)
	alice.mustNot(clauseHangUp, opencti.HangUpCall, opencti.Request{}, "a call that only rings", opencti.NoActiveCall)
	alice.answered(call.CallID)
	alice.does(opencti.HoldCall, opencti.Request{CallID: call.CallID})
	alice.hears(expect{event: opencti.Held, callID: call.CallID})
	alice.mustNot(clauseHangUp, opencti.HangUpCall, opencti.Request{}, "a call that is held", opencti.NoActiveCall)
}

func acceptsTheInteraction(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice)
	alice.does(opencti.AcceptInteraction, opencti.Request{CallID: call.CallID})
	alice.refused(opencti.AcceptInteraction, opencti.Request{CallID: call.CallID}, "an interaction that another tab has", opencti.SameState)
	alice.refused(opencti.AcceptInteraction, opencti.Request{CallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
}
