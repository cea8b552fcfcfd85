package wire

import "encoding/xml"

// Extensions is the schema's CSTACommonArguments.
type Extensions struct {
	PrivateData *PrivateData `xml:"privateData"`
}

// PrivateData is what a vendor adds.
type PrivateData struct {
	Private *Private `xml:"private"`
}

// Private holds the additions that this package knows.
type Private struct {
	AgentData *AgentData `xml:"agentData"`
	AvayaSet  *AgentData `xml:"SetAgentStatePrivateData"`
	AvayaGet  *AgentData `xml:"GetAgentStateResponsePrivateData"`
}

// AgentData is what CSTA cannot say of an agent's state.
type AgentData struct {
	WorkMode          string `xml:"workMode,omitempty"`
	ReasonCode        string `xml:"reasonCode,omitempty"`
	PendingReasonCode string `xml:"pendingReasonCode,omitempty"`
	// Cause says who or what changed the state: Agent, Phone, Supervisor, System, NoAnswer.
	Cause string `xml:"cause,omitempty"`
	// WrapUpEndsAt is when work after a call ends by itself, in the form of RFC 3339.
	WrapUpEndsAt string `xml:"wrapUpEndsAt,omitempty"`
}

// MarshalXML puts the data into its owner's namespace.
func (a AgentData) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	type plain AgentData
	start.Name.Space = namespaceAvaya
	if start.Name.Local == "agentData" {
		start.Name.Space = namespaceCTILink
	}
	return e.EncodeElement(plain(a), start)
}

// NewAgentExtensions carries a in CTILink's own element; nil when a is empty.
func NewAgentExtensions(a AgentData) *Extensions {
	if a == (AgentData{}) {
		return nil
	}
	return &Extensions{PrivateData: &PrivateData{Private: &Private{AgentData: &a}}}
}

// Agent returns the agent data, whoever's element carried it.
func (x *Extensions) Agent() AgentData {
	if x == nil || x.PrivateData == nil || x.PrivateData.Private == nil {
		return AgentData{}
	}
	p := x.PrivateData.Private
	for _, a := range []*AgentData{p.AgentData, p.AvayaGet, p.AvayaSet} {
		if a != nil {
			return *a
		}
	}
	return AgentData{}
}
