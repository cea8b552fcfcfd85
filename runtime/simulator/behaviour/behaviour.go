package behaviour

import (
	"cmp"
	"slices"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Behaviour is one row of the table.
type Behaviour struct {
	Name string
	// Number is the row's place among the twenty things that a switch does and an
	// application must live with.
	Number int
	// What happens, in a sentence or two.
	What string
	// Fault: it lasts. Otherwise it happens at once.
	Fault      bool
	Parameters []Parameter

	blank func() any
	begin func(Stage, any) (effect, error)
}

// Stage is the switch that behaves so.
type Stage struct {
	Model  *switchmodel.Switch
	Server *cstaserver.Server
}

// effect is what has been begun.
type effect struct {
	result any        // what a scenario made
	left   func() int // how often it will still happen; nil: not counted
	end    func()     // nil: nothing is left to end
}

// Blank returns a pointer to the parameters with their defaults, to decode JSON
// into.
func (b Behaviour) Blank() any { return b.blank() }

// scenario is a row that happens at once.
func scenario[P any](number int, name, what string, do func(Stage, P) (result any, err error)) Behaviour {
	return row(number, name, what, func(s Stage, p P) (effect, error) {
		result, err := do(s, p)
		return effect{result: result}, err
	})
}

// fault is a row that lasts.
func fault[P lasting](number int, name, what string, begin func(Stage, P) (effect, error)) Behaviour {
	b := row(number, name, what, begin)
	b.Fault = true
	return b
}

func row[P any](number int, name, what string, begin func(Stage, P) (effect, error)) Behaviour {
	return Behaviour{
		Name: name, Number: number, What: what, Parameters: parametersOf[P](),
		blank: func() any { return withDefaults(new(P)) },
		begin: func(s Stage, p any) (effect, error) { return begin(s, *p.(*P)) },
	}
}

// Table lists every behaviour, in the order of their numbers.
func Table() []Behaviour { return slices.Clone(table()) }

var table = sync.OnceValue(func() []Behaviour {
	var all []Behaviour
	for _, part := range [][]Behaviour{
		callBehaviours(), handsetBehaviours(), eventBehaviours(), agentBehaviours(), requestBehaviours(),
		loadBehaviours(), lossBehaviours(), sessionBehaviours(), restartBehaviours(), deviceBehaviours(), dataBehaviours(),
		supervisorBehaviours(), foreignBehaviours(),
	} {
		all = append(all, part...)
	}
	slices.SortStableFunc(all, func(a, b Behaviour) int { return cmp.Compare(a.Number, b.Number) })
	return all
})
