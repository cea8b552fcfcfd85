package plan

import (
	"strconv"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// What a slot document may hold.
const (
	maxIdentify = 256
	maxFilter   = 128
)

// inheritRules lays a class's rules over its parents', once they have proved right: an
// expression is judged where it stands, so that the mistake is told there.
func (c *Class) inheritRules(name string, spec v1alpha1.ImplementationClassSpec) *Problem {
	if spec.Rules == nil {
		return nil
	}
	if !c.HasRules() && name != c.Driver {
		return refuse(messages.RulesWithoutParent, "class", name, "driver", c.Driver)
	}
	over, wrong := compileRules(spec.Rules)
	if wrong != nil {
		return refuse(messages.ClassRules, "class", name, "where", wrong.Where(), "problem", wrong.What())
	}
	c.Rules = rules.Override(c.Rules, over)
	if tooMany(c.Rules) {
		return refuse(messages.TooManyRules, "class", name, "identify", strconv.Itoa(maxIdentify), "filter", strconv.Itoa(maxFilter))
	}
	return nil
}

// HasRules says whether the class brings event rules. Without any, its driver's own hold.
func (c *Class) HasRules() bool {
	return len(c.Rules.Identify) > 0 || c.Rules.SetEventType != "" || len(c.Rules.Populate) > 0
}

// EffectiveRules are the class's with the link's over them; nil when neither has any.
func EffectiveRules(class Class, link *v1alpha1.CTILink) (*v1alpha1.EventRules, *Problem) {
	effective := class.Rules
	if link.Spec.Rules != nil {
		if !class.HasRules() {
			return nil, refuse(messages.NothingToOverride, "class", class.Name)
		}
		over, wrong := compileRules(link.Spec.Rules)
		if wrong != nil {
			return nil, refuse(messages.LinkRules, "where", wrong.Where(), "problem", wrong.What())
		}
		effective = rules.Override(effective, over)
		if tooMany(effective) {
			return nil, refuse(messages.TooManyLinkRules, "identify", strconv.Itoa(maxIdentify), "filter", strconv.Itoa(maxFilter))
		}
	}
	if !class.HasRules() {
		return nil, nil
	}
	out, err := rules.Convert[*v1alpha1.EventRules](effective)
	if err != nil {
		return nil, refuse(messages.LinkRules, "where", "", "problem", err.Error()) // never: one JSON form
	}
	return out, nil
}

func tooMany(rs opencti.RuleSet) bool {
	return len(rs.Identify) > maxIdentify || len(rs.Filter) > maxFilter
}

// compileRules judges the rules of one manifest.
func compileRules(from *v1alpha1.EventRules) (opencti.RuleSet, *rules.Error) {
	decoded, err := rules.Decode(from)
	if err == nil {
		_, err = rules.Compile(decoded)
	}
	return decoded, ruleError(err)
}

func ruleError(err error) *rules.Error {
	if err == nil {
		return nil
	}
	if wrong := rules.First(err); wrong != nil {
		return wrong
	}
	return &rules.Error{Problem: err.Error()}
}

// CheckPolicy says what is wrong with what a pool decides for its agents.
func CheckPolicy(policy v1alpha1.PoolPolicy) *Problem {
	list, err := rules.DecodeTreatments(policy.CallTreatment)
	if err == nil {
		_, err = rules.CompileTreatments(list)
	}
	if wrong := ruleError(err); wrong != nil {
		return refuse(messages.PoolTreatment, "where", wrong.Where(), "problem", wrong.What())
	}
	return nil
}
