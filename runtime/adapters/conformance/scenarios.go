package conformance

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// scenarios lists all, in the order in which they run.
func scenarios() []scenario {
	return slices.Concat(sessionScenarios(), agentScenarios(), callScenarios(), transferScenarios(), conferenceScenarios(), beyondScenarios(),
		resyncScenarios(), modeScenarios(), driverScenarios(), unclaimedScenarios())
}

// sessionScenarios try the session itself.
func sessionScenarios() []scenario {
	return []scenario{
		{row: RowOpen, name: "the session opens with a Snapshot", play: func(s *stage) { s.desk(0) }},
		{row: RowOpen, name: "a telephone without an agent", play: telephoneAlone},
		{row: RowOpen, name: "a take-over", agents: 2, needs: []opencti.Activity{opencti.LoginAgent, opencti.LogoutAgent}, play: takesOver},
		{row: RowClose, name: "the session closes, the agent stays", play: closes},
	}
}

// telephoneAlone: call control needs the subscription, not a login.
func telephoneAlone(s *stage) {
	alone := s.sits(Agent{DN: s.cast.Agents[0].DN})
	s.talking(alone)
	s.customerHangsUp()
	alone.hears(expect{event: opencti.Released, ended: true, data: callData(), clause: clauseSubs})
	s.row = RowOpen
}

// takesOver: the agent goes to another telephone, and works there.
func takesOver(s *stage) {
	if s.bench.Driver.Describe().LoginRoams {
		panic(spared{})
	}
	alice := s.desk(0)
	alice.logsIn()
	s.desks = nil
	there := s.opens(Agent{ID: alice.agent.ID, Password: alice.agent.Password, DN: s.cast.Agents[1].DN}, true)
	alice.hears(expect{event: opencti.LoggedOut, after: afterLogin, clause: clauseTaken})
	<-alice.ended
	s.row = RowOpen
	if _, err := there.asks(opencti.Request{Activity: opencti.LoginAgent, AgentPassword: there.agent.Password}); err != nil {
		s.broken(problem{clauseTaken, "LoginAgent accepted at the new telephone", err.Error()})
	}
	there.hears(expect{event: opencti.LoggedIn, clause: clauseTaken})
}

func closes(s *stage) {
	alice := s.desk(0)
	before := alice.session.Agent().State
	if s.claims(opencti.LoginAgent) {
		alice.logsIn()
	}
	s.row = RowClose
	if err := s.link.Close(s.ctx, alice.session.Key()); err != nil {
		s.broken(problem{clauseDetach, "a session that closes", err.Error()})
	}
	<-alice.ended
	s.desks = nil
	if again := s.desk(0); s.claims(opencti.LoginAgent) && !again.session.Agent().LoggedIn() {
		s.found(again.agent.DN, "", problem{clauseDetach, "an agent who is still logged in", string(again.session.Agent().State) + ", before " + string(before)})
	}
}

// unclaimedScenarios look that what a class does not claim is refused, and goes nowhere.
func unclaimedScenarios() []scenario {
	var out []scenario
	for _, spec := range opencti.Specs() {
		out = append(out, scenario{row: row(spec.Activity), name: "is not supported", unclaimed: true, play: func(s *stage) {
			alice := s.desk(0)
			before := s.requests()
			s.row = row(spec.Activity)
			_, err := alice.asks(opencti.Request{Activity: spec.Activity, CallID: "1", DestinationNumber: "1", Queue: "1", Digits: "1", Party: "1"})
			if p := wrongCode(err, "an activity that the class does not claim", []opencti.ErrorCode{opencti.NotSupportedByClass}); p != nil {
				p.clause = clauseClass
				s.found("", "", *p)
			}
			if after := s.requests(); after != before {
				s.found("", "", problem{clauseClass, "no request at the CTI server", "some"})
			}
		}})
	}
	return out
}

// requests counts what has reached the CTI server, where the world can tell.
func (s *stage) requests() uint64 {
	j, ok := s.bench.World.(Journal)
	if !ok {
		return 0
	}
	n, err := j.Requests(s.ctx)
	if err != nil {
		panic(unable{"the world's journal failed: " + err.Error()})
	}
	return n
}
