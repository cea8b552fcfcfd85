package csta

import (
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// promise is a request that is under way, or accepted and not done yet.
type promise struct {
	requestID string
	calls     []string
	// creates: it makes a call, and when that fails the call's event tells.
	creates bool
	// Of a request about the agent: the state that is wanted, and that which was.
	wanted, was wire.AgentState
	until       time.Time
}

const (
	promiseLife   = 30 * time.Second
	promisesBound = 16
)

// promise remembers a request about calls before it is sent, as events may be faster than the
// answer.
func (p *phone) promise(requestID string, creates bool, calls ...string) {
	p.remember(promise{requestID: requestID, creates: creates, calls: calls})
}

func (p *phone) remember(q promise) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	q.until = now.Add(promiseLife)
	p.promises = slices.DeleteFunc(p.promises, func(q promise) bool { return now.After(q.until) })
	if len(p.promises) >= promisesBound {
		p.promises = slices.Delete(p.promises, 0, 1)
	}
	p.promises = append(p.promises, q)
}

// forgive forgets a request: its answer told.
func (p *phone) forgive(requestID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.promises = slices.DeleteFunc(p.promises, func(q promise) bool { return q.requestID == requestID })
}

// settle takes an event of the call as the fulfilment of what was asked for it.
func (p *phone) settle(name, callID string) {
	if name == "Failed" || name == "CallInformation" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.promises = slices.DeleteFunc(p.promises, func(q promise) bool { return !q.creates && slices.Contains(q.calls, callID) })
}

// take finds the newest request about one of the calls, and forgets it.
func (p *phone) take(withCreated bool, calls ...string) (requestID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for i, q := range slices.Backward(p.promises) {
		about := slices.ContainsFunc(q.calls, func(id string) bool { return id != "" && slices.Contains(calls, id) })
		if about && (withCreated || !q.creates) && now.Before(q.until) {
			p.promises = slices.Delete(p.promises, i, i+1)
			return q.requestID
		}
	}
	return ""
}

// broken tells of a service in several steps that was accepted and failed.
func (p *phone) broken(e *wire.ServiceCompletionFailureEvent) []failure {
	calls := []string{e.PrimaryCall.Connection.CallID}
	if e.SecondaryCall != nil {
		calls = append(calls, e.SecondaryCall.Connection.CallID)
	}
	return failed(p.take(true, calls...), "ServiceCompletionFailure", e.Cause)
}

// refused tells of a request that was accepted and failed, where the call itself lives on. A
// call that fails is an event of the call.
func (p *phone) refused(e *wire.FailedEvent) []failure {
	switch e.LocalConnectionInfo {
	case "", wire.StateFail, wire.StateNull:
		return nil
	}
	return failed(p.take(false, e.Connection.CallID), "Failed", e.Cause)
}

func failed(requestID, event string, cause wire.EventCause) []failure {
	if requestID == "" {
		return nil
	}
	return []failure{{requestID, causeError(event, cause)}}
}

// promiseAgent remembers a request for an agent's state, before it is sent.
func (p *phone) promiseAgent(requestID string, wanted wire.AgentState) {
	p.mu.Lock()
	was := p.agentIs
	p.mu.Unlock()
	if was != "" && was != wanted && was != wire.AgentBusy { // else it is done when the calls are over
		p.remember(promise{requestID: requestID, wanted: wanted, was: was})
	}
}

// agentBecame takes an agent's state. One that is told anew, where another has been accepted,
// says that nothing came of it.
func (p *phone) agentBecame(state wire.AgentState) (failed []failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.agentIs = state
	now := time.Now()
	p.promises = slices.DeleteFunc(p.promises, func(q promise) bool {
		if q.wanted == "" {
			return false
		}
		if q.was == state && now.Before(q.until) {
			why := opencti.Errorf(opencti.InvalidState, "the switch accepted, and left the agent as he was").WithDetail(string(state))
			failed = append(failed, failure{q.requestID, why})
		}
		return true
	})
	return failed
}

func (p *phone) agentBusy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.agentIs == wire.AgentBusy
}
