package switchmodel

import (
	"maps"
	"slices"
	"time"
)

// Call shows a call at one moment.
type Call struct {
	ID              CallID            `json:"callId"`
	GlobalLinkage   string            `json:"globalCallLinkageId"`
	Calling         DeviceID          `json:"from"`
	Called          DeviceID          `json:"to"`
	LastRedirection DeviceID          `json:"lastRedirection,omitempty"`
	FromOutside     bool              `json:"fromOutside"`
	ToOutside       bool              `json:"toOutside"`
	Queue           string            `json:"queue,omitempty"`
	QueueID         DeviceID          `json:"-"` // the queue that distributes it, or did
	Data            map[string]string `json:"data,omitempty"`
	Digits          string            `json:"digits,omitempty"` // sent into it
	Started         time.Time         `json:"started"`
	Connections     []Connection      `json:"connections"`
}

// Connection shows a device's part in a call.
type Connection struct {
	Device DeviceID        `json:"device"`
	State  ConnectionState `json:"state"`
	Since  time.Time       `json:"since"`
	Silent bool            `json:"silent,omitempty"` // listens only
}

// StateAt is a device's connection state, Null when it is not in the call.
func (c *Call) StateAt(id DeviceID) ConnectionState {
	for _, n := range c.Connections {
		if n.Device == id {
			return n.State
		}
	}
	return Null
}

func (c *call) view() *Call {
	v := &Call{
		ID:              c.id,
		GlobalLinkage:   c.linkage,
		Calling:         c.calling,
		Called:          c.called,
		LastRedirection: c.lastRedirection,
		FromOutside:     c.fromOutside,
		ToOutside:       c.toOutside,
		Data:            copyData(c.data),
		Digits:          c.digits,
		Started:         c.started,
		Connections:     make([]Connection, 0, len(c.connections)),
	}
	if c.queue != nil {
		v.Queue, v.QueueID = c.queue.Name, c.queue.ID
	}
	for _, n := range c.connections {
		v.Connections = append(v.Connections, Connection{Device: n.device, State: n.state, Since: n.since, Silent: n.silent})
	}
	return v
}

// Agent shows an agent at one moment.
type Agent struct {
	ID            AgentID      `json:"agentId"`
	Device        DeviceID     `json:"device"`
	State         AgentState   `json:"state"`
	Reason        string       `json:"reason,omitempty"`
	Pending       AgentState   `json:"pendingState,omitempty"`
	PendingReason string       `json:"pendingReason,omitempty"`
	Queues        []AgentQueue `json:"queues"`
	ChangedBy     Who          `json:"changedBy,omitempty"`
	Since         time.Time    `json:"since"`
	WrapUpEnds    *time.Time   `json:"wrapUpEndsAt,omitempty"`
}

// AgentQueue is an agent's state for one queue.
type AgentQueue struct {
	ID    DeviceID   `json:"id"`
	State AgentState `json:"state"`
}

func (s *Switch) agentView(a *agent) *Agent {
	v := &Agent{ID: a.id, Device: a.phone.id, State: a.state, Reason: a.reason, ChangedBy: a.by, Since: a.since, Queues: []AgentQueue{}}
	if a.pending != nil {
		v.Pending, v.PendingReason = a.pending.state, a.pending.reason
	}
	if a.wrapUp != nil {
		ends := a.wrapUp.at.Add(s.skew)
		v.WrapUpEnds = &ends
	}
	for _, q := range a.queues {
		v.Queues = append(v.Queues, AgentQueue{q.ID, a.stateFor(q)})
	}
	return v
}

// stateFor is an agent's state for one of his queues.
func (a *agent) stateFor(q *queue) AgentState {
	if a.state == Ready && slices.Contains(a.aside, q) {
		return NotReady
	}
	return a.state
}

// Queue shows a queue at one moment.
type Queue struct {
	ID          DeviceID       `json:"id"`
	Name        string         `json:"name"`
	Serve       []Range        `json:"serve"` // who may
	Waiting     int            `json:"waiting"`
	Calls       []WaitingCall  `json:"calls"` // that wait, longest first
	LongestWait float64        `json:"longestWaitSeconds"`
	Agents      []QueueAgent   `json:"agents"` // who are logged on
	ByState     map[string]int `json:"agentsByState"`
}

// WaitingCall is a call that waits.
type WaitingCall struct {
	Call CallID   `json:"callId"`
	From DeviceID `json:"from"`
	Wait float64  `json:"waitSeconds"`
}

// QueueAgent is an agent who is logged on to a queue, with his state for it.
type QueueAgent struct {
	ID      AgentID    `json:"agentId"`
	Device  DeviceID   `json:"device"`
	State   AgentState `json:"state"`
	Pending AgentState `json:"pendingState,omitempty"`
	// ChangedBy is who changed it last.
	ChangedBy Who `json:"changedBy,omitempty"`
}

func (s *Switch) queueView(q *queue) Queue {
	v := Queue{ID: q.ID, Name: q.Name, Serve: q.Agents, Waiting: len(q.waiting), Calls: []WaitingCall{}, Agents: s.agentsOf(q), ByState: map[string]int{}}
	for _, c := range q.waiting {
		v.Calls = append(v.Calls, WaitingCall{c.id, c.calling, s.now().Sub(c.queuedAt).Seconds()})
	}
	if len(v.Calls) > 0 {
		v.LongestWait = v.Calls[0].Wait
	}
	for _, a := range v.Agents {
		v.ByState[string(a.State)]++
	}
	return v
}

// agentsOf lists who is logged on to a queue.
func (s *Switch) agentsOf(q *queue) []QueueAgent {
	all := []QueueAgent{}
	for _, a := range s.agentsIn(q) {
		v := QueueAgent{ID: a.id, Device: a.phone.id, State: a.stateFor(q), ChangedBy: a.by}
		if a.pending != nil {
			v.Pending = a.pending.state
		}
		all = append(all, v)
	}
	return all
}

func copyData(data map[string]string) map[string]string {
	if len(data) == 0 {
		return nil
	}
	return maps.Clone(data)
}
