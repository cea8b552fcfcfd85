package plan

import "github.com/ctilink/ctilink-operator/controllers/messages"

// Problem says why a manifest cannot be put in force: a reason of api/v1alpha1 and
// one sentence for a person, naming the field and how to mend it. It never holds a
// configured value, an agent id or a device number, for it ends up in a status.
type Problem struct {
	Reason  string
	Message string
}

// Error implements error, for callers that have nobody to tell but a log.
func (p *Problem) Error() string { return p.Reason + ": " + p.Message }

func refuse(m messages.Message, pairs ...string) *Problem {
	said := m.Say(pairs...)
	return &Problem{Reason: said.Reason, Message: said.Text}
}
