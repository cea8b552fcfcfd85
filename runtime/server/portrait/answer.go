package portrait

import (
	"errors"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Answer is what a client is told of its request.
type Answer struct {
	// Request is the name of the request; empty where the document has none.
	Request    string
	RequestID  string
	ClientID   string
	Snapshot   *session.Snapshot
	Statistics *opencti.QueueStatistics
	// Last is what GETEVENTS acknowledges with ACK.
	Last string
	// Events are those of GETEVENTS; nil: it was another request.
	Events *Events
	Failed *Failure
}

// Events is a list of events, which may be empty.
type Events struct{ list []node }

// Failure is why a request was not done.
type Failure struct {
	Why *opencti.Error
	// Element is the one that is wrong.
	Element string
	// First is the request that must come before this one.
	First string
}

// Error implements error.
func (f *Failure) Error() string { return f.Why.Error() }

// Unwrap gives the OpenCTI error.
func (f *Failure) Unwrap() error { return f.Why }

// The values of STATUS.
const (
	statusOK   = "OK"
	statusFail = "FAIL"
)

var statisticsFields = []field[opencti.QueueStatistics]{
	one("QUEUE", func(q opencti.QueueStatistics) string { return q.Queue }),
	at("AT", func(q opencti.QueueStatistics) time.Time { return q.At }),
	count("CALLSWAITING", func(q opencti.QueueStatistics) int { return q.CallsWaiting }),
	count("LONGESTWAIT", func(q opencti.QueueStatistics) int { return q.LongestWaitSeconds }),
	count("AGENTSLOGGEDIN", func(q opencti.QueueStatistics) int { return q.AgentsLoggedIn }),
	count("AGENTSAVAILABLE", func(q opencti.QueueStatistics) int { return q.AgentsAvailable }),
	count("AGENTSBUSY", func(q opencti.QueueStatistics) int { return q.AgentsBusy }),
	count("AGENTSUNAVAILABLE", func(q opencti.QueueStatistics) int { return q.AgentsUnavailable }),
}

var errorFields = []field[*Failure]{
	one("CODE", func(f *Failure) string { return string(f.Why.Code) }),
	one("SEVERITY", func(*Failure) string { return "Fail" }),
	truth("RETRYABLE", func(f *Failure) bool { return f.Why.Retryable() }),
	one("MESSAGE", func(f *Failure) string { return f.Why.Message }),
	one("DETAIL", func(f *Failure) string { return f.Why.Detail }),
	one("ELEMENT", func(f *Failure) string { return f.Element }),
	{"SENDFIRST", "Name", false, func(f *Failure) []node { return texts(f.First) }},
}

var answerFields = []field[*Answer]{
	{"REQUEST", "Name", false, func(a *Answer) []node { return texts(a.Request) }},
	{"STATUS", "Name", false, func(a *Answer) []node {
		if a.Failed != nil {
			return texts(statusFail)
		}
		return texts(statusOK)
	}},
	inner("ERROR", "Error", errorFields, func(a *Answer) (*Failure, bool) { return a.Failed, a.Failed != nil }),
	one("REQUESTID", func(a *Answer) string { return a.RequestID }),
	one("CLIENTID", func(a *Answer) string { return a.ClientID }),
	inner("SNAPSHOT", "Snapshot", snapshotFields, func(a *Answer) (*session.Snapshot, bool) { return a.Snapshot, a.Snapshot != nil }),
	inner("STATISTICS", "Statistics", statisticsFields, func(a *Answer) (opencti.QueueStatistics, bool) {
		if a.Statistics == nil {
			return opencti.QueueStatistics{}, false
		}
		return *a.Statistics, true
	}),
	{"EVENTS", "Events", false, func(a *Answer) []node {
		if a.Events == nil {
			return nil
		}
		return []node{{children: a.Events.list}}
	}},
	one("LAST", func(a *Answer) string { return a.Last }),
}

// named are the elements whose text is a name of the table, and told as clients call it.
var named = map[string]bool{
	"REQUEST": true, "STATUS": true, "SENDFIRST": true, "CAN": true, "MAY": true, "MAYBECOME": true, "REASONREQUIRED": true,
}

// Write gives the document of an answer, under a deployment's names and in the character set
// of its request.
func Write(a *Answer, n names.Names, c Charset) []byte {
	root := node{name: "RESPONSE", children: tellAll(answerFields, a)}
	rename(&root, n)
	return write(root, n, c)
}

func rename(of *node, n names.Names) {
	if named[of.name] {
		of.text = n.Of(of.text)
	}
	for i := range of.children {
		rename(&of.children[i], n)
	}
}

// ContentType of an answer in a character set.
func (c Charset) ContentType() string { return "text/xml; charset=" + string(c) }

// failureOf is what a client is told of an error.
func failureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	var m *Mistake
	if errors.As(err, &m) {
		return &Failure{Why: opencti.Errorf(opencti.InvalidRequest, "%s", m.text), Element: m.Element}
	}
	return &Failure{Why: opencti.AsError(err)}
}

// first says that another request must come before.
func first(request, format string, args ...any) error {
	return &Failure{Why: opencti.Errorf(opencti.InvalidState, format, args...), First: request}
}

// Refused is the answer to a request that was not let in.
func Refused(r *Request, err error) *Answer {
	a := &Answer{Failed: failureOf(err)}
	if r != nil {
		a.Request, a.RequestID = r.Name, r.Ask.ID
	}
	return a
}
