package session

import (
	"maps"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// call is a call at the device, with what only the session knows of it.
type call struct {
	opencti.Call
	// offered: it rang here once.
	offered bool
	// provisional: no global id was told; the interactionId is the callId.
	provisional bool
	// linked: it is known for which call it is a consult. consults is that call while
	// both live; purpose is the activity that began the consult, empty when it began at
	// the telephone.
	linked   bool
	consults *call
	purpose  opencti.Activity
	// passedOn: a consult has its interactionId, or it has that of the call which it was
	// about: it stands from then on.
	passedOn bool
	// consulted: it is on hold for a consult that is over, and that began so; cancelling
	// retrieves it.
	consulted    bool
	consultedFor opencti.Activity
	// bequeathed is the data of a consult that ended for a conference which is yet to be
	// told.
	bequeathed map[string]string
	// knownAs is the interactionId that the CTI server tells; ours may be that of the call
	// which this one goes on with.
	knownAs string
	// inherited: the slot's former holder knew it, and what treatment has to do may not be done.
	inherited bool
	// formerly are the ids that it had before the last merge.
	formerly []string
	// told are the capabilities that desktops know of.
	told activities
	// answer is the timer of an automatic answer.
	answer *time.Timer
}

// clone makes a copy that nobody changes any more. Lists and maps inside are
// replaced, never written to, so they may be shared.
func clone(c *call) *opencti.Call {
	k := c.Call
	return &k
}

// leaveManual ends the wait for an automatic answer.
func (c *call) leaveManual() {
	if c.answer != nil {
		c.answer.Stop()
		c.answer = nil
	}
}

// claimed says whether a desktop has started the interaction.
func (c *call) claimed() bool { return c.Treatment != nil && c.Treatment.Claimed }

// others counts the other parties.
func (c *call) others(dn string) int {
	n := 0
	for _, p := range c.Parties {
		if !isParty(p, dn) {
			n++
		}
	}
	return n
}

// isParty says whether a party is the one that is named, by its id or its device.
func isParty(p opencti.Party, name string) bool { return p.ID == name || p.DN == name }

// lineage is what a consult or a transfer of the call goes on with.
func (c *call) lineage() opencti.Lineage {
	l := opencti.Lineage{InteractionID: c.InteractionID, CallType: c.CallType}
	if c.OriginalCallType != "" {
		l.CallType = c.OriginalCallType
	}
	return l
}

// enter puts the call in a state; false when it was there.
func (c *call) enter(state opencti.EventName, now time.Time) bool {
	if c.State == state {
		return false
	}
	c.State, c.Since = state, now
	if state != opencti.Offering {
		c.leaveManual()
	}
	if state != opencti.Held {
		c.consulted, c.bequeathed = false, nil
	}
	if state == opencti.Established {
		c.NetworkReached = false // it was told after all
		if c.AnsweredAt == nil {
			c.AnsweredAt = &now
		}
	}
	return true
}

// update takes over what the event tells about the call; what it does not tell
// stays. It says whether anything changed. The device is the session's.
func (c *call) update(d rules.Data, dn string) bool {
	changed := false
	text := func(to *string, field string) {
		if v := d.String(field); v != "" && v != *to {
			*to, changed = v, true
		}
	}
	text(&c.ANI, "ani")
	text(&c.DNIS, "dnis")
	text(&c.Queue, "queue")
	text((*string)(&c.OfferedBy), "offeredBy")
	if id := d.String("interactionId"); id != "" {
		c.knownAs = id
		if c.provisional {
			c.InteractionID, c.provisional, changed = id, false, true
		}
	}
	if c.retype(opencti.CallType(d.String("callType")), opencti.CallType(d.String("originalCallType"))) {
		changed = true
	}
	if muted, told := d.Bool("muted"); told && muted != c.Muted {
		c.Muted, changed = muted, true
	}
	if reached, _ := d.Bool("networkReached"); reached && !c.NetworkReached && c.AnsweredAt == nil {
		c.NetworkReached, changed = true, true
	}
	if merged, differs := merge(c.Variables, d.Map("variables")); differs {
		c.Variables, changed = merged, true
	}
	return c.updateParties(d, dn) || changed
}

// updateParties takes over who is in the call. The other devices are those of the parties,
// unless the rules name them.
func (c *call) updateParties(d rules.Data, dn string) (changed bool) {
	ps, others := parties(d.Maps("parties")), d.Strings("otherDns")
	if others == nil {
		others = otherDNs(ps, dn)
	}
	if ps != nil && !slices.Equal(ps, c.Parties) {
		c.Parties, changed = ps, true
	}
	if (ps != nil || others != nil) && !slices.Equal(others, c.OtherDNs) {
		c.OtherDNs, changed = others, true
	}
	return changed
}

func otherDNs(ps []opencti.Party, dn string) (out []string) {
	for _, p := range ps {
		if p.DN != "" && p.DN != dn {
			out = append(out, p.DN)
		}
	}
	return out
}

// retype takes over the call's type. What was handed on arrives as CONSULT, also when it
// was transferred, and keeps what it was at first (guide, "Call type details"). A call
// that was talked on becomes nobody's consult, whatever the cause of its events.
func (c *call) retype(told, original opencti.CallType) bool {
	was, wasOriginal := c.CallType, c.OriginalCallType
	handedOn := c.CallType == opencti.Consult || c.OfferedBy == opencti.ByConsult ||
		c.OfferedBy == opencti.ByBlindTransfer || c.OfferedBy == opencti.ByTransfer
	switch {
	case handedOn:
		c.CallType = opencti.Consult
		keep(&original, told)
		if original == "" && was != opencti.Consult {
			original = was
		}
	case told == "" || told == opencti.UnknownType:
	case told != opencti.Consult || c.AnsweredAt == nil:
		c.CallType = told
	}
	if c.OriginalCallType == "" && original != opencti.Consult && original != opencti.UnknownType {
		c.OriginalCallType = original
	}
	return c.CallType != was || c.OriginalCallType != wasOriginal
}

// merge makes a new map, if anything differs: the old one may be in an event that is being
// encoded.
func merge(old, told map[string]string) (merged map[string]string, differs bool) {
	size := 0
	for k, v := range old {
		size += sizeOf(k, v)
	}
	merged = old
	for k, v := range told {
		was, known := merged[k]
		grown := size + sizeOf(k, v)
		if known {
			grown -= sizeOf(k, was)
		}
		if known && was == v || grown > callDataBound {
			continue
		}
		if !differs {
			if merged = maps.Clone(old); merged == nil {
				merged = make(map[string]string, len(told))
			}
		}
		merged[k], size, differs = v, grown, true
	}
	return merged, differs
}

// sizeOf is what a variable takes in memory, about.
func sizeOf(name, value string) int { return len(name) + len(value) + 32 }

func parties(in []map[string]string) []opencti.Party {
	if in == nil {
		return nil
	}
	out := make([]opencti.Party, len(in))
	for i, p := range in {
		out[i] = opencti.Party{ID: p["id"], DN: p["dn"], State: opencti.EventName(p["state"]), Role: opencti.PartyRole(p["role"])}
	}
	return out
}
