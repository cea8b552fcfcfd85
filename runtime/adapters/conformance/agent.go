package conformance

import (
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// agentScenarios try the agent's state at the ACD.
func agentScenarios() []scenario {
	return []scenario{
		{row: row(opencti.LoginAgent), name: "logs in", play: logsIn},
		{row: row(opencti.LoginAgent), name: "is refused", play: loginIsRefused},
		{row: row(opencti.LoginAgent), name: "by queue", play: logsInByQueue},
		{row: row(opencti.LogoutAgent), name: "logs out", play: logsOut},
		{row: row(opencti.LogoutAgent), name: "queue by queue", play: logsOutByQueue},
		{row: row(opencti.SetAgentReady), name: "becomes available", play: becomesReady},
		{row: row(opencti.SetAgentReady), name: "gets a call of the queue", play: getsACallOfTheQueue},
		{row: row(opencti.SetAgentNotReady), name: "becomes unavailable, with a reason", play: becomesNotReady},
		{row: row(opencti.SetAgentNotReady), name: "starts after-call work", play: startsAfterCallWork},
		{row: row(opencti.SetAgentNotReady), name: "while busy", play: notReadyWhileBusy},
		{row: RowServer, name: "a supervisor changes the state", needs: []opencti.Activity{opencti.LoginAgent}, play: supervisorChangesTheState},
		{row: RowServer, name: "the agent's state is not known", needs: []opencti.Activity{opencti.LoginAgent}, play: stateIsNotKnown},
	}
}

func row(a opencti.Activity) Row { return Row(a) }

// afterLogin may follow a login at once: the first state, and further queues.
var afterLogin = []opencti.EventName{opencti.LoggedIn, opencti.Unavailable, opencti.Available, opencti.AfterCallWork}

// logsIn logs the desk's agent in.
func (d *desk) logsIn() {
	id := d.does(opencti.LoginAgent, opencti.Request{AgentPassword: d.agent.Password})
	d.hears(expect{event: opencti.LoggedIn, causedBy: id})
	d.hears(expect{event: opencti.SnapshotEvent, clause: clauseSnapshot})
}

// ready logs the desk's agent in and makes it available.
func (d *desk) ready() {
	d.logsIn()
	id := d.does(opencti.SetAgentReady, opencti.Request{})
	d.hears(expect{event: opencti.Available, after: afterLogin, causedBy: id})
}

func logsIn(s *stage) { s.desk(0).logsIn() }

func loginIsRefused(s *stage) {
	alice := s.desk(0)
	if alice.agent.Password != "" {
		alice.refused(opencti.LoginAgent, opencti.Request{AgentPassword: alice.agent.Password + "x"}, "a wrong password", opencti.AuthenticationFailed)
	}
	alice.refused(opencti.LoginAgent, opencti.Request{AgentPassword: alice.agent.Password, Queue: "no-such-queue"}, "a queue that does not exist", opencti.InvalidQueue)
	alice.logsIn()
	alice.forbidden(opencti.LoginAgent, opencti.Request{AgentPassword: alice.agent.Password}, "an agent who is logged in", opencti.AlreadyLoggedIn)
}

// queues gives the first n queues of the world.
func (s *stage) queues(n int) []string {
	switch have := len(s.cast.Queues); {
	case have >= n:
		return s.cast.Queues[:n]
	case have == 0 && !s.bench.tells(opencti.Queued):
		panic(spared{})
	case have == 0:
		panic(unable{"the world's cast has no queue"})
	}
	panic(unable{"the world's cast has no second queue"})
}

func logsInByQueue(s *stage) {
	queues, alice := s.queues(2), s.desk(0)
	for i, q := range queues {
		id := alice.does(opencti.LoginAgent, opencti.Request{AgentPassword: alice.agent.Password, Queue: q})
		if i == 0 {
			alice.hears(expect{event: opencti.LoggedIn, causedBy: id})
		}
		alice.isIn(queues[:i+1])
	}
}

// isIn waits until the agent is told to be in just these queues.
func (d *desk) isIn(queues []string) {
	if p := d.until(func() *problem {
		var names []string
		for _, q := range d.session.Agent().Queues {
			names = append(names, q.Name)
		}
		if sameSet(names, queues) {
			return nil
		}
		return &problem{clauseQueues, "the agent in the queues " + list(queues), list(names)}
	}); p != nil {
		d.found(d.agent.DN, "", *p)
	}
}

func logsOut(s *stage) {
	alice := s.desk(0)
	alice.forbidden(opencti.LogoutAgent, opencti.Request{}, "an agent who is not logged in", opencti.NotLoggedIn)
	alice.logsIn()
	id := alice.does(opencti.LogoutAgent, opencti.Request{})
	alice.hears(expect{event: opencti.LoggedOut, after: afterLogin, causedBy: id})
	alice.hears(expect{event: opencti.SnapshotEvent, clause: clauseSnapshot})
	s.row = row(opencti.LogoutAgent)
	s.act(RowCaller, Act{Who: s.given(s.cast.Customer, "customer"), Does: Calls, To: alice.agent.DN})
	alice.hears(expect{event: opencti.Offering, newCall: true, clause: clauseDetach}) // the session goes on
}

func logsOutByQueue(s *stage) {
	queues, alice := s.queues(2), s.desk(0)
	for _, q := range queues {
		alice.does(opencti.LoginAgent, opencti.Request{AgentPassword: alice.agent.Password, Queue: q})
	}
	alice.hears(expect{event: opencti.LoggedIn})
	alice.isIn(queues)
	alice.does(opencti.LogoutAgent, opencti.Request{Queue: queues[0]})
	alice.isIn(queues[1:])
	alice.does(opencti.LogoutAgent, opencti.Request{Queue: queues[1]})
	alice.hears(expect{event: opencti.LoggedOut, clause: clauseQueues, after: afterLogin})
}

func becomesReady(s *stage) {
	alice := s.desk(0)
	alice.forbidden(opencti.SetAgentReady, opencti.Request{}, "an agent who is not logged in", opencti.NotLoggedIn)
	alice.ready()
}

// queued lets the customer call the first queue.
func (s *stage) queued() {
	s.act(RowCaller, Act{Who: s.given(s.cast.Customer, "customer"), Does: Calls, To: s.queues(1)[0], Data: callData()})
}

func getsACallOfTheQueue(s *stage) {
	alice := s.desk(0)
	queue := s.queues(1)[0]
	alice.ready()
	s.queued()
	offer := alice.hears(expect{event: opencti.Offering, newCall: true, callType: opencti.Inbound, offeredBy: opencti.ByQueue,
		queue: queue, ani: s.cast.Customer, data: callData()})
	alice.answered(offer.Call.CallID)
	alice.hears(expect{event: opencti.Busy})
	s.act(RowCaller, Act{Who: s.cast.Customer, Does: HangsUp})
	alice.hears(expect{event: opencti.Released, callID: offer.Call.CallID, ended: true})
	alice.hears(expect{event: opencti.AfterCallWork, or: []opencti.EventName{opencti.Available}, after: []opencti.EventName{opencti.Busy}})
}

func becomesNotReady(s *stage) {
	alice := s.desk(0)
	alice.forbidden(opencti.SetAgentNotReady, opencti.Request{}, "an agent who is not logged in", opencti.NotLoggedIn)
	alice.ready()
	for _, reason := range []string{"lunch", "training"} {
		id := alice.does(opencti.SetAgentNotReady, opencti.Request{ReasonCode: reason})
		alice.hears(expect{event: opencti.Unavailable, reason: reason, causedBy: id})
	}
	id := alice.does(opencti.SetAgentReady, opencti.Request{})
	alice.hears(expect{event: opencti.Available, causedBy: id})
}

func startsAfterCallWork(s *stage) {
	alice := s.desk(0)
	alice.ready()
	if !s.bench.tells(opencti.AfterCallWork) {
		alice.refused(opencti.SetAgentNotReady, opencti.Request{WorkMode: opencti.AfterCallWorkMode}, "after-call work, which cannot be told", opencti.NotCapable)
		return
	}
	id := alice.does(opencti.SetAgentNotReady, opencti.Request{WorkMode: opencti.AfterCallWorkMode})
	alice.hears(expect{event: opencti.AfterCallWork, workMode: opencti.AfterCallWorkMode, causedBy: id})
	id = alice.does(opencti.SetAgentReady, opencti.Request{})
	alice.hears(expect{event: opencti.Available, causedBy: id})
}

func notReadyWhileBusy(s *stage) {
	alice := s.desk(0)
	alice.ready()
	s.queued()
	offer := alice.hears(expect{event: opencti.Offering, newCall: true})
	alice.answered(offer.Call.CallID)
	alice.hears(expect{event: opencti.Busy})
	id := alice.does(opencti.SetAgentNotReady, opencti.Request{ReasonCode: "lunch"})
	alice.hears(expect{event: opencti.Busy, pending: opencti.Unavailable, causedBy: id, clause: clausePending})
	s.act(RowCaller, Act{Who: s.cast.Customer, Does: HangsUp})
	alice.hears(expect{event: opencti.Released, callID: offer.Call.CallID, ended: true})
	next := alice.hears(expect{event: opencti.Unavailable, or: []opencti.EventName{opencti.AfterCallWork}})
	if next != nil && next.Name == opencti.AfterCallWork && next.Agent.PendingState != opencti.Unavailable {
		s.found(alice.agent.DN, opencti.AfterCallWork, problem{clausePending, "AfterCallWork with pendingState Unavailable", string(next.Agent.PendingState)})
	}
}

func supervisorChangesTheState(s *stage) {
	alice := s.desk(0)
	alice.ready()
	s.act(RowServer, Act{Who: alice.agent.ID, Does: IsMadeNotReady})
	alice.hears(expect{event: opencti.Unavailable})
}

func stateIsNotKnown(s *stage) {
	if !s.bench.tells(opencti.Unknown) {
		panic(spared{})
	}
	alice := s.desk(0)
	alice.ready()
	s.act(RowServer, Act{Who: alice.agent.ID, Does: Forgets})
	alice.hears(expect{event: opencti.Unknown, after: []opencti.EventName{opencti.LoggedOut}})
}
