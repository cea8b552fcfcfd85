package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// scenario is one thing that is tried. It starts with a world that was reset.
type scenario struct {
	row  Row
	name string
	// needs are activities that it takes besides the row's own; a class that does not
	// claim them is spared.
	needs []opencti.Activity
	// agents is how many it takes, one when zero.
	agents int
	// mode is the pool's, Full when empty.
	mode opencti.TelephonyMode
	// unclaimed: it is for classes that do not claim the row's activity.
	unclaimed bool
	play      func(s *stage)
}

// wanted says whether the class claims what the scenario is about.
func (sc *scenario) wanted(claims func(opencti.Activity) bool) bool {
	if _, ok := opencti.SpecOf(opencti.Activity(sc.row)); ok && claims(opencti.Activity(sc.row)) == sc.unclaimed {
		return false
	}
	return !slices.ContainsFunc(sc.needs, func(a opencti.Activity) bool { return !claims(a) })
}

// stage is a link at work with its desks, for one scenario.
type stage struct {
	ctx    context.Context
	bench  *Bench
	rec    *recorder
	claims func(opencti.Activity) bool
	cast   Cast
	name   string // of the scenario
	mode   opencti.TelephonyMode

	tap   *tap
	link  *link.Link // nil until the first desk
	stop  func()
	desks []*desk
	rigs  []*rig
	row   Row // what is going on: to it, events and failures belong
	asker *desk
}

// over ends a scenario: what is wrong has been noted.
type over struct{}

// spared ends a scenario that is not for this class.
type spared struct{}

// unable ends a scenario that the world cannot play.
type unable struct{ why string }

// run plays a scenario on a link of its own.
func (b *Bench) run(ctx context.Context, rec *recorder, sc scenario) (result Result) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &stage{
		ctx: ctx, bench: b, rec: rec, claims: b.claims(), cast: b.World.Cast(), name: sc.name, mode: sc.mode, row: sc.row, tap: newTap(b.Driver),
	}
	if s.mode == "" {
		s.mode = opencti.Full
	}
	before := len(rec.findings)
	result = s.guard(sc, func() {
		if n := max(1, sc.agents); len(s.cast.Agents) < n {
			panic(unable{fmt.Sprintf("the world has %d agents, it takes %d", len(s.cast.Agents), n)})
		}
		defer s.end()
		sc.play(s)
		s.row = sc.row
		s.settle()
	})
	if len(rec.findings) > before {
		return Failed
	}
	return result
}

// guard turns the end of a scenario into its result.
func (s *stage) guard(sc scenario, play func()) (result Result) {
	defer func() {
		switch end := recover().(type) {
		case nil:
			s.rec.finish(sc.row)
			result = Passed
		case over:
			if s.row != sc.row {
				s.rec.skip(Skip{sc.row, sc.name, fmt.Sprintf("%s failed before it", s.row)})
			}
			result = Failed
		case spared:
			result = Unsupported
		case unable:
			s.rec.skip(Skip{sc.row, sc.name, end.why})
			result = NotExercised
		default:
			panic(end)
		}
	}()
	play()
	return Passed
}

// start puts the driver under a link that has all the agents.
func (s *stage) start() {
	about := s.bench.Driver.Describe()
	s.link = link.New(link.Options{
		Epoch: 1, MayAct: func() error { return nil },
		Drivers: func(name string) (opencti.Driver, bool) { return s.tap, name == about.Name },
		Mounted: func() (map[string]string, error) { return nil, nil },
		Log:     s.bench.log(),
	})
	spec := v1alpha1.CTISlotSpec{LinkName: "conformance", Class: s.bench.Class, Driver: about.Name, Config: s.bench.Config,
		Pools: []v1alpha1.SlotPool{{Name: pool, PoolPolicy: v1alpha1.PoolPolicy{TelephonyMode: v1alpha1.TelephonyMode(s.mode)}}}}
	for _, a := range s.cast.Agents {
		spec.Agents = append(spec.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: a.ID}, Pool: pool})
	}
	if err := s.link.Apply(link.Document{Generation: 1, Spec: spec}); err != nil {
		s.broken(problem{clauseDescribe, "a description and a configuration that can be put in force", err.Error()})
	}
	ctx, cancel := context.WithCancel(s.ctx)
	ran := make(chan struct{})
	go func() { defer close(ran); s.link.Run(ctx) }()
	s.stop = func() {
		cancel()
		<-ran
		s.link.CloseReaders()
	}
}

// end stops the link and closes what a scenario has opened.
func (s *stage) end() {
	if s.stop != nil {
		s.stop()
	}
	for _, d := range s.desks {
		<-d.ended
	}
	for _, r := range s.rigs {
		_ = r.Close(s.ctx) // it may be closed already
	}
	for _, p := range s.tap.problems() {
		s.found("", "", p)
	}
}

const pool = "conformance"

// desk opens the session of the n-th agent, or gives the one that is open.
func (s *stage) desk(n int) *desk { return s.sits(s.cast.Agents[n]) }

// sits opens a session; without an agent's id it is the telephone's alone.
func (s *stage) sits(a Agent) *desk {
	for _, d := range s.desks {
		if d.agent == a {
			return d
		}
	}
	return s.opens(a, false)
}

func (s *stage) opens(a Agent, takeOver bool) *desk {
	row := s.row
	s.row = RowOpen
	if s.link == nil {
		s.start()
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.bench.Patience)
	defer cancel()
	session, _, err := s.link.Open(ctx, link.Request{DN: a.DN, AgentID: a.ID, TakeOver: takeOver})
	if err != nil {
		st, _ := s.link.Status()
		clause := clauseSubs
		if takeOver {
			clause = clauseTaken
		}
		s.broken(problem{clause, "a session of agent " + a.ID + " at " + a.DN, fmt.Sprintf("%v (connection: %s, %v)", err, st.Connection, st.Problem)})
	}
	d := newDesk(s, a, session)
	s.desks = append(s.desks, d)
	d.hears(expect{event: opencti.SnapshotEvent, clause: clauseSnapshot})
	s.row = row
	return d
}

// act lets the world do something; what follows belongs to the row.
func (s *stage) act(row Row, a Act) {
	s.row, s.asker = row, nil
	if _, never := s.bench.Never[a.Does]; never {
		panic(spared{})
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.bench.Patience)
	defer cancel()
	err := s.bench.World.Do(ctx, a)
	if errors.Is(err, ErrCannot) {
		panic(unable{"the world cannot: " + a.String()})
	}
	if err != nil {
		panic(unable{fmt.Sprintf("the world failed: %s: %v", a, err)})
	}
}

// given ends the scenario when the cast lacks a number.
func (s *stage) given(number, what string) string {
	if number == "" {
		panic(unable{"the world's cast has no " + what})
	}
	return number
}

// problem is a difference between what should be and what is.
type problem struct {
	clause    Clause
	want, got string
}

func (s *stage) found(at string, event opencti.EventName, p problem) {
	s.rec.found(Finding{Row: s.row, Event: event, Scenario: s.name, At: at, Want: p.want, Got: p.got, Clause: p.clause})
}

// broken notes a problem after which the scenario makes no sense.
func (s *stage) broken(p problem) {
	s.found("", "", p)
	panic(over{})
}

// settle looks at the end whether snapshot and events tell the same, and whether
// something came that nobody waited for.
func (s *stage) settle() {
	for _, d := range s.desks {
		d.agrees()
	}
	for _, d := range s.desks {
		d.leftOver()
	}
}

// until asks again until there is no problem, or patience is over.
func (s *stage) until(ask func() *problem) *problem {
	deadline := time.NewTimer(s.bench.Patience)
	defer deadline.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		p := ask()
		if p == nil {
			return nil
		}
		select {
		case <-deadline.C:
			return p
		case <-s.ctx.Done():
			return p
		case <-time.After(pause):
		}
	}
}
