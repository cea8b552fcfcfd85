package conformance

import (
	"fmt"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// modeScenarios try what a telephony mode leaves of the class. That of all the other
// scenarios is Full.
func modeScenarios() []scenario {
	var out []scenario
	for _, m := range []struct {
		row  Row
		mode opencti.TelephonyMode
	}{{RowSimple, opencti.Simple}, {RowStates, opencti.SimpleWithAgentState}, {RowFull, opencti.Full}} {
		out = append(out,
			scenario{row: m.row, mode: m.mode, name: "which activities there are", play: activitiesOfTheMode},
			scenario{row: m.row, mode: m.mode, name: "what is told of a call that is answered", play: answeredInTheMode},
			scenario{row: m.row, mode: m.mode, name: "what is told of a call that is given up", play: abandonedInTheMode},
			scenario{row: m.row, mode: m.mode, name: "what is told of a call that is made", agents: 2, play: madeInTheMode},
			scenario{row: m.row, mode: m.mode, name: "what is told of the agent", needs: []opencti.Activity{opencti.LoginAgent}, play: agentInTheMode},
		)
	}
	return out
}

// offers says which activities a desktop has: what the class claims and the mode leaves.
func (s *stage) offers(a opencti.Activity) bool { return s.offersIn(s.mode, a) }

func (s *stage) offersIn(m opencti.TelephonyMode, a opencti.Activity) bool {
	logs := a == opencti.LoginAgent || a == opencti.LogoutAgent
	return s.claims(a) && (m.Permits(a) || logs && s.bench.Driver.Describe().LoginInSimpleMode)
}

// activitiesOfTheMode asks for each activity, at a device that is not the session's: what
// the mode has is refused for that, and nothing is done.
func activitiesOfTheMode(s *stage) {
	alice, modeRow := s.desk(0), s.row
	before := s.requests()
	for _, spec := range opencti.Specs() {
		if !s.claims(spec.Activity) {
			continue
		}
		want, why := opencti.InvalidRequest, "a request in the mode "+string(s.mode)+" with the dn of somebody else"
		if !s.offers(spec.Activity) {
			want, why = opencti.NotPermittedInMode, "what the mode "+string(s.mode)+" does not have"
		}
		_, err := alice.asks(opencti.Request{Activity: spec.Activity, DN: "elsewhere"})
		s.row = modeRow
		if p := wrongCode(err, why, []opencti.ErrorCode{want}); p != nil {
			s.found("", "", problem{clauseMode, string(spec.Activity) + ": " + p.want, p.got})
		}
	}
	for _, a := range alice.session.Snapshot().Activities {
		if !s.offers(a) {
			s.found("", opencti.SnapshotEvent, problem{clauseMode, "only activities that the mode has, in the Snapshot", string(a)})
		}
	}
	if after := s.requests(); after != before {
		s.found("", "", problem{clauseMode, "no request at the CTI server", fmt.Sprintf("%d", after-before)})
	}
}

// told waits for an event if the mode shows it; offered says that its call is on offer.
func (d *desk) told(offered bool, want expect) {
	if d.mode.Shows(want.event, offered) {
		want.clause = clauseMode
		d.hears(want)
	}
}

func answeredInTheMode(s *stage) {
	alice, modeRow := s.desk(0), s.row
	call := s.offered(alice)
	for _, step := range []struct {
		does    Deed
		event   opencti.EventName
		offered bool
	}{{Answers, opencti.Established, true}, {Holds, opencti.Held, false}, {Retrieves, opencti.Retrieved, false}} {
		s.act(modeRow, Act{Who: alice.agent.DN, Does: step.does})
		alice.told(step.offered, expect{event: step.event, callID: call.CallID, interaction: call.InteractionID, data: callData()})
		alice.agrees() // and nothing else came until then
	}
	s.customerHangsUp()
	s.row = modeRow
	alice.told(false, expect{event: opencti.Released, callID: call.CallID, ended: true})
}

func abandonedInTheMode(s *stage) {
	alice, modeRow := s.desk(0), s.row
	call := s.offered(alice)
	s.row = modeRow
	if slices.ContainsFunc(call.Capabilities, func(a opencti.Activity) bool { return !s.offers(a) }) {
		s.found(alice.agent.DN, opencti.Offering, problem{clauseMode, "only capabilities that the mode has", list(call.Capabilities)})
	}
	alice.does(opencti.AcceptInteraction, opencti.Request{CallID: call.CallID})
	s.customerHangsUp()
	s.row = modeRow
	alice.told(true, expect{event: opencti.Abandoned, callID: call.CallID, ended: true, interaction: call.InteractionID})
}

// madeInTheMode: nothing of a call that was never on offer is told by a simple mode.
func madeInTheMode(s *stage) {
	alice, modeRow := s.desk(0), s.row
	bob := s.sits(Agent{DN: s.cast.Agents[1].DN}) // a session without a pool is told everything
	s.act(modeRow, Act{Who: alice.agent.DN, Does: Calls, To: bob.agent.DN})
	if s.mode == opencti.Full {
		alice.rings("")
	}
	offer := bob.hears(expect{event: opencti.Offering, newCall: true}).Call
	s.act(modeRow, Act{Who: bob.agent.DN, Does: Answers})
	bob.hears(expect{event: opencti.Established, callID: offer.CallID})
	alice.told(false, expect{event: opencti.Established})
	s.act(modeRow, Act{Who: alice.agent.DN, Does: HangsUp})
	bob.hears(expect{event: opencti.Released, callID: offer.CallID, ended: true})
	alice.told(false, expect{event: opencti.Released, ended: true})
}

// agentInTheMode logs in as the telephone would where the mode leaves that to it.
func agentInTheMode(s *stage) {
	alice, modeRow := s.desk(0), s.row
	if s.offers(opencti.SetAgentReady) {
		alice.ready()
		return
	}
	if s.offers(opencti.LoginAgent) {
		alice.does(opencti.LoginAgent, opencti.Request{AgentPassword: alice.agent.Password})
	} else {
		s.overlaps()
		r := opencti.Request{Activity: opencti.LoginAgent, ID: "telephone", AgentID: alice.agent.ID, AgentPassword: alice.agent.Password, DN: alice.agent.DN}
		s.must(clauseMode, "LoginAgent on another connection", opencti.Perform(s.ctx, s.connect().device(0), r))
	}
	s.row = modeRow
	e := alice.hears(expect{event: opencti.SnapshotEvent, clause: clauseMode})
	if got := e.Snapshot.Agent; got.State != opencti.LoggedIn || got.NativeState != "" || got.Queues != nil {
		s.found(alice.agent.DN, opencti.SnapshotEvent, problem{clauseMode, "an agent LoggedIn, and no more", fmt.Sprintf("%+v", got)})
	}
}
