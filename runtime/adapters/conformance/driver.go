package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// driverScenarios drive the driver alone: what no desktop sees, and what only shows when
// something else is late or lost.
func driverScenarios() []scenario {
	login := []opencti.Activity{opencti.LoginAgent}
	return []scenario{
		{row: RowDriver, name: "describes itself", play: describesItself},
		{row: RowDriver, name: "does not connect", play: doesNotConnect},
		{row: RowDriver, name: "connects passively", needs: login, play: connectsPassively},
		{row: RowDriver, name: "does not wait when the time is over", play: doesNotWait},
		{row: RowDriver, name: "closes", play: closesConnection},
		{row: RowDriver, name: "loses the connection", play: diesWithTheConnection},
		{row: RowDriver, name: "subscribes once", play: subscribesOnce},
		{row: RowDriver, name: "a complete snapshot", play: snapshotIsComplete},
		{row: RowDriver, name: "two connections", play: connectionsOverlap},
		{row: RowDriver, name: "detaches and closes", needs: login, play: detaches},
		{row: RowDriver, name: "a device that does not exist", play: unknownDevice},
		{row: RowDriver, name: "an agent who sits elsewhere", agents: 2, needs: login, play: sitsElsewhere},
		{row: RowDriver, name: "refuses what is not there", play: refusesWhatIsNotThere},
		{row: RowDriver, name: "asks for the agent's state", needs: login, play: polls},
	}
}

var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

func describesItself(s *stage) {
	about, again := s.bench.Driver.Describe(), s.bench.Driver.Describe()
	for _, c := range []struct {
		ok         bool
		want, came string
	}{
		{label.MatchString(about.Name), "a name that is a DNS label", about.Name},
		{about.Name == again.Name && slices.Equal(about.Activities(), again.Activities()), "the same description each time", again.Name},
		{about.Summary != "", "a summary", "none"},
		{about.Device != nil, "a prototype of its Device", "nil"},
		{slices.Contains([]opencti.Handover{opencti.Overlap, opencti.Resume, opencti.Reopen}, about.Handover), "Overlap, Resume or Reopen", string(about.Handover)},
	} {
		if !c.ok {
			s.found("", "", problem{clauseDescribe, c.want, c.came})
		}
	}
	s.parameters(about)
	s.namesItsCalls(about)
	s.leavesOut(about)
}

func (s *stage) parameters(about opencti.Description) {
	defer func() {
		if why := recover(); why != nil {
			s.found("", "", problem{clauseDescribe, "parameters from the tags of Config", fmt.Sprint(why)})
		}
	}()
	for _, p := range opencti.ParametersOf(about.Config()) {
		if p.Name == "" || p.Description == "" {
			s.found("", "", problem{clauseDescribe, "a name and a doc for each parameter", fmt.Sprintf("%q: %q", p.Name, p.Description)})
		}
		if p.Secret && p.Default != "" {
			s.found("", "", problem{clauseDescribe, "no default for the secret " + p.Name, "one"})
		}
	}
}

// soon is how long something may take that must not wait.
const soon = 2 * time.Second

func doesNotConnect(s *stage) {
	for _, r := range s.bench.Refusals {
		ctx, cancel := context.WithTimeout(s.ctx, s.bench.Patience)
		c, err := s.dial(ctx, r.Config, &memory{})
		cancel()
		if err == nil {
			_ = c.Close(s.ctx)
		}
		if p := wrongCode(err, r.Name, []opencti.ErrorCode{r.Want}); p != nil {
			p.clause = clauseConnect
			s.found("", "", *p)
		}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	s.within("Connect", func() error {
		c, err := s.dial(ctx, s.bench.Config, &memory{})
		if err == nil {
			_ = c.Close(s.ctx)
		}
		return err
	})
}

// within looks that a call with a context that is over comes back soon, with an error.
func (s *stage) within(what string, call func() error) {
	start := time.Now()
	err := call()
	if took := time.Since(start); took > soon {
		s.found("", "", problem{clauseContext, what + " back at once", took.Round(time.Millisecond).String()})
	}
	if err == nil {
		s.found("", "", problem{clauseContext, what + " to fail: its context was over", "success"})
	}
}

func (s *stage) overlaps() {
	if s.bench.Driver.Describe().Handover != opencti.Overlap {
		panic(spared{})
	}
}

func connectsPassively(s *stage) {
	s.overlaps()
	alice := s.desk(0)
	alice.ready()
	call := s.offered(alice)
	second := s.connect()
	d := second.device(0)
	if p := s.until(func() *problem { // what the offer changes may take a moment
		snap, is := second.snapshot(d), alice.session.Agent().State
		if snap.Agent.State == is && len(snap.Calls) == 1 && snap.Calls[0].CallID == call.CallID {
			return nil
		}
		return &problem{clausePassive, fmt.Sprintf("the agent %s with call %s", is, call.CallID), fmt.Sprintf("%s with %d calls", snap.Agent.State, len(snap.Calls))}
	}); p != nil {
		s.found(alice.agent.DN, "", *p)
	}
}

func doesNotWait(s *stage) {
	r := s.connect()
	d := r.device(0)
	over, cancel := context.WithCancel(s.ctx)
	cancel()
	s.within("Snapshot", func() error { _, err := d.Snapshot(over); return err })
	s.within("Subscribe", func() error { return r.opened(1).Subscribe(over) })
	for _, spec := range opencti.Specs() {
		if spec.BySession() || !s.claims(spec.Activity) || spec.Activity == opencti.GetStatistics {
			continue
		}
		s.within(string(spec.Activity), func() error { return opencti.Perform(over, d, s.sample(spec.Activity)) })
	}
	if r.snapshot(d); len(r.sink.all()) > 0 {
		s.found("", "", problem{clauseContext, "nothing done of what was given up before it began", fmt.Sprintf("%d events", len(r.sink.all()))})
	}
}

// sample is a request as a session would make it, of a call that is not there.
func (s *stage) sample(a opencti.Activity) opencti.Request {
	first := s.cast.Agents[0]
	r := opencti.Request{Activity: a, ID: "sample", AgentID: first.ID, AgentPassword: first.Password, DN: first.DN, CallID: "nowhere", HeldCallID: "elsewhere",
		DestinationNumber: s.cast.Agents[1].DN, Digits: "1", Party: "nobody", Enabled: true, Variables: callData()}
	if len(s.cast.Queues) > 0 {
		r.Queue = s.cast.Queues[0]
	}
	return r
}

func closesConnection(s *stage) {
	before := goleak.IgnoreCurrent()
	r := s.connect()
	d := r.device(0)
	r.snapshot(d)
	s.must(clauseDetach, "Close of the device", d.Close(s.ctx))
	s.must(clauseDone, "Close of the connection", r.Close(s.ctx))
	r.gone(clauseDone)
	if err := r.Err(); err != nil {
		s.found("", "", problem{clauseDone, "no Err after Close", err.Error()})
	}
	if err := goleak.Find(before); err != nil {
		s.found("", "", problem{clauseNothing, "no goroutine left", firstLine(err.Error())})
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.bench.Patience)
	defer cancel()
	s.within("Snapshot of a closed connection", func() error { _, err := d.Snapshot(ctx); return err })
}

func firstLine(s string) string {
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return regexp.MustCompile(`\s+`).ReplaceAllString(s, " ")
}

func diesWithTheConnection(s *stage) {
	r := s.connect()
	d := r.device(0)
	s.act(RowServer, Act{Does: LosesConnections})
	s.row = RowDriver
	r.gone(clauseDone)
	if r.Err() == nil {
		s.found("", "", problem{clauseDone, "an Err that says why", "nil"})
	}
	_, err := d.Snapshot(s.ctx)
	if p := wrongCode(err, "a lost connection", []opencti.ErrorCode{opencti.LinkDown}); p != nil {
		s.found("", "", *p)
	}
	s.must(clauseDone, "Close after the loss", r.Close(s.ctx))
}

// subscribesOnce: a second Subscribe doubles nothing. The tap finds what comes twice.
func subscribesOnce(s *stage) {
	r := s.connect()
	d := r.device(0)
	s.must(clauseSubs, "a second Subscribe", d.Subscribe(s.ctx))
	r.rings(0)
	s.customerHangsUp()
	s.row = RowDriver
	s.must(clauseDetach, "Detach", d.Detach(s.ctx))
	s.must(clauseDetach, "a second Detach", d.Detach(s.ctx))
}

// snapshotIsComplete: a call on hold and one that rings, to somebody who saw neither come.
func snapshotIsComplete(s *stage) {
	alice := s.desk(0)
	held := s.talking(alice)
	s.act(RowTelephone, Act{Who: alice.agent.DN, Does: Holds})
	held = alice.hears(expect{event: opencti.Held, callID: held.CallID}).Call
	ringing := s.offered(alice)
	var d opencti.Device
	if s.bench.Driver.Describe().Handover == opencti.Overlap {
		d = s.connect().device(0)
	} else {
		d = s.tap.device(alice.agent.DN)
	}
	s.row = RowDriver
	snap, err := d.Snapshot(s.ctx)
	s.must(clauseComplete, "Snapshot", err)
	for _, told := range []*opencti.Call{held, ringing} {
		i := slices.IndexFunc(snap.Calls, func(c opencti.Call) bool { return c.CallID == told.CallID })
		if i < 0 {
			s.broken(problem{clauseComplete, "a snapshot with call " + told.CallID, fmt.Sprintf("%d calls", len(snap.Calls))})
		}
		for _, p := range sameCall(told, &snap.Calls[i]) {
			s.found(alice.agent.DN, "", p)
		}
	}
}

// sameCall compares a call as it was told with what the snapshot says of it.
func sameCall(told, got *opencti.Call) []problem {
	c := differences{name: opencti.SnapshotEvent}
	c.text(clauseComplete, "interactionId", told.InteractionID, cmp.Or(got.InteractionID, got.CallID)) // what the session makes of none
	c.text(clauseComplete, "state", string(told.State), string(got.State))
	c.text(clauseComplete, "callType", string(told.CallType), string(got.CallType))
	c.text(clauseComplete, "offeredBy", string(told.OfferedBy), string(got.OfferedBy))
	c.text(clauseComplete, "ani", told.ANI, got.ANI)
	c.text(clauseComplete, "dnis", told.DNIS, got.DNIS)
	c.text(clauseComplete, "data", words(told.Variables), words(got.Variables))
	c.text(clauseComplete, "parties", partiesOf(told), partiesOf(got))
	return c.out
}

func connectionsOverlap(s *stage) {
	s.overlaps()
	first, second := s.connect(), s.connect()
	d := first.device(0)
	second.device(0)
	first.rings(0)
	second.told(s.cast.Agents[0].DN)
	s.must(clauseOverlap, "Detach of the first", d.Detach(s.ctx))
	s.must(clauseOverlap, "Close of the first", first.Close(s.ctx))
	before, old := second.sink.count(s.cast.Agents[0].DN), first.sink.count(s.cast.Agents[0].DN)
	s.customerHangsUp()
	s.row = RowDriver
	if p := s.until(func() *problem {
		if second.sink.count(s.cast.Agents[0].DN) > before {
			return nil
		}
		return &problem{clauseOverlap, "events on the second connection after the first is closed", "none"}
	}); p != nil {
		s.found("", "", *p)
	}
	if first.sink.count(s.cast.Agents[0].DN) > old {
		s.found("", "", problem{clauseDetach, "no event after Detach and Close", "some"})
	}
}

func detaches(s *stage) {
	r := s.connect()
	d := r.device(0)
	a := s.cast.Agents[0]
	login := opencti.Request{Activity: opencti.LoginAgent, ID: "login", AgentID: a.ID, AgentPassword: a.Password, DN: a.DN}
	s.must(clauseDetach, "LoginAgent", opencti.Perform(s.ctx, d, login))
	for step, end := range map[string]func(context.Context) error{"Detach": d.Detach, "Close": d.Close} {
		s.must(clauseDetach, step, end(s.ctx))
		if snap := r.snapshot(r.device(0)); !snap.Agent.LoggedIn() {
			s.found(a.DN, "", problem{clauseDetach, "an agent who is logged in after " + step, string(snap.Agent.State)})
		}
	}
	s.must(clauseDetach, "Close of the connection", r.Close(s.ctx))
	again := s.connect()
	if snap := again.snapshot(again.device(0)); !snap.Agent.LoggedIn() {
		s.found(a.DN, "", problem{clauseDetach, "an agent who is logged in after the connection's Close", string(snap.Agent.State)})
	}
}

func unknownDevice(s *stage) {
	r := s.connect()
	d, err := r.Open(s.ctx, opencti.Endpoint{DN: "no-such-device"})
	if err == nil {
		err = d.Subscribe(s.ctx)
	}
	if p := wrongCode(err, "a device that does not exist", []opencti.ErrorCode{opencti.UnknownDevice}); p != nil {
		p.clause = clauseUnknown
		s.found("", "", *p)
	}
}

func sitsElsewhere(s *stage) {
	r := s.connect()
	a := s.cast.Agents[0]
	for n, codes := range [][]opencti.ErrorCode{nil, {opencti.AlreadyLoggedIn, opencti.DeviceInUse}} {
		login := opencti.Request{Activity: opencti.LoginAgent, ID: "login", AgentID: a.ID, AgentPassword: a.Password, DN: s.cast.Agents[n].DN}
		err := opencti.Perform(s.ctx, r.device(n), login)
		if codes == nil {
			s.must(clauseErrors, "LoginAgent", err)
		} else if p := wrongCode(err, "an agent who is logged in at another telephone", codes); p != nil {
			s.found(s.cast.Agents[n].DN, "", *p)
		}
	}
}

// notThere are the codes for a call that is gone: the session thought that it was there.
var notThere = []opencti.ErrorCode{opencti.NoSuchCall, opencti.InvalidState, opencti.NoAlertingCall, opencti.NoActiveCall, opencti.NoHeldCall}

func refusesWhatIsNotThere(s *stage) {
	r := s.connect()
	d := r.device(0)
	for _, spec := range opencti.Specs() {
		if !ofCall(spec) || !s.claims(spec.Activity) {
			continue
		}
		err := opencti.Perform(s.ctx, d, s.sample(spec.Activity))
		if e := new(opencti.Error); errors.As(err, &e) && e.Code == opencti.NotCapable {
			continue // it cannot do that at all, and says so
		}
		if p := wrongCode(err, "a call that is gone", notThere); p != nil {
			p.want = string(spec.Activity) + ": " + p.want
			s.found("", "", *p)
		}
	}
}

// ofCall says whether the CTI server must know the call. Muting is the telephone's own
// affair at many.
func ofCall(spec opencti.Spec) bool {
	named := slices.Contains(spec.Required, opencti.PropCallID) || slices.Contains(spec.Optional, opencti.PropCallID)
	return named && !spec.BySession() && spec.Activity != opencti.MuteCall && spec.Activity != opencti.UnmuteCall
}

func polls(s *stage) {
	r := s.connect()
	d := r.device(0)
	poll, ok := d.(opencti.AgentStatePoll)
	if !ok {
		panic(spared{})
	}
	if poll.PollInterval() < 0 {
		s.found("", "", problem{clausePoll, "an interval of 0 or more", poll.PollInterval().String()})
	}
	st, err := poll.AgentState(s.ctx)
	s.must(clausePoll, "AgentState", err)
	if snap := r.snapshot(d); snap.Agent.State != st.State {
		s.found("", "", problem{clausePoll, "the state " + string(snap.Agent.State) + ", as the snapshot says", string(st.State)})
	}
}
