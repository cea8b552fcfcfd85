package behaviour

import (
	"slices"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// quirk lets the model behave so, as often as p says.
func (s Stage) quirk(q switchmodel.Quirk, o switchmodel.Oddity) (effect, error) {
	if o.Device != "" && !s.Model.IsExtension(o.Device) {
		return effect{}, noTelephone("dn", string(o.Device))
	}
	s.Model.Behave(q, o)
	begun := effect{end: func() { s.Model.BehaveAsUsual(q) }}
	if o.Times > 0 {
		begun.left = func() int { return s.Model.Left(q) }
	}
	return begun, nil
}

func (s Stage) handset(dn string) (switchmodel.Handset, error) {
	h, err := s.Model.Handset(switchmodel.DeviceID(dn))
	if err != nil {
		return h, noTelephone("dn", dn)
	}
	return h, nil
}

func (s Stage) phone(dn string) (any, error) { return s.Model.Phone(switchmodel.DeviceID(dn)) }

func noTelephone(field, dn string) error { return wrong(field, "there is no telephone %s", dn) }

// quota counts down how often something happens.
type quota struct {
	mu   sync.Mutex
	left int
}

func (q *quota) take() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left == 0 {
		return false
	}
	q.left--
	return true
}

func (q *quota) remaining() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left
}

// eventNames are those of ECMA-323's events, without "Event".
var eventNames = []string{
	"ServiceInitiated", "Originated", "NetworkReached", "Delivered", "Queued", "Diverted", "Established", "Held", "Retrieved",
	"Failed", "ConnectionCleared", "Transfered", "Conferenced", "CallInformation", "DigitsGenerated", "MicrophoneMute", "DoNotDisturb",
	"AgentLoggedOn", "AgentLoggedOff", "AgentNotReady", "AgentReady", "AgentBusy", "AgentWorkingAfterCall",
}

// events takes those events that p names, so often.
func (s Stage) events(p ofEvents) (*eventChoice, error) {
	name := p.Event
	if name == "Transferred" {
		name = "Transfered" // as the schema spells it
	}
	switch {
	case name != "" && !slices.Contains(eventNames, name):
		return nil, wrong("event", "there is no event %q; it is named as in ECMA-323, without Event: Delivered", p.Event)
	case p.DN != "" && !s.Model.Exists(switchmodel.DeviceID(p.DN)):
		return nil, wrong("dn", "there is no telephone or queue %s", p.DN)
	}
	return &eventChoice{name: name, device: switchmodel.DeviceID(p.DN), quota: quota{left: p.Count}}, nil
}

type eventChoice struct {
	name   string
	device switchmodel.DeviceID
	quota
}

func (c *eventChoice) takes(t cstaserver.Telling) bool {
	fits := (c.name == "" || c.name == t.Name()) && (c.device == "" || c.device == t.Device)
	return fits && c.take()
}

// requests takes those requests that p names, so often.
func (s Stage) requests(p ofRequests) (*requestChoice, error) {
	switch {
	case p.Request != "" && !slices.Contains(requestNames, p.Request):
		return nil, wrong("request", "there is no request %q; it is named as in ECMA-323 or ECMA-354: AnswerCall", p.Request)
	case p.DN != "" && !s.Model.Exists(switchmodel.DeviceID(p.DN)):
		return nil, wrong("dn", "there is no telephone or queue %s", p.DN)
	}
	return &requestChoice{name: p.Request, device: switchmodel.DeviceID(p.DN), quota: quota{left: p.Count}}, nil
}

type requestChoice struct {
	name   string
	device switchmodel.DeviceID
	quota
}

// takes: without a name, whatever asks a telephone to do something.
func (c *requestChoice) takes(request wire.Message) bool {
	named := c.name == wire.Name(request)
	if c.name == "" {
		_, named = accepted(request)
	}
	return named && (c.device == "" || c.device == cstaserver.DeviceOf(request)) && c.take()
}

// hook hooks into requests that are chosen; the others are done as usual.
func (s Stage) hook(p ofRequests, do func(t *cstaserver.Turn, usual func() wire.Message) wire.Message) (effect, error) {
	chosen, err := s.requests(p)
	if err != nil {
		return effect{}, err
	}
	remove := s.Server.HookRequests(func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
		if !chosen.takes(t.Request) {
			return usual()
		}
		return do(t, usual)
	})
	return effect{left: chosen.remaining, end: remove}, nil
}
