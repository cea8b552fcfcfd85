package mirror

import (
	"net/url"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Lineage is what HandedOnVariable says of a call that is handed on.
type Lineage struct {
	By       opencti.OfferedBy
	Original opencti.CallType
}

// String writes it for the variable: letters that nothing has to escape.
func (l Lineage) String() string {
	return url.Values{"by": {string(l.By)}, "type": {string(l.Original)}}.Encode()
}

func lineageOf(c *Channel) Lineage {
	v, err := url.ParseQuery(c.variable(HandedOnVariable))
	if err != nil {
		return Lineage{}
	}
	return Lineage{opencti.OfferedBy(v.Get("by")), opencti.CallType(v.Get("type"))}
}

// describeOutgoing says of a new call what this telephone dials.
func (m *Mirror) describeOutgoing(call *Call) {
	leg := call.leg
	call.ANI = call.DN
	call.DNIS = leg.dialled
	if call.DNIS == "" || leg.parks() {
		call.DNIS = dialledNumber(leg)
	}
	if others := m.far(leg); leg.bridge != nil && len(others) > 0 {
		call.DNIS = m.number(others[0]) // a consult by Asterisk's own feature
	}
	if first := m.heldBy(call.DN, leg); first != nil {
		call.Consult, call.Original = true, first.kind()
	}
}

// dialledNumber is where a channel is in the dialplan, if that is a number.
func dialledNumber(c *Channel) string {
	if c.extension == "s" || strings.TrimLeft(c.extension, "0123456789*#+") != "" {
		return ""
	}
	return c.extension
}

// heldBy finds the call that a telephone has on hold, but for its calls that talk on a leg.
func (m *Mirror) heldBy(dn string, leg *Channel) *Call {
	for _, call := range leg.calls {
		if call.parked != nil {
			return call
		}
	}
	for _, c := range m.legs[dn] {
		for _, call := range c.calls {
			if c != leg && call.State == opencti.Held {
				return call
			}
		}
	}
	return nil
}

// kind is the type of a call, to the telephone that has it.
func (call *Call) kind() opencti.CallType {
	switch {
	case call.Original != "":
		return call.Original
	case !call.Out && call.CallerExternal:
		return opencti.Inbound
	case call.Out && call.FarExternal:
		return opencti.Outbound
	}
	return opencti.Internal
}

// describeIncoming says of a new call who calls, and how it came here.
func (m *Mirror) describeIncoming(call *Call) {
	caller, queue := m.origin(call.leg)
	call.Queue, call.OfferedBy = queue, opencti.ByDirect
	if queue != "" {
		call.OfferedBy = opencti.ByQueue
	}
	if others := m.far(call.leg); caller == nil && len(others) > 0 {
		caller = others[0] // they are connected already
	}
	if caller == nil {
		return
	}
	call.ANI, call.CallerExternal = m.number(caller), caller.external
	call.DNIS = caller.dialled
	if call.DNIS == "" {
		call.DNIS = dialledNumber(caller)
	}
	if queue != "" {
		return
	}
	first, said := m.consultOf(caller), lineageOf(call.leg)
	switch {
	case first != nil && call.leg.bridge == nil:
		call.OfferedBy, call.Original, call.DNIS = opencti.ByConsult, first.kind(), call.DN
	case caller.handedOn:
		call.OfferedBy, call.Original = opencti.ByBlindTransfer, opencti.Internal
		if n := len(caller.met); n > 0 {
			call.Original = caller.met[n-1].kind()
		}
		if said.By == opencti.ByTransfer || said.By == opencti.ByBlindTransfer {
			call.OfferedBy, call.Original = said.By, said.Original
		}
	case said.By != "":
		call.OfferedBy, call.Original = said.By, said.Original
	}
}

// consultOf gives the call for which a telephone calls another one; nil: it just calls.
func (m *Mirror) consultOf(caller *Channel) *Call {
	if caller.dn == "" {
		return nil
	}
	return m.heldBy(caller.dn, caller)
}
