package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Decode reads event rules from a value with their JSON form, such as those of the
// manifests; nil is no rules. Unknown fields are refused.
func Decode(from any) (opencti.RuleSet, error) { return Convert[opencti.RuleSet](from) }

// DecodeTreatments reads a pool's call treatment in the same way.
func DecodeTreatments(from any) ([]opencti.TreatmentRule, error) {
	return Convert[[]opencti.TreatmentRule](from)
}

// Convert makes a T of a value with the same JSON form: rules exist in the manifests'
// terms and in ours, and those who know the one need not import the other.
func Convert[T any](from any) (T, error) {
	var to T
	body, err := json.Marshal(from)
	if err != nil {
		return to, fmt.Errorf("read rules: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&to); err != nil {
		return to, fmt.Errorf("read rules: %w", err)
	}
	return to, nil
}

// Override lays rules over those that they inherit. What is named alike is replaced
// where it stands; what is new is asked first, in its order. callId and setEventType
// replace; populate is overridden field by field. Neither argument is changed.
func Override(base, over opencti.RuleSet) opencti.RuleSet {
	out := base
	if over.CallID != "" {
		out.CallID = over.CallID
	}
	if over.SetEventType != "" {
		out.SetEventType = over.SetEventType
	}
	out.Identify = lay(base.Identify, over.Identify, func(r opencti.Rule) string { return r.Name })
	out.Filter = lay(base.Filter, over.Filter, func(f opencti.Filter) string { return f.Name })
	out.Populate = layFields(base.Populate, over.Populate)
	return out
}

func lay[T any](base, over []T, name func(T) string) []T {
	stays := slices.Clone(base)
	var first []T
	for _, o := range over {
		i := slices.IndexFunc(stays, func(s T) bool { return name(s) == name(o) })
		if i < 0 {
			first = append(first, o)
			continue
		}
		stays[i] = o
	}
	return append(first, stays...)
}

func layFields(base, over map[opencti.EventType]map[string]string) map[opencti.EventType]map[string]string {
	if len(base)+len(over) == 0 {
		return nil
	}
	out := map[opencti.EventType]map[string]string{}
	for _, layer := range []map[opencti.EventType]map[string]string{base, over} {
		for t, fields := range layer {
			if out[t] == nil {
				out[t] = map[string]string{}
			}
			for field, expression := range fields {
				out[t][field] = expression
			}
		}
	}
	return out
}
