// Package mirror holds what Asterisk's events say is there: channels, bridges, dials, queues'
// members. Asterisk knows no calls as desktops mean them; they are made here, of the graph of
// channels around each telephone's own channel, its leg. After every event the calls of the
// legs that it can concern are derived anew, and what differs is a Change: so a change of the
// order of events changes nothing, and a snapshot says the same as the events before it.
//
// It does no input and output and has no locks; the driver next door brings both.
package mirror

import (
	"path"
	"slices"
	"strings"
)

// Naming says what is what among channels.
type Naming struct {
	// Endpoint is the device of a telephone's channels, and Member its interface in queues,
	// with {dn} for its number: PJSIP/{dn}, Local/{dn}@from-queue/n.
	Endpoint, Member string
	// Trunks are devices whose other end is outside, as patterns: PJSIP/trunk*.
	Trunks []string
	// HoldContext and HoldExtension are where channels are sent to be on hold.
	HoldContext, HoldExtension string
	// ConsultContext is where telephones' channels consult.
	ConsultContext string
	// Data are the channel variables that are call data.
	Data []string
}

// Variables of our own on channels.
const (
	// HandedOnVariable tells the leg of the next agent how the call comes there: see Lineage.
	HandedOnVariable = "CTILINK_CALL"
	// DataVariable holds call data with other names than Naming.Data, as a query string.
	DataVariable = "CTILINK_DATA"
	// HeldVariable stands on a channel that is on hold at the switch: see HeldMark.
	HeldVariable = "CTILINK_HELD"
	// AwayVariable stands on a leg that consults out of a conference: see AwayMark.
	AwayVariable = "CTILINK_AWAY"
	// MutedVariable stands on a leg that is muted; of that Asterisk itself tells nobody.
	MutedVariable = "CTILINK_MUTED"
)

// Variables are our own ones.
func Variables() []string {
	return []string{HandedOnVariable, DataVariable, HeldVariable, AwayVariable, MutedVariable}
}

// matters says whether a channel variable is remembered.
func (n *Naming) matters(variable string) bool {
	return slices.Contains(Variables(), variable) || slices.Contains(n.Data, variable)
}

// Device gives the endpoint of a number.
func (n *Naming) Device(dn string) string { return strings.ReplaceAll(n.Endpoint, "{dn}", dn) }

// Interface gives the queue member of a number.
func (n *Naming) Interface(dn string) string { return strings.ReplaceAll(n.Member, "{dn}", dn) }

// dn gives the number of the telephone that a channel belongs to; empty for trunks and for
// channels within Asterisk.
func (n *Naming) dn(channel string) string {
	device := deviceOf(channel)
	if n.external(channel) {
		return ""
	}
	return between(device, n.Endpoint)
}

// member gives the number of a queue's member.
func (n *Naming) member(iface string) string { return between(iface, n.Member) }

// between gives what stands for {dn} in a name.
func between(name, template string) string {
	before, after, ok := strings.Cut(template, "{dn}")
	if !ok || len(name) <= len(before)+len(after) || !strings.HasPrefix(name, before) || !strings.HasSuffix(name, after) {
		return ""
	}
	dn := name[len(before) : len(name)-len(after)]
	if strings.ContainsAny(dn, "/@;") {
		return ""
	}
	return dn
}

// external says whether a channel's other end is outside.
func (n *Naming) external(channel string) bool {
	device := deviceOf(channel)
	for _, pattern := range n.Trunks {
		if ok, err := path.Match(pattern, device); err == nil && ok {
			return true
		}
	}
	return false
}

// deviceOf cuts the number of the channel: PJSIP/1001-0000002a.
func deviceOf(channel string) string {
	if i := strings.LastIndexByte(channel, '-'); i > 0 {
		return channel[:i]
	}
	return channel
}

// within says whether a channel has no telephone: halves of Local channels, which lead on,
// and announcers and recorders of conferences, which are nobody.
func local(channel string) bool { return strings.HasPrefix(channel, "Local/") }

func nobody(channel string) bool {
	for _, kind := range []string{"CBAnn/", "CBRec/", "Announcer/", "Recorder/", "Snoop/", "Message/", "AsyncGoto/", "Surrogate/"} {
		if strings.HasPrefix(channel, kind) {
			return true
		}
	}
	return false
}
