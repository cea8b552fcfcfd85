package conformance

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// transferScenarios try to hand a call on.
func transferScenarios() []scenario {
	consult := []opencti.Activity{opencti.TransferInitiate}
	return []scenario{
		{row: row(opencti.TransferInitiate), name: "consults a colleague", agents: 2, play: consults(opencti.TransferInitiate)},
		{row: row(opencti.TransferInitiate), name: "is refused", agents: 2, play: consultIsRefused(opencti.TransferInitiate)},
		{row: row(opencti.TransferInitiate), name: "consults a busy number", play: consultsInVain},
		{row: row(opencti.TransferCall), name: "after a word", agents: 2, needs: consult, play: transfers(nil)},
		{row: row(opencti.TransferCall), name: "named consult, held", agents: 2, needs: consult, play: transfers(func(first, consult string) opencti.Request {
			return opencti.Request{CallID: consult, HeldCallID: first}
		})},
		{row: row(opencti.TransferCall), name: "named held, consult", agents: 2, needs: consult, play: transfers(func(first, consult string) opencti.Request {
			return opencti.Request{CallID: first, HeldCallID: consult}
		})},
		{row: row(opencti.TransferCall), name: "named by consultCallId", agents: 2, needs: consult, play: transfers(func(first, consult string) opencti.Request {
			return opencti.Request{CallID: first, ConsultCallID: consult}
		})},
		{row: row(opencti.TransferCall), name: "while it rings there", agents: 2, needs: consult, play: transfersWhileRinging},
		{row: row(opencti.TransferCall), name: "to a queue", agents: 2, needs: append(consult, opencti.SetAgentReady), play: transfersToAQueue},
		{row: row(opencti.TransferCall), name: "what began as a conference", agents: 2, needs: []opencti.Activity{opencti.ConferenceInitiate},
			play: transfersWhatBeganAsConference},
		{row: row(opencti.TransferCall), name: "is refused", play: mergeIsRefused(opencti.TransferCall)},
		{row: row(opencti.TransferCall), name: "the customer hangs up at the new agent", agents: 2, needs: consult, play: customerLeavesAfterTransfer},
		{row: row(opencti.CancelTransfer), name: "back to the first call", agents: 2, needs: consult, play: cancels(opencti.TransferInitiate, opencti.CancelTransfer, true)},
		{row: row(opencti.CancelTransfer), name: "while it rings there", agents: 2, needs: consult, play: cancels(opencti.TransferInitiate, opencti.CancelTransfer, false)},
		{row: row(opencti.CancelTransfer), name: "the consulted party is gone", agents: 2, needs: consult, play: cancelsAlone(opencti.TransferInitiate, opencti.CancelTransfer)},
		{row: row(opencti.CancelTransfer), name: "is refused", play: mergeIsRefused(opencti.CancelTransfer)},
		{row: row(opencti.BlindTransfer), name: "without a word", agents: 2, play: transfersBlindly},
		{row: row(opencti.BlindTransfer), name: "is refused", play: blindTransferIsRefused},
		{row: RowTelephone, name: "a transfer", agents: 2, play: transfersAtTheTelephone},
	}
}

// consultation is a first call on hold and a consult about it.
type consultation struct {
	*stage
	alice, bob *desk
	first      *opencti.Call // at alice
	consult    string        // at alice
	there      string        // at bob
}

// consulting lets alice, who talks with the customer, consult bob with an activity. It
// rings at bob.
func (s *stage) consulting(a opencti.Activity) *consultation {
	c := &consultation{stage: s, alice: s.desk(0), bob: s.desk(1)}
	c.first = s.talking(c.alice)
	c.ask(a, c.bob.agent.DN)
	c.alice.hears(expect{event: opencti.Delivered, callID: c.consult, clause: clauseOffering})
	c.there = c.bob.hears(expect{event: opencti.Offering, newCall: true, interaction: c.first.InteractionID, callType: opencti.Consult,
		originalCallType: opencti.Inbound, offeredBy: opencti.ByConsult, clause: clauseOffering}).Call.CallID
	c.inherits(c.bob, c.there)
	return c
}

// ask holds the first call and dials; it gives the first state of the consult.
func (c *consultation) ask(a opencti.Activity, number string) opencti.EventName {
	id := c.alice.does(a, opencti.Request{CallID: c.first.CallID, DestinationNumber: number, Variables: moreData()})
	c.alice.hears(expect{event: opencti.Held, callID: c.first.CallID, causedBy: id, interaction: c.first.InteractionID, data: callData()})
	call := c.alice.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Delivered, opencti.Queued}, newCall: true, causedBy: id,
		callType: opencti.Consult, interaction: c.first.InteractionID}).Call
	c.consult = call.CallID
	return call.State
}

// inherits looks for the first call's data with the consult's values on top.
func (c *consultation) inherits(d *desk, call string) {
	d.quietly(clauseInherit, "call "+call+" with the data "+words(mergedData()), func(calls map[string]*opencti.Call) bool {
		return calls[call] != nil && words(calls[call].Variables) == words(mergedData())
	})
}

// answered: bob takes the consult.
func (c *consultation) answered() *consultation {
	c.bob.answered(c.there)
	c.alice.hears(expect{event: opencti.Established, callID: c.consult, after: []opencti.EventName{opencti.Delivered},
		parties: []string{c.alice.agent.DN, c.bob.agent.DN}})
	return c
}

func consults(a opencti.Activity) func(s *stage) {
	return func(s *stage) {
		c := s.consulting(a)
		s.row = row(a)
		c.answered()
	}
}

func consultIsRefused(a opencti.Activity) func(s *stage) {
	return func(s *stage) {
		alice := s.desk(0)
		to := s.cast.Agents[1].DN
		alice.refused(a, opencti.Request{CallID: "nowhere", DestinationNumber: to}, "a call that is not here", opencti.NoSuchCall)
		alice.refused(a, opencti.Request{DestinationNumber: to}, "no callId", opencti.InvalidRequest)
		call := s.offered(alice)
		alice.forbidden(a, opencti.Request{CallID: call.CallID, DestinationNumber: to}, "a call that rings", opencti.InvalidState)
		alice.refused(a, opencti.Request{CallID: call.CallID}, "no destinationNumber", opencti.InvalidRequest)
	}
}

// consultsInVain: the consult fails as any call does; the first call is not lost.
func consultsInVain(s *stage) {
	alice := s.desk(0)
	first := s.talking(alice)
	_, err := alice.asks(opencti.Request{Activity: opencti.TransferInitiate, CallID: first.CallID,
		DestinationNumber: s.given(s.cast.Busy, "busy number")})
	if err != nil {
		if p := wrongCode(err, "a busy number", []opencti.ErrorCode{opencti.DestinationBusy}); p != nil {
			s.found(alice.agent.DN, "", *p)
		}
		return
	}
	alice.hears(expect{event: opencti.Held, callID: first.CallID})
	consult := alice.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Failed}, newCall: true}).Call
	if consult.State != opencti.Failed {
		alice.hears(expect{event: opencti.Failed, callID: consult.CallID, clause: clauseFailed})
	}
	id := alice.does(opencti.CancelTransfer, opencti.Request{})
	alice.hears(expect{event: opencti.Released, callID: consult.CallID, ended: true, clause: clauseCancel})
	alice.hears(expect{event: opencti.Retrieved, callID: first.CallID, causedBy: id, clause: clauseCancel})
}

// handedOn waits until both calls of the one who transferred are over: each ends once, one
// of them at least with Transferred.
func (c *consultation) handedOn(id string) {
	got := c.alice.hears(expect{event: opencti.Transferred, callID: c.first.CallID, ended: true, causedBy: id, clause: clauseOneEnd})
	if got.Call.CallID != c.consult && !slices.Contains(got.PreviousCallIDs, c.consult) {
		c.alice.hears(expect{event: opencti.Transferred, or: []opencti.EventName{opencti.Released}, callID: c.consult, ended: true, clause: clauseOneEnd})
	}
}

// remains is what the new agent is told: the same interaction, with new id and parties.
func (c *consultation) remains(state opencti.EventName) *opencti.Call {
	got := c.bob.hears(expect{event: opencti.Transferred, callID: c.there, interaction: c.first.InteractionID, state: state, data: mergedData(),
		originalCallType: opencti.Inbound, parties: []string{c.cast.Customer, c.bob.agent.DN}, clause: clauseLineage})
	if got.Call.CallID != c.there && !slices.Contains(got.PreviousCallIDs, c.there) {
		c.found(c.bob.agent.DN, opencti.Transferred, problem{clauseLineage, "previousCallIds with " + c.there, list(got.PreviousCallIDs)})
	}
	return got.Call
}

func transfers(named func(first, consult string) opencti.Request) func(s *stage) {
	return func(s *stage) {
		c := s.consulting(opencti.TransferInitiate).answered()
		r := opencti.Request{}
		if named != nil {
			r = named(c.first.CallID, c.consult)
		}
		id := c.alice.does(opencti.TransferCall, r)
		c.handedOn(id)
		c.remains(opencti.Established)
	}
}

func customerLeavesAfterTransfer(s *stage) {
	c := s.consulting(opencti.TransferInitiate).answered()
	c.handedOn(c.alice.does(opencti.TransferCall, opencti.Request{}))
	call := c.remains(opencti.Established)
	s.customerHangsUp()
	c.bob.hears(expect{event: opencti.Released, callID: call.CallID, ended: true, interaction: c.first.InteractionID, clause: clauseOneEnd})
	s.row = row(opencti.TransferCall)
}

func transfersWhileRinging(s *stage) {
	c := s.consulting(opencti.TransferInitiate)
	c.handedOn(c.alice.does(opencti.TransferCall, opencti.Request{}))
	call := c.bob.hears(expect{event: opencti.Transferred, or: []opencti.EventName{opencti.Offering}, callID: c.there, state: opencti.Offering,
		offeredBy: opencti.ByTransfer, interaction: c.first.InteractionID, data: mergedData(), clause: clauseLineage}).Call
	c.bob.answered(call.CallID)
	c.bob.quietly(clauseParty, "the customer and "+c.bob.agent.DN+" in the call", func(calls map[string]*opencti.Call) bool {
		return calls[call.CallID] != nil && sameSet(dns(calls[call.CallID].Parties), []string{s.cast.Customer, c.bob.agent.DN})
	})
}

func transfersToAQueue(s *stage) {
	queue := s.queues(1)[0]
	c := &consultation{stage: s, alice: s.desk(0), bob: s.desk(1)}
	c.first = s.talking(c.alice)
	if c.ask(opencti.TransferInitiate, queue) != opencti.Queued {
		c.alice.hears(expect{event: opencti.Queued, callID: c.consult})
	}
	c.handedOn(c.alice.does(opencti.TransferCall, opencti.Request{}))
	c.bob.ready()
	s.row = row(opencti.TransferCall)
	c.bob.hears(expect{event: opencti.Offering, newCall: true, interaction: c.first.InteractionID, data: mergedData(), offeredBy: opencti.ByQueue, queue: queue})
}

func transfersWhatBeganAsConference(s *stage) {
	c := s.consulting(opencti.ConferenceInitiate).answered()
	if s.bench.Driver.Describe().PurposeBound {
		c.alice.mustNot(clauseNeutral, opencti.TransferCall, opencti.Request{}, "a consult for a conference", opencti.InvalidState, opencti.NotCapable)
		return
	}
	id := c.alice.may(clauseNeutral, opencti.TransferCall, opencti.Request{})
	c.handedOn(id)
	c.remains(opencti.Established)
}

// mergeIsRefused: there are no two calls.
func mergeIsRefused(a opencti.Activity) func(s *stage) {
	return func(s *stage) {
		alice := s.desk(0)
		none := []opencti.ErrorCode{opencti.NoHeldCall, opencti.NoActiveCall, opencti.InvalidState}
		alice.refused(a, opencti.Request{}, "a device without calls", none...)
		call := s.talking(alice)
		alice.refused(a, opencti.Request{}, "a single call that is not held", none...)
		alice.refused(a, opencti.Request{CallID: call.CallID, HeldCallID: "nowhere"}, "a call that is not here", opencti.NoSuchCall)
	}
}

// cancels: the consult ends on both sides, and the first call is back.
func cancels(initiate, cancel opencti.Activity, answered bool) func(s *stage) {
	return func(s *stage) {
		c := s.consulting(initiate)
		end := opencti.Abandoned
		if answered {
			c.answered()
			end = opencti.Released
		}
		id := c.alice.does(cancel, opencti.Request{})
		c.alice.hears(expect{event: opencti.Released, callID: c.consult, causedBy: id, ended: true, clause: clauseCancel})
		c.alice.hears(expect{event: opencti.Retrieved, callID: c.first.CallID, causedBy: id, interaction: c.first.InteractionID, data: callData(), clause: clauseCancel})
		c.bob.hears(expect{event: end, callID: c.there, ended: true, clause: clauseEnding})
	}
}

func cancelsAlone(initiate, cancel opencti.Activity) func(s *stage) {
	return func(s *stage) {
		c := s.consulting(initiate).answered()
		s.act(RowTelephone, Act{Who: c.bob.agent.DN, Does: HangsUp})
		c.bob.hears(expect{event: opencti.Released, callID: c.there, ended: true})
		c.alice.hears(expect{event: opencti.Released, callID: c.consult, ended: true})
		id := c.alice.does(cancel, opencti.Request{})
		c.alice.hears(expect{event: opencti.Retrieved, callID: c.first.CallID, causedBy: id, interaction: c.first.InteractionID, clause: clauseCancel})
	}
}

func transfersBlindly(s *stage) {
	alice, bob := s.desk(0), s.desk(1)
	first := s.talking(alice)
	id := alice.does(opencti.BlindTransfer, opencti.Request{CallID: first.CallID, DestinationNumber: bob.agent.DN, Variables: moreData()})
	alice.hears(expect{event: opencti.Transferred, callID: first.CallID, ended: true, causedBy: id, clause: clauseOneEnd})
	offer := bob.hears(expect{event: opencti.Offering, newCall: true, interaction: first.InteractionID, data: mergedData(), ani: s.cast.Customer,
		callType: opencti.Consult, originalCallType: opencti.Inbound, offeredBy: opencti.ByBlindTransfer}).Call
	bob.answered(offer.CallID)
	bob.quietly(clauseParty, "the customer and "+bob.agent.DN+" in the call", func(calls map[string]*opencti.Call) bool {
		return calls[offer.CallID] != nil && sameSet(dns(calls[offer.CallID].Parties), []string{s.cast.Customer, bob.agent.DN})
	})
}

func blindTransferIsRefused(s *stage) {
	alice := s.desk(0)
	alice.refused(opencti.BlindTransfer, opencti.Request{CallID: "nowhere", DestinationNumber: s.cast.Agents[1].DN}, "a call that is not here", opencti.NoSuchCall)
	call := s.talking(alice)
	alice.refused(opencti.BlindTransfer, opencti.Request{CallID: call.CallID}, "no destinationNumber", opencti.InvalidRequest)
	alice.refusedOrFailed(opencti.BlindTransfer, opencti.Request{CallID: call.CallID, DestinationNumber: s.given(s.cast.Unknown, "number that leads nowhere")},
		"a number that leads nowhere", opencti.InvalidDestination)
}

// refusedOrFailed: some servers say no at once, some accept and tell later.
func (d *desk) refusedOrFailed(a opencti.Activity, r opencti.Request, why string, codes ...opencti.ErrorCode) {
	r.Activity = a
	id, err := d.asks(r)
	if err == nil {
		d.hears(expect{event: opencti.RequestFailed, failed: id, clause: clauseLater})
		return
	}
	if p := wrongCode(err, why, codes); p != nil {
		d.found(d.agent.DN, "", *p)
	}
}

// transfersAtTheTelephone: the desktop follows what hands do.
func transfersAtTheTelephone(s *stage) {
	c := &consultation{stage: s, alice: s.desk(0), bob: s.desk(1)}
	c.first = s.talking(c.alice)
	c.bob.byHand()
	s.act(RowTelephone, Act{Who: c.alice.agent.DN, Does: Consults, To: c.bob.agent.DN})
	c.alice.hears(expect{event: opencti.Held, callID: c.first.CallID})
	c.consult = c.alice.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Delivered}, newCall: true}).Call.CallID
	c.there = c.bob.hears(expect{event: opencti.Offering, newCall: true}).Call.CallID
	c.bob.answered(c.there)
	c.alice.hears(expect{event: opencti.Established, callID: c.consult, after: []opencti.EventName{opencti.Delivered}})
	s.act(RowTelephone, Act{Who: c.alice.agent.DN, Does: Transfers})
	c.handedOn("")
	c.bob.hears(expect{event: opencti.Transferred, callID: c.there, state: opencti.Established, data: callData(),
		parties: []string{s.cast.Customer, c.bob.agent.DN}, clause: clauseLineage})
}
