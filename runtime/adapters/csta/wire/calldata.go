package wire

import (
	"cmp"
	"encoding/xml"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// CallData is the content of correlatorData and userData: see the package comment.
type CallData struct {
	Private *CallDataPrivate `xml:"private"`
	String  HexBinary        `xml:"string,omitempty"`
}

// CallDataPrivate is the schema's open element.
type CallDataPrivate struct {
	CallData *VariableList `xml:"callData"`
}

// VariableList is CTILink's own element in it.
type VariableList struct {
	Variables []Variable `xml:"variable"`
}

// Variable is one key and value of the call data.
type Variable struct {
	Name  string `xml:"name,attr"`
	Value string `xml:",chardata"`
}

// MarshalXML puts the list into CTILink's namespace.
func (l VariableList) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	type plain VariableList
	start.Name = xml.Name{Space: namespaceCTILink, Local: "callData"}
	return e.EncodeElement(plain(l), start)
}

// NewCallData makes call data of key-value pairs; nil of none.
func NewCallData(values map[string]string) *CallData {
	if len(values) == 0 {
		return nil
	}
	list := &VariableList{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list.Variables = append(list.Variables, Variable{name, values[name]})
	}
	return &CallData{Private: &CallDataPrivate{CallData: list}}
}

// Values returns the key-value pairs, nil if there are none. Bytes that are no pairs
// stand under the name rawName.
func (c *CallData) Values(rawName string) map[string]string {
	if c == nil {
		return nil
	}
	values := map[string]string{}
	if c.Private != nil && c.Private.CallData != nil {
		for _, v := range c.Private.CallData.Variables {
			values[v.Name] = v.Value
		}
	}
	if len(c.String) > 0 {
		maps.Copy(values, pairs(c.String, rawName))
	}
	if len(values) == 0 {
		return nil
	}
	return values
}

func pairs(raw []byte, rawName string) map[string]string {
	if !utf8.Valid(raw) {
		raw = latin1ToUTF8(raw)
	}
	text := string(raw)
	if form, err := url.ParseQuery(text); err == nil && strings.Contains(text, "=") {
		values := make(map[string]string, len(form))
		for name := range form {
			values[name] = form.Get(name)
		}
		return values
	}
	return map[string]string{rawName: text}
}

// EventData is what the schema repeats in every event of a call, after its devices.
type EventData struct {
	LocalConnectionInfo LocalConnectionState `xml:"localConnectionInfo,omitempty"`
	CorrelatorData      *CallData            `xml:"correlatorData"`
	UserData            *CallData            `xml:"userData"`
	Cause               EventCause           `xml:"cause,omitempty"`
}

// Variables returns the call data of the event: correlatorData, else userData.
func (e EventData) Variables() map[string]string { return mergeData(e.CorrelatorData, e.UserData) }

func mergeData(correlator, user *CallData) map[string]string {
	values := user.Values("userData")
	if values == nil {
		return correlator.Values("correlatorData")
	}
	maps.Copy(values, correlator.Values("correlatorData"))
	return values
}

// NetworkDevices tells of the world outside: an external caller's number in
// NetworkCallingDevice, the trunk it came by in AssociatedCallingDevice, and likewise
// for an external callee (ECMA-269, device identifier parameters). A call with neither is internal.
type NetworkDevices struct {
	NetworkCallingDevice    *PartyID `xml:"networkCallingDevice"`
	NetworkCalledDevice     *PartyID `xml:"networkCalledDevice"`
	AssociatedCallingDevice *PartyID `xml:"associatedCallingDevice"`
	AssociatedCalledDevice  *PartyID `xml:"associatedCalledDevice"`
}

// CallDetails is what the schema repeats at the end of every event of a call.
type CallDetails struct {
	CallCharacteristics *CallCharacteristics `xml:"callCharacteristics"`
	CallLinkageData     *CallLinkageData     `xml:"callLinkageData"`
	Extensions          *Extensions          `xml:"extensions"`
}

// CallCharacteristics are flags of a call.
type CallCharacteristics struct {
	// ACDCall: a queue distributed the call.
	ACDCall bool `xml:"acdCall,omitempty"`
}

// CallLinkageData is what stays the same when a callID changes.
type CallLinkageData struct {
	GlobalCallData *GlobalCallData `xml:"globalCallData"`
	ThreadData     *ThreadData     `xml:"threadData"`
}

// GlobalCallData identifies a call beyond its switch.
type GlobalCallData struct {
	SwitchingSubDomainName string       `xml:"globalCallSwitchingSubDomainName,omitempty"`
	LinkageID              GlobalCallID `xml:"globalCallLinkageID"`
}

// GlobalCallID is one of two: unique everywhere (at Avaya the UCID) or in its domain.
type GlobalCallID struct {
	GloballyUnique string `xml:"globallyUniqueCallLinkageID,omitempty"`
	SubDomain      string `xml:"subDomainCallLinkageID,omitempty"`
}

// ThreadData links the calls of one thread of work, such as a call and its consult.
type ThreadData struct {
	LinkageID ThreadID `xml:"threadLinkageID"`
}

// ThreadID is one of two, like GlobalCallID.
type ThreadID struct {
	GloballyUnique string `xml:"globallyUniqueThreadID,omitempty"`
	SubDomain      string `xml:"subDomainThreadID,omitempty"`
}

// GlobalCall makes the linkage data of a globally unique id; nil of none.
func GlobalCall(id string) *CallLinkageData {
	if id == "" {
		return nil
	}
	return &CallLinkageData{GlobalCallData: &GlobalCallData{LinkageID: GlobalCallID{GloballyUnique: id}}}
}

// GlobalID returns the globally unique id, or that of the domain, or "".
func (c *CallLinkageData) GlobalID() string {
	if c == nil || c.GlobalCallData == nil {
		return ""
	}
	id := c.GlobalCallData.LinkageID
	return cmp.Or(id.GloballyUnique, id.SubDomain)
}

// ThreadID returns the id of the thread of work that the call is part of, or "".
func (c *CallLinkageData) ThreadID() string {
	if c == nil || c.ThreadData == nil {
		return ""
	}
	id := c.ThreadData.LinkageID
	return cmp.Or(id.GloballyUnique, id.SubDomain)
}

// CallLinkageDataList is the linkage data where two calls become one.
type CallLinkageDataList struct {
	New *CallLinkageData `xml:"newCallLinkageData"`
	Old *CallLinkageData `xml:"oldCallLinkageData"`
}
