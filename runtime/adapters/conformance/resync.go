package conformance

import (
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// resyncScenarios try what happens when the connection, or events, are lost.
func resyncScenarios() []scenario {
	return []scenario{
		{row: row(opencti.Resync), name: "everything is asked for anew", play: resyncs},
		{row: RowServer, name: "the connection is lost with a call", play: losesTheConnection},
		{row: RowServer, name: "a call ends while the connection is lost", play: losesACall},
		{row: RowServer, name: "messages are lost", play: losesMessages},
		{row: RowServer, name: "a request fails after it was accepted", needs: []opencti.Activity{opencti.HoldCall}, play: failsLater},
	}
}

func resyncs(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	id := alice.does(opencti.Resync, opencti.Request{})
	alice.hears(expect{event: opencti.SnapshotEvent, causedBy: id, clause: clauseSnapshot, inSnapshot: call})
	s.customerHangsUp()
	alice.hears(expect{event: opencti.Released, callID: call.CallID, ended: true, interaction: call.InteractionID})
}

func losesTheConnection(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	s.act(RowServer, Act{Does: LosesConnections})
	alice.hears(expect{event: opencti.LinkLost, clause: clauseLink})
	alice.hears(expect{event: opencti.LinkUp, clause: clauseLink})
	alice.hears(expect{event: opencti.SnapshotEvent, clause: clauseLink, inSnapshot: call})
	s.customerHangsUp()
	alice.hears(expect{event: opencti.Released, callID: call.CallID, ended: true, interaction: call.InteractionID})
}

func losesACall(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice)
	release := s.tap.hold()
	defer release()
	s.act(RowServer, Act{Does: LosesConnections})
	alice.hears(expect{event: opencti.LinkLost, clause: clauseLink})
	if s.claims(opencti.AnswerCall) {
		alice.refused(opencti.AnswerCall, opencti.Request{CallID: call.CallID}, "a lost connection", opencti.LinkDown)
	}
	s.customerHangsUp()
	s.row = RowServer
	release()
	alice.hears(expect{event: opencti.Released, callID: call.CallID, ended: true, cause: "LostInResync", clause: clauseLink})
	alice.hears(expect{event: opencti.LinkUp, clause: clauseLink})
	alice.hears(expect{event: opencti.SnapshotEvent, clause: clauseLink})
}

func losesMessages(s *stage) {
	alice := s.desk(0)
	call := s.offered(alice)
	s.act(RowServer, Act{Who: alice.agent.DN, Does: LosesMessages})
	alice.hears(expect{event: opencti.SnapshotEvent, clause: clauseSubs, inSnapshot: call})
	s.customerHangsUp()
	alice.hears(expect{event: opencti.Abandoned, callID: call.CallID, ended: true, interaction: call.InteractionID, clause: clauseSubs})
}

func failsLater(s *stage) {
	alice := s.desk(0)
	call := s.talking(alice)
	s.act(RowServer, Act{Who: alice.agent.DN, Does: FailsLater})
	id := alice.does(opencti.HoldCall, opencti.Request{CallID: call.CallID})
	s.row = RowServer
	alice.hears(expect{event: opencti.RequestFailed, failed: id, clause: clauseLater})
}
