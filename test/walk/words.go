package walk

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/test/desktop"
)

// Words says an event in plain words.
func Words(e desktop.Event) string {
	switch e.Type {
	case opencti.TypeSnapshot:
		return fmt.Sprintf("snapshot: agent %s, calls: %d, link %s", plain(e.Snapshot.Agent.State), len(e.Snapshot.Calls), plain(e.Snapshot.Link))
	case opencti.TypeAgentState:
		return "agent is " + plain(e.Name) + reason(e.Agent)
	case opencti.TypeCallState, opencti.TypePartyInfo, opencti.TypeCallInfo:
		return callWords(e)
	}
	return plain(e.Name)
}

func reason(a *opencti.AgentState) string {
	if a.ReasonCode == "" {
		return ""
	}
	return " (reason " + a.ReasonCode + ")"
}

func callWords(e desktop.Event) string {
	text := fmt.Sprintf("call %s %s", e.Call.CallID, plain(e.Name))
	if e.Ended && e.Name == opencti.Transferred {
		text += " away"
	}
	if len(e.PreviousCallIDs) > 0 {
		text += fmt.Sprintf(" (it was %s)", strings.Join(e.PreviousCallIDs, " and "))
	}
	if e.Name != opencti.Offering {
		return text
	}
	text += fmt.Sprintf(": from %s, dialled %s", e.Call.ANI, e.Call.DNIS)
	if len(e.Call.Variables) > 0 {
		text += ", data " + pairs(e.Call.Variables)
	}
	return text
}

// pairs writes call data as key=value, in the order of the keys.
func pairs(data map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(data)) {
		out = append(out, k+"="+data[k])
	}
	return strings.Join(out, " ")
}

var words = map[opencti.EventName]string{
	opencti.LoggedIn: "logged in", opencti.LoggedOut: "logged out", opencti.Available: "available", opencti.Unavailable: "unavailable",
	opencti.Busy: "busy", opencti.AfterCallWork: "in after-call work", opencti.Unknown: "in an unknown state",
	opencti.Offering: "rings", opencti.Established: "is established", opencti.Held: "is on hold", opencti.Retrieved: "is retrieved",
	opencti.Initiated: "begins", opencti.Delivered: "rings there", opencti.Queued: "waits in a queue", opencti.Failed: "failed",
	opencti.Transferred: "was transferred", opencti.Conferenced: "is a conference now", opencti.PartyInfo: "has other parties",
	opencti.CallInfo: "has other data", opencti.RequestFailed: "a request failed",
	opencti.Released: "is over", opencti.Abandoned: "was given up by the caller", opencti.Diverted: "went elsewhere",
	opencti.LinkUp: "up", opencti.LinkLost: "down",
}

func plain(n opencti.EventName) string {
	if w, ok := words[n]; ok {
		return w
	}
	return string(n)
}
