package mirror

import (
	"maps"
	"net/url"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// describe fills in what can change at any time.
func (m *Mirror) describe(call *Call, others []*Channel) {
	leg := call.leg
	call.Linked, call.Muted = leg.Linked, leg.variable(MutedVariable) != ""
	if call.Out {
		if call.DNIS == "" {
			call.DNIS = dialledNumber(leg)
		}
		for _, o := range others {
			call.FarExternal = call.FarExternal || o.external
			call.NetworkReached = o.unheard && call.State == opencti.Delivered
		}
	}
	if call.State == opencti.Queued {
		call.Queue = m.waitsIn(leg)
	}
	if len(others) > 0 || call.Parties == nil || call.parked == nil && leg.bridge != nil && leg.bridge.conference {
		call.Parties = m.parties(call, others)
	} else {
		call.Parties = slices.Clone(call.Parties)
		call.Parties[0].State = m.ownState(call)
	}
	// A leg's own variables are those of its newest call.
	if call.parked == nil && call.index == leg.serials {
		others = append([]*Channel{leg}, others...)
	}
	call.Data = m.data(call.Data, others)
}

func (m *Mirror) ownState(call *Call) opencti.EventName {
	if call.State == opencti.Offering {
		return opencti.Delivered
	}
	return call.State
}

func (m *Mirror) parties(call *Call, others []*Channel) []Party {
	out := []Party{{ID: call.Leg, DN: call.DN, State: m.ownState(call), Role: opencti.RoleAgent}}
	for _, o := range others {
		p := Party{ID: o.UID, DN: m.number(o), State: opencti.Established, Role: opencti.RoleAgent}
		switch {
		case call.Out && o.called && o.state != up && !o.sounding:
			continue // it does not ring yet
		case call.Out && o.called && (o.state != up || call.leg.bridge == nil && o.parked != call):
			p.State = opencti.Delivered
		case o.parked != nil || o.holding:
			p.State = opencti.Held
		}
		if call.Consult {
			p.Role = opencti.RoleConsulted
		}
		if o.external {
			p.Role = opencti.RoleCustomer
		}
		out = append(out, p)
	}
	return out
}

// number is what people know a channel by.
func (m *Mirror) number(c *Channel) string {
	if c.dn != "" {
		return c.dn
	}
	return c.caller
}

// data gathers the call data of channels; what was set last wins. What a channel said that has
// left stays.
func (m *Mirror) data(before map[string]string, channels []*Channel) map[string]string {
	out := maps.Clone(before)
	if out == nil {
		out = map[string]string{}
	}
	when := map[string]int{}
	take := func(name, value string, set int) {
		if last, known := when[name]; value != "" && (!known || set > last) {
			out[name], when[name] = value, set
		}
	}
	for _, c := range channels {
		for _, name := range m.Data {
			v := c.variables[name]
			take(name, v.value, v.set)
		}
		packed := c.variables[DataVariable]
		if query, err := url.ParseQuery(packed.value); err == nil {
			for name, values := range query {
				take(name, values[0], packed.set)
			}
		}
	}
	return out
}
