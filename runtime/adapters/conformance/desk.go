package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// desk is a desktop: an agent's session with its event stream.
type desk struct {
	*stage
	agent   Agent
	session *session.Session
	mode    opencti.TelephonyMode // Full without a pool
	ended   chan struct{}         // closed when the stream is over

	mu      sync.Mutex
	judge   *judge
	heard   []*heard
	changed chan struct{} // closed at the next event
}

// heard is an event that came; taken when a scenario has waited for it.
type heard struct {
	*session.Event
	taken bool
}

func newDesk(s *stage, a Agent, open *session.Session) *desk {
	d := &desk{stage: s, agent: a, session: open, mode: open.Snapshot().Mode, ended: make(chan struct{}), changed: make(chan struct{})}
	d.judge = newJudge(func(a opencti.Activity) bool { return s.offersIn(d.mode, a) }, d.mode)
	go d.read()
	return d
}

// read follows the stream, as a desktop does: it begins with a Snapshot.
func (d *desk) read() {
	defer close(d.ended)
	first, id := d.session.FreshSnapshot()
	d.take(first)
	for seen := id.Sequence; ; {
		entries, ok, err := d.session.Events.After(d.ctx, seen)
		if err != nil || !ok {
			return
		}
		for _, e := range entries {
			seen = e.ID.Sequence
			ev := new(session.Event)
			if err := json.Unmarshal(e.JSON, ev); err != nil {
				panic(err) // the session made it
			}
			d.take(ev)
		}
	}
}

func (d *desk) take(ev *session.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rec.saw(ev.Name)
	d.judge.hear(ev)
	d.heard = append(d.heard, &heard{Event: ev})
	close(d.changed)
	d.changed = make(chan struct{})
}

// asks performs a request; what follows belongs to its row.
func (d *desk) asks(r opencti.Request) (id string, err error) {
	d.row, d.asker = Row(r.Activity), d
	ctx, cancel := context.WithTimeout(d.ctx, d.bench.Patience)
	defer cancel()
	r.ID = fmt.Sprintf("r%d", d.rec.next())
	d.mu.Lock()
	d.judge.asked[r.ID] = true
	d.mu.Unlock()
	a, err := d.session.Perform(ctx, r, "")
	return a.RequestID, err
}

// does performs a request that must be accepted, and gives its requestId.
func (d *desk) does(a opencti.Activity, r opencti.Request) string { return d.may(clauseEvent, a, r) }

// may is does by a clause of its own.
func (d *desk) may(c Clause, a opencti.Activity, r opencti.Request) string {
	r.Activity = a
	id, err := d.asks(r)
	if err != nil {
		d.broken(problem{c, string(a) + " accepted", err.Error() + shown(r)})
	}
	return id
}

// refused performs a request that must be refused with one of the codes.
func (d *desk) refused(a opencti.Activity, r opencti.Request, why string, codes ...opencti.ErrorCode) {
	d.mustNot(clauseErrors, a, r, why, codes...)
}

// mustNot is refused by a clause of its own.
func (d *desk) mustNot(c Clause, a opencti.Activity, r opencti.Request, why string, codes ...opencti.ErrorCode) {
	r.Activity = a
	_, err := d.asks(r)
	if p := wrongCode(err, why, codes); p != nil {
		p.clause = c
		d.found(d.agent.DN, "", *p)
	}
}

// forbidden performs a request that a call's state forbids: it goes nowhere.
func (d *desk) forbidden(a opencti.Activity, r opencti.Request, why string, codes ...opencti.ErrorCode) {
	before := d.requests()
	d.mustNot(clauseGate, a, r, why, codes...)
	if after := d.requests(); after != before {
		d.found(d.agent.DN, "", problem{clauseGate, string(a) + " to go nowhere for " + why, "a request at the CTI server"})
	}
}

// wrongCode compares a refusal with the codes that say what is wrong.
func wrongCode(err error, why string, codes []opencti.ErrorCode) *problem {
	want := join(codes, " or ") + " for " + why
	var e *opencti.Error
	switch {
	case err == nil:
		return &problem{clauseErrors, want, "success"}
	case !errors.As(err, &e):
		return &problem{clauseErrors, want, fmt.Sprintf("an error of type %T: %v", err, err)}
	case !slices.Contains(codes, e.Code):
		return &problem{clauseErrors, want, e.Error()}
	}
	return nil
}

func join[T ~string](in []T, with string) string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return strings.Join(out, with)
}

func shown(r opencti.Request) string {
	var parts []string
	for name, v := range map[string]string{"callId": r.CallID, "heldCallId": r.HeldCallID, "consultCallId": r.ConsultCallID,
		"destinationNumber": r.DestinationNumber, "queue": r.Queue, "party": r.Party} {
		if v != "" {
			parts = append(parts, name+" "+v)
		}
	}
	slices.Sort(parts)
	if len(parts) == 0 {
		return ""
	}
	return ", asked with " + strings.Join(parts, ", ")
}

// hears waits for an event, checks it, and gives it. An event that does not come, or
// another one in its place, ends the scenario.
func (d *desk) hears(want expect) *session.Event {
	if want.optional(d.bench) {
		return nil
	}
	deadline := time.NewTimer(d.bench.Patience)
	defer deadline.Stop()
	for {
		d.mu.Lock()
		got, verdict := d.find(&want)
		changed, instead := d.changed, d.instead(&want)
		d.mu.Unlock()
		switch {
		case got != nil:
			d.weigh(&want, got)
			return got
		case verdict != nil:
			d.found(d.agent.DN, want.event, *verdict)
			panic(over{})
		}
		select {
		case <-changed:
			continue
		case <-d.ended:
		case <-deadline.C:
		case <-d.ctx.Done():
		}
		d.found(d.agent.DN, want.event, problem{want.why(clauseEvent), want.String(), "nothing within " + d.bench.Patience.String() + instead})
		panic(over{})
	}
}

// instead tells what came and was not waited for: of the event itself, what it lacked. The
// desk is locked.
func (d *desk) instead(want *expect) string {
	var came []string
	for _, h := range d.heard {
		t, _ := opencti.TypeOf(h.Name)
		switch {
		case h.taken:
		case h.Name == want.event && want.concerns(h.Event, nil):
			for _, p := range want.check(h.Event) {
				came = append(came, fmt.Sprintf("one that differs (expected %s, came %s)", p.want, p.got))
			}
		case t != opencti.TypeSnapshot:
			came = append(came, describe(h.Event))
		}
	}
	if len(came) == 0 {
		return ""
	}
	return ", but " + strings.Join(came, "; ")
}

func describe(e *session.Event) string {
	switch {
	case e.Call != nil:
		return fmt.Sprintf("%s of call %s", e.Name, e.Call.CallID)
	case e.Agent != nil && e.Agent.ReasonCode != "":
		return fmt.Sprintf("%s (%s)", e.Name, e.Agent.ReasonCode)
	}
	return string(e.Name)
}

// find looks for the event among those that nobody has taken. Call and agent events must
// come in order: another one in the place of the one that is due is a verdict. The desk is
// locked.
func (d *desk) find(want *expect) (*session.Event, *problem) {
	met := d.met()
	for _, h := range d.heard {
		if h.taken || !want.concerns(h.Event, met) {
			continue
		}
		switch {
		case want.is(h.Event):
			h.taken = true
			return h.Event, nil
		case want.passes(h.Event), !d.bench.tells(h.Name):
			h.taken = true
		case want.inOrder():
			return nil, &problem{want.why(want.misplaced()), want.String(), describe(h.Event)}
		}
	}
	return nil, nil
}

// met are the calls of which the scenario has taken an event. The desk is locked.
func (d *desk) met() map[string]bool {
	out := map[string]bool{}
	for _, h := range d.heard {
		if h.taken && h.Call != nil {
			out[h.Call.CallID] = true
		}
	}
	return out
}

// weigh compares an event with what it should be.
func (d *desk) weigh(want *expect, got *session.Event) {
	d.rec.mark(d.row, got.Name, Passed)
	problems := want.check(got)
	_, ofActivity := opencti.SpecOf(opencti.Activity(d.row))
	if want.causedBy == "" && want.failed == "" && got.CausedBy != "" && (!ofActivity || d.asker != d) {
		problems = append(problems, problem{clauseCausedBy, string(got.Name) + " without causedBy: nobody here asked for it", got.CausedBy})
	}
	for _, p := range problems {
		d.found(d.agent.DN, got.Name, p)
	}
}

// quietly waits until the desk agrees on a fact of its calls; for what is told by PartyInfo
// or CallInfo, of which several may come.
func (d *desk) quietly(clause Clause, want string, is func(calls map[string]*opencti.Call) bool) {
	p := d.until(func() *problem {
		d.mu.Lock()
		defer d.mu.Unlock()
		if is(d.judge.calls) {
			return nil
		}
		return &problem{clause, want, d.judge.summary()}
	})
	if p != nil {
		d.found(d.agent.DN, "", *p)
	}
}

// byHand says that a consult is made at a telephone.
func (d *desk) byHand() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.judge.byHand = true
}

// agrees compares the CTI server's snapshot with what events told.
func (d *desk) agrees() {
	device := d.tap.device(d.agent.DN)
	p := d.until(func() *problem {
		ctx, cancel := context.WithTimeout(d.ctx, d.bench.Patience)
		defer cancel()
		snap, err := device.Snapshot(ctx)
		if err != nil {
			return &problem{clauseComplete, "a snapshot", err.Error()}
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.judge.compare(snap)
	})
	if p != nil {
		d.found(d.agent.DN, "", *p)
	}
}

// leftOver notes the call events that nobody waited for, and what the judge objects to.
func (d *desk) leftOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.heard {
		if t, _ := opencti.TypeOf(h.Name); t == opencti.TypeCallState && !h.taken && d.bench.tells(h.Name) {
			d.found(d.agent.DN, h.Name, problem{clauseEvent, "no further event of a call", describe(h.Event)})
		}
	}
	for _, p := range d.judge.wrong {
		d.found(d.agent.DN, "", p)
	}
	d.judge.wrong = nil
}
