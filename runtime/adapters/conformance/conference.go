package conformance

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// conferenceScenarios try to talk with several.
func conferenceScenarios() []scenario {
	consult := []opencti.Activity{opencti.ConferenceInitiate}
	joined := []opencti.Activity{opencti.ConferenceInitiate, opencti.ConferenceCall}
	return []scenario{
		{row: row(opencti.ConferenceInitiate), name: "consults a colleague", agents: 2, play: consults(opencti.ConferenceInitiate)},
		{row: row(opencti.ConferenceInitiate), name: "is refused", agents: 2, play: consultIsRefused(opencti.ConferenceInitiate)},
		{row: row(opencti.ConferenceCall), name: "three in a call", agents: 2, needs: consult, play: func(s *stage) { s.conference() }},
		{row: row(opencti.ConferenceCall), name: "what began as a transfer", agents: 2, needs: []opencti.Activity{opencti.TransferInitiate},
			play: conferenceWhatBeganAsTransfer},
		{row: row(opencti.ConferenceCall), name: "the customer leaves", agents: 2, needs: consult, play: customerLeavesTheConference},
		{row: row(opencti.ConferenceCall), name: "a third agent joins", agents: 3, needs: consult, play: thirdAgentJoins},
		{row: row(opencti.ConferenceCall), name: "is refused", play: mergeIsRefused(opencti.ConferenceCall)},
		{row: row(opencti.CancelConference), name: "back to the first call", agents: 2, needs: consult, play: cancels(opencti.ConferenceInitiate, opencti.CancelConference, true)},
		{row: row(opencti.CancelConference), name: "while it rings there", agents: 2, needs: consult, play: cancels(opencti.ConferenceInitiate, opencti.CancelConference, false)},
		{row: row(opencti.CancelConference), name: "the consulted party is gone", agents: 2, needs: consult, play: cancelsAlone(opencti.ConferenceInitiate, opencti.CancelConference)},
		{row: row(opencti.CancelConference), name: "is refused", play: mergeIsRefused(opencti.CancelConference)},
		{row: row(opencti.DropParty), name: "drops a party, by its number", agents: 2, needs: joined, play: drops(func(p opencti.Party) string { return p.DN })},
		{row: row(opencti.DropParty), name: "drops a party, by its id", agents: 2, needs: joined, play: drops(func(p opencti.Party) string { return p.ID })},
		{row: row(opencti.DropParty), name: "is refused", agents: 2, needs: joined, play: dropIsRefused},
		{row: RowTelephone, name: "a conference", agents: 2, play: conferenceAtTheTelephone},
	}
}

// joint is a call of alice, bob and the customer.
type joint struct {
	*consultation
	here, there *opencti.Call
}

// conference makes a consult for a conference, and joins it.
func (s *stage) conference() *joint {
	c := s.consulting(opencti.ConferenceInitiate).answered()
	return c.joined(c.alice.does(opencti.ConferenceCall, opencti.Request{}))
}

// joined waits until both desks are told of the one call that two became.
func (c *consultation) joined(id string) *joint {
	all := []string{c.cast.Customer, c.alice.agent.DN, c.bob.agent.DN}
	want := expect{event: opencti.Conferenced, callID: c.first.CallID, causedBy: id, parties: all, clause: clauseLineage, state: opencti.Established,
		interaction: c.first.InteractionID}
	if id != "" {
		want.can, want.data = []opencti.Activity{opencti.DropParty}, mergedData()
	}
	here := c.alice.hears(want)
	if here.Call.CallID != c.consult && !slices.Contains(here.PreviousCallIDs, c.consult) {
		c.alice.hears(expect{event: opencti.Conferenced, or: []opencti.EventName{opencti.Released}, callID: c.consult, ended: true, clause: clauseOneEnd})
	}
	want.callID, want.causedBy, want.can = c.there, "", nil
	there := c.bob.hears(want)
	c.alice.agrees() // and what was attached while they were joined is in
	c.bob.agrees()
	return &joint{c, here.Call, there.Call}
}

func conferenceWhatBeganAsTransfer(s *stage) {
	c := s.consulting(opencti.TransferInitiate).answered()
	if s.bench.Driver.Describe().PurposeBound {
		c.alice.mustNot(clauseNeutral, opencti.ConferenceCall, opencti.Request{}, "a consult for a transfer", opencti.InvalidState, opencti.NotCapable)
		return
	}
	c.joined(c.alice.may(clauseNeutral, opencti.ConferenceCall, opencti.Request{}))
}

// left waits until a desk is told who is still there.
func (d *desk) left(call string, parties ...string) {
	d.hears(expect{event: opencti.PartyInfo, callID: call, parties: parties, clause: clauseParty})
}

func customerLeavesTheConference(s *stage) {
	c := s.conference()
	s.customerHangsUp()
	s.row = row(opencti.ConferenceCall)
	c.alice.left(c.here.CallID, c.alice.agent.DN, c.bob.agent.DN)
	c.bob.left(c.there.CallID, c.alice.agent.DN, c.bob.agent.DN)
}

func thirdAgentJoins(s *stage) {
	c := s.conference()
	carol := s.desk(2)
	s.row = row(opencti.ConferenceCall)
	id := c.alice.does(opencti.ConferenceInitiate, opencti.Request{CallID: c.here.CallID, DestinationNumber: carol.agent.DN})
	c.alice.hears(expect{event: opencti.Held, callID: c.here.CallID, causedBy: id})
	consult := c.alice.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Delivered}, newCall: true}).Call.CallID
	there := carol.hears(expect{event: opencti.Offering, newCall: true, interaction: c.first.InteractionID, data: mergedData()}).Call.CallID
	carol.answered(there)
	c.alice.hears(expect{event: opencti.Established, callID: consult, after: []opencti.EventName{opencti.Delivered}})
	id = c.alice.does(opencti.ConferenceCall, opencti.Request{})
	all := expect{event: opencti.Conferenced, interaction: c.first.InteractionID, data: mergedData(), clause: clauseLineage,
		parties: []string{s.cast.Customer, c.alice.agent.DN, c.bob.agent.DN, carol.agent.DN}}
	for d, call := range map[*desk]string{c.alice: c.here.CallID, c.bob: c.there.CallID, carol: there} {
		want := all
		want.callID = call
		if d == c.alice {
			want.causedBy = id
		}
		got := d.hears(want)
		if d == c.alice && got.Call.CallID != consult && !slices.Contains(got.PreviousCallIDs, consult) {
			d.hears(expect{event: opencti.Conferenced, or: []opencti.EventName{opencti.Released}, callID: consult, ended: true, clause: clauseOneEnd})
		}
	}
}

func drops(named func(opencti.Party) string) func(s *stage) {
	return func(s *stage) {
		c := s.conference()
		i := slices.IndexFunc(c.here.Parties, func(p opencti.Party) bool { return p.DN == c.bob.agent.DN })
		if i < 0 {
			s.broken(problem{clauseParty, c.bob.agent.DN + " among the parties", partiesOf(c.here)})
		}
		id := c.alice.does(opencti.DropParty, opencti.Request{CallID: c.here.CallID, Party: named(c.here.Parties[i])})
		c.alice.hears(expect{event: opencti.PartyInfo, callID: c.here.CallID, causedBy: id, parties: []string{s.cast.Customer, c.alice.agent.DN}, clause: clauseParty})
		c.bob.hears(expect{event: opencti.Released, callID: c.there.CallID, ended: true, clause: clauseEnding})
	}
}

func dropIsRefused(s *stage) {
	c := s.conference()
	c.alice.refused(opencti.DropParty, opencti.Request{CallID: c.here.CallID, Party: "nobody"}, "a party that is not in the call",
		opencti.InvalidRequest, opencti.InvalidDestination, opencti.NoSuchCall)
	c.alice.refused(opencti.DropParty, opencti.Request{CallID: c.here.CallID}, "no party", opencti.InvalidRequest)
	c.alice.refused(opencti.DropParty, opencti.Request{CallID: "nowhere", Party: c.bob.agent.DN}, "a call that is not here", opencti.NoSuchCall)
}

func conferenceAtTheTelephone(s *stage) {
	c := &consultation{stage: s, alice: s.desk(0), bob: s.desk(1)}
	c.first = s.talking(c.alice)
	c.bob.byHand()
	s.act(RowTelephone, Act{Who: c.alice.agent.DN, Does: Consults, To: c.bob.agent.DN})
	c.alice.hears(expect{event: opencti.Held, callID: c.first.CallID})
	c.consult = c.alice.hears(expect{event: opencti.Initiated, or: []opencti.EventName{opencti.Delivered}, newCall: true}).Call.CallID
	c.there = c.bob.hears(expect{event: opencti.Offering, newCall: true}).Call.CallID
	c.bob.answered(c.there)
	c.alice.hears(expect{event: opencti.Established, callID: c.consult, after: []opencti.EventName{opencti.Delivered}})
	s.act(RowTelephone, Act{Who: c.alice.agent.DN, Does: Conferences})
	c.joined("")
}
