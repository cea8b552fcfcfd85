package switchmodel

import (
	"maps"
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
		v.Queue = c.queue.Name
	}
	for _, n := range c.connections {
		v.Connections = append(v.Connections, Connection{Device: n.device, State: n.state, Since: n.since})
	}
	return v
}

// Agent shows an agent at one moment.
type Agent struct {
	ID            AgentID    `json:"agentId"`
	Device        DeviceID   `json:"device"`
	State         AgentState `json:"state"`
	Reason        string     `json:"reason,omitempty"`
	Pending       AgentState `json:"pendingState,omitempty"`
	PendingReason string     `json:"pendingReason,omitempty"`
	Queues        []DeviceID `json:"queues"`
	Since         time.Time  `json:"since"`
	WrapUpEnds    *time.Time `json:"wrapUpEndsAt,omitempty"`
}

func (a *agent) view() *Agent {
	v := &Agent{ID: a.id, Device: a.phone.id, State: a.state, Reason: a.reason, Since: a.since, Queues: []DeviceID{}}
	if a.pending != nil {
		v.Pending, v.PendingReason = a.pending.state, a.pending.reason
	}
	if a.wrapUp != nil {
		ends := a.wrapUp.at
		v.WrapUpEnds = &ends
	}
	for _, q := range a.queues {
		v.Queues = append(v.Queues, q.ID)
	}
	return v
}

// Queue shows a queue at one moment.
type Queue struct {
	ID          DeviceID `json:"id"`
	Name        string   `json:"name"`
	Agents      []Range  `json:"agents"`
	Waiting     int      `json:"waiting"`
	Idle        int      `json:"idle"`
	LongestWait float64  `json:"longestWaitSeconds"`
}

func copyData(data map[string]string) map[string]string {
	if len(data) == 0 {
		return nil
	}
	return maps.Clone(data)
}
