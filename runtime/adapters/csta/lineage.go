package csta

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Names in a call's data that are ours: they take along what CSTA loses when a call is
// handed on. No desktop sees them, and none may set them (docs/decisions/0015).
const (
	reservedPrefix     = "ctilink."
	keyInteractionID   = reservedPrefix + "interactionId"
	keyOriginalType    = reservedPrefix + "originalCallType"
	keyFrom            = reservedPrefix + "from" // the device that handed it on
	longestInteraction = 256
)

// lineage is what those names say.
type lineage struct {
	interactionID string
	original      opencti.CallType
	from          string
}

// original are the types that a call can have had at first.
var originalTypes = []opencti.CallType{opencti.Inbound, opencti.Outbound, opencti.Internal, opencti.UnknownType}

// separate takes our names out of a call's data.
func separate(data map[string]string) (variables map[string]string, l lineage) {
	reserved := func(name, _ string) bool { return strings.HasPrefix(name, reservedPrefix) }
	found := 0
	for name := range data {
		if reserved(name, "") {
			found++
		}
	}
	if found == 0 {
		return data, lineage{}
	}
	l = lineage{from: data[keyFrom]}
	if id := data[keyInteractionID]; len(id) <= longestInteraction {
		l.interactionID = id
	}
	if t := opencti.CallType(data[keyOriginalType]); slices.Contains(originalTypes, t) {
		l.original = t
	}
	if found == len(data) {
		return nil, l
	}
	variables = maps.Clone(data)
	maps.DeleteFunc(variables, reserved)
	return variables, l
}

// names gives the lineage in our names.
func (l lineage) names() map[string]string {
	out := map[string]string{}
	for name, value := range map[string]string{
		keyInteractionID: l.interactionID, keyOriginalType: string(l.original), keyFrom: l.from,
	} {
		if value != "" && l.interactionID != "" {
			out[name] = value
		}
	}
	return out
}

// complete is the data that a request hands on: its variables with the lineage.
func (d *device) complete(r opencti.Request) (map[string]string, error) {
	if err := checkVariables(r.Variables); err != nil {
		return nil, err
	}
	l := lineage{interactionID: r.Lineage.InteractionID, original: r.Lineage.CallType, from: d.dn}
	if l.original == opencti.Consult { // it was handed on to here, too: what it was before counts
		l.original = d.phone().originalType(cmp.Or(r.HeldCallID, r.CallID))
	}
	data := l.names()
	maps.Copy(data, r.Variables)
	return data, nil
}

func checkVariables(variables map[string]string) error {
	for name := range variables {
		if strings.HasPrefix(name, reservedPrefix) {
			return opencti.Errorf(opencti.InvalidRequest, "variables: names that begin with %q are reserved; use another name", reservedPrefix)
		}
	}
	return nil
}
