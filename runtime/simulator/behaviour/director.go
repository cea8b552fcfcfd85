package behaviour

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Director begins behaviours at one switch and ends them. It is safe for
// concurrent use.
type Director struct {
	stage Stage
	table []Behaviour

	mu      sync.Mutex
	running map[string]*run
}

type run struct {
	effect
	ends  time.Time
	timer *time.Timer
}

// NewDirector makes a director; Close ends what it began.
func NewDirector(stage Stage) *Director {
	return &Director{stage: stage, table: Table(), running: map[string]*run{}}
}

// Status is a behaviour and whether it is going on.
type Status struct {
	Name       string      `json:"name"`
	Number     int         `json:"number"`
	Kind       string      `json:"kind"` // fault or scenario
	What       string      `json:"what"`
	Parameters []Parameter `json:"parameters"`
	Progress
}

// Progress is how far a fault has come.
type Progress struct {
	Active bool       `json:"active"`
	EndsAt *time.Time `json:"endsAt,omitempty"`
	// Left is how often it will still happen, where that is counted.
	Left *int `json:"left,omitempty"`
}

// Begun is the answer to Begin.
type Begun struct {
	Name string `json:"name"`
	Progress
	// Result is what a scenario made: a call, an agent, a telephone.
	Result any `json:"result,omitempty"`
}

// Find looks a behaviour up.
func (d *Director) Find(name string) (Behaviour, bool) {
	i := slices.IndexFunc(d.table, func(b Behaviour) bool { return b.Name == name })
	if i < 0 {
		return Behaviour{}, false
	}
	return d.table[i], true
}

// List shows all behaviours.
func (d *Director) List() []Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Status, 0, len(d.table))
	for _, b := range d.table {
		kind := "scenario"
		if b.Fault {
			kind = "fault"
		}
		all = append(all, Status{b.Name, b.Number, kind, b.What, b.Parameters, d.progress(b.Name)})
	}
	return all
}

// Begin begins b with parameters that its Blank made. A fault that is going on
// begins anew. Errors:
// *ParameterError, *switchmodel.Error.
func (d *Director) Begin(b Behaviour, parameters any) (Begun, error) {
	if err := check(parameters); err != nil {
		return Begun{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.end(b.Name)
	begun, err := b.begin(d.stage, parameters)
	if err != nil {
		return Begun{}, err
	}
	if b.Fault {
		d.keep(b.Name, begun, parameters.(lasting).lasts())
	}
	return Begun{b.Name, d.progress(b.Name), begun.result}, nil
}

func (d *Director) keep(name string, begun effect, lasts time.Duration) {
	r := &run{effect: begun, ends: time.Now().Add(lasts)}
	r.timer = time.AfterFunc(lasts, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.running[name] == r {
			d.end(name)
		}
	})
	d.running[name] = r
}

// End ends a fault, if it is going on.
func (d *Director) End(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.end(name)
}

// Close ends everything.
func (d *Director) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(d.running)) {
		d.end(name)
	}
}

func (d *Director) end(name string) {
	r := d.running[name]
	if r == nil {
		return
	}
	delete(d.running, name)
	r.timer.Stop()
	if r.end != nil {
		r.end()
	}
}

// progress looks whether a fault is going on. One that has happened often enough
// is not, though its hooks stay until its time is over: what it holds back is
// still to come.
func (d *Director) progress(name string) Progress {
	r := d.running[name]
	if r == nil {
		return Progress{}
	}
	p := Progress{Active: true, EndsAt: &r.ends}
	if r.left != nil {
		left := r.left()
		p.Left, p.Active = &left, left > 0
	}
	return p
}
