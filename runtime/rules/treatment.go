package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// nameBound is how long the name of attached data may be.
const nameBound = 64

// reservedPrefix: under such names drivers attach the lineage of a call.
const reservedPrefix = "ctilink."

// Treatments is a pool's compiled call treatment. It is immutable and safe for
// concurrent use; nil treats no call.
type Treatments struct{ rules []treatment }

type treatment struct {
	opencti.TreatmentRule
	when   *expression // nil: always
	url    *template   // nil: no address
	attach []attached
}

// attached is one value to attach to the call.
type attached struct {
	name string
	from *expression
}

// CompileTreatments type-checks every expression. The error joins one *Error for each
// rule that is wrong; First gives the first.
func CompileTreatments(list []opencti.TreatmentRule) (*Treatments, error) {
	t, c, names := &Treatments{}, &compiler{}, map[string]bool{}
	for _, r := range list {
		c.name("callTreatment", r.Name, names)
		t.rules = append(t.rules, c.treatment(r))
	}
	return t, errors.Join(c.found...)
}

func treatmentField(rule, part string) string { return "callTreatment[" + rule + "]." + part }

func (c *compiler) treatment(r opencti.TreatmentRule) treatment {
	out := treatment{TreatmentRule: r}
	c.answer(r)
	if r.When != "" {
		out.when = c.expression(known().treat, r.When, condition, r.Name, treatmentField(r.Name, "when"))
	}
	if r.ScreenPop != nil {
		if (r.ScreenPop.URL == "") == (r.ScreenPop.Interaction == "") {
			c.refuse(r.Name, treatmentField(r.Name, "screenPop"), "needs one of url and interaction", "set one of them")
		} else if r.ScreenPop.URL != "" {
			out.url = c.template(r)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.AttachData)) {
		if name == "" || len(name) > nameBound {
			c.refuse(r.Name, treatmentField(r.Name, "attachData"), fmt.Sprintf("names of data have 1 to %d characters", nameBound), "")
			continue
		}
		if strings.HasPrefix(name, reservedPrefix) {
			c.refuse(r.Name, treatmentField(r.Name, "attachData."+name), "names that begin with "+reservedPrefix+" are the runtime's own", "give it another name")
			continue
		}
		e := c.expression(known().treat, r.AttachData[name], text, r.Name, treatmentField(r.Name, "attachData."+name))
		out.attach = append(out.attach, attached{name, e})
	}
	return out
}

func (c *compiler) answer(r opencti.TreatmentRule) {
	ways := []opencti.Answering{"", opencti.AnswerManually, opencti.AnswerOnOffer, opencti.AnswerAfterDelay, opencti.AnswerOnInteraction}
	switch {
	case !slices.Contains(ways, r.Answer):
		c.refuse(r.Name, treatmentField(r.Name, "answer"), "is no way to answer", "use Manual, OnOffer, AfterDelay or OnInteraction")
	case (r.DelaySeconds != 0) != (r.Answer == opencti.AnswerAfterDelay):
		c.refuse(r.Name, treatmentField(r.Name, "delaySeconds"), "goes with answer AfterDelay, and only with it", "set both or neither")
	case r.DelaySeconds < 0 || r.DelaySeconds > 60:
		c.refuse(r.Name, treatmentField(r.Name, "delaySeconds"), "must be from 1 to 60", "")
	}
}

func (c *compiler) template(r opencti.TreatmentRule) *template {
	t, problem := parseTemplate(r.ScreenPop.URL)
	if problem != nil {
		c.found = append(c.found, problem.at(r.Name, treatmentField(r.Name, "screenPop.url")))
	}
	return t
}

// Of gives what the first rule that holds makes of an offered call, and the data to
// attach; nil when none does. A condition that reads what the call does not have does
// not hold; in an address it is an empty text, and as data it is not attached. The
// error is an *Error; nothing is treated then.
func (t *Treatments) Of(call *opencti.Call, dn, agentID string) (*opencti.Treatment, map[string]string, error) {
	if t == nil || len(t.rules) == 0 {
		return nil, nil, nil
	}
	vars := &offer{call: call, session: sessionVars{dn, agentID}}
	for i := range t.rules {
		r := &t.rules[i]
		ok, err := r.when.holds(vars, nil)
		if err != nil {
			return nil, nil, failed(r.Name, treatmentField(r.Name, "when"), err)
		}
		if ok {
			return r.treat(vars)
		}
	}
	return nil, nil, nil
}

func (r *treatment) treat(vars *offer) (*opencti.Treatment, map[string]string, error) {
	out := &opencti.Treatment{Rule: r.Name, Answer: r.Answer, DelaySeconds: r.DelaySeconds}
	if out.Answer == "" {
		out.Answer = opencti.AnswerManually
	}
	if r.ScreenPop != nil {
		pop := *r.ScreenPop
		out.ScreenPop = &pop
	}
	if r.url != nil {
		address, err := r.url.fill(vars)
		if err != nil {
			return nil, nil, failed(r.Name, treatmentField(r.Name, "screenPop.url"), err)
		}
		out.ScreenPop.URL = address
	}
	var attach map[string]string
	for _, a := range r.attach {
		v, absent, err := a.from.value(vars, nil)
		if err != nil {
			return nil, nil, failed(r.Name, treatmentField(r.Name, "attachData."+a.name), err)
		}
		if s, _ := v.(string); s != "" && !absent {
			if attach == nil {
				attach = map[string]string{}
			}
			attach[a.name] = s
		}
	}
	return out, attach, nil
}

// offer holds the variables of a treatment.
type offer struct {
	call    *opencti.Call
	session sessionVars
}

var _ cel.Activation = (*offer)(nil)

// ResolveName gives the expressions their variables.
func (o *offer) ResolveName(name string) (any, bool) {
	switch name {
	case "call":
		return o.call, true
	case "session":
		return &o.session, true
	}
	return nil, false
}

// Parent is nil: all variables are here.
func (o *offer) Parent() cel.Activation { return nil }
