package cstatest

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// Told is what was told since last asked, in words. Whatever happened at the
// switch before is in it: the answer to a request that is sent now comes behind.
func (c *Client) Told() []string {
	c.T.Helper()
	c.Ask(wire.GetDoNotDisturb{Device: wire.Device("1001")})
	told := []string{}
	for _, m := range c.Events {
		told = append(told, c.Words(m))
	}
	c.Events = nil
	return told
}

// Await passes over what is told until something begins with these words.
func (c *Client) Await(words string) wire.Message {
	c.T.Helper()
	for {
		if len(c.Events) == 0 {
			_, m, err := c.Read()
			if err != nil {
				c.T.Fatalf("%s is not told: %v", words, err)
			}
			c.Events = append(c.Events, m)
		}
		m := c.Events[0]
		c.Events = c.Events[1:]
		if strings.HasPrefix(c.Words(m), words) {
			return m
		}
	}
}

// Words puts a message into a line: the monitored device, the name, connections
// as call@device, the local connection state, the cause, and what else there is
// of data, states and reasons.
func (c *Client) Words(m wire.Message) string {
	words := []string{}
	if device := c.devices[wire.MonitorOf(m)]; device != "" {
		words = append(words, device+":")
	}
	words = append(words, strings.TrimSuffix(wire.Name(m), "Event"))
	v := reflect.Indirect(reflect.ValueOf(m))
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.IsExported() && !f.Anonymous {
			words = append(words, fieldWords(f.Name, v.FieldByIndex(f.Index).Interface())...)
		}
	}
	return strings.Join(words, " ")
}

func fieldWords(name string, value any) []string {
	switch x := value.(type) {
	case wire.ConnectionID:
		return []string{connectionWords(x)}
	case *wire.ConnectionID:
		if x != nil {
			return []string{connectionWords(*x)}
		}
	case []wire.ConnectionPair:
		return pairWords(x)
	case wire.FailedCall:
		return []string{connectionWords(x.Connection), string(x.State)}
	case *wire.DeviceID:
		if x != nil {
			return []string{"for " + x.Number}
		}
	case *wire.CallData:
		return dataWords(x.Values(""))
	case *wire.Extensions:
		return agentWords(x.Agent())
	case *wire.PartyID:
		if name == "CallingDevice" && x != nil && x.Restricted != nil {
			return []string{"from somebody"}
		}
	case wire.LocalConnectionState, wire.EventCause, wire.SystemStatusValue, wire.AgentState:
		if text := fmt.Sprint(x); text != "" {
			return []string{text}
		}
	case string:
		if name == "AgentID" || name == "Digits" {
			return []string{x}
		}
	case bool:
		if x {
			return []string{"on"}
		}
	}
	return nil
}

func connectionWords(c wire.ConnectionID) string { return c.CallID + "@" + c.DeviceID.Number }

func pairWords(pairs []wire.ConnectionPair) []string {
	all := []string{}
	for _, p := range pairs {
		old := "nowhere"
		if p.Old != nil {
			old = p.Old.CallID
		}
		all = append(all, old+">"+connectionWords(*p.New))
	}
	return all
}

func dataWords(data map[string]string) []string {
	all := []string{}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		all = append(all, name+"="+data[name])
	}
	return all
}

func agentWords(a wire.AgentData) []string {
	all := []string{}
	if reason := cmp.Or(a.ReasonCode, a.PendingReasonCode); reason != "" {
		all = append(all, fmt.Sprintf("(%s)", reason))
	}
	if a.Cause != "" {
		all = append(all, "by "+a.Cause)
	}
	return all
}
