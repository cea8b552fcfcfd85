package wire

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
)

// Namespaces of what is written; what is read may have any.
const (
	// NamespaceED3 is ECMA-323 edition 3.
	NamespaceED3 = "http://www.ecma-international.org/standards/ecma-323/csta/ed3"
	// NamespaceSession is ECMA-354.
	NamespaceSession = "http://www.ecma-international.org/standards/ecma-354/appl_session"

	namespaceAvaya   = "http://www.avaya.com/csta"
	namespaceXSI     = "http://www.w3.org/2001/XMLSchema-instance"
	namespaceCTILink = "http://ctilink.io/csta"
)

// Kind says which part of an exchange a message is. The invoke id cannot: both sides
// number their requests from 1.
type Kind int

// The kinds of messages.
const (
	Request Kind = iota
	Response
	Event
)

// Message is one of this package's message types, named like its root element.
// Unmarshal returns pointers; Marshal takes a pointer or a value.
type Message interface {
	Kind() Kind
	isSession() bool
}

// OfSession says whether a message is of ECMA-354, about the session itself.
func OfSession(m Message) bool { return m.isSession() }

// Embedded in the message types, to say what they are.
type (
	request         struct{}
	response        struct{}
	event           struct{}
	sessionRequest  struct{}
	sessionResponse struct{}
	sessionEvent    struct{}
)

func (request) Kind() Kind              { return Request }
func (request) isSession() bool         { return false }
func (response) Kind() Kind             { return Response }
func (response) isSession() bool        { return false }
func (event) Kind() Kind                { return Event }
func (event) isSession() bool           { return false }
func (sessionRequest) Kind() Kind       { return Request }
func (sessionRequest) isSession() bool  { return true }
func (sessionResponse) Kind() Kind      { return Response }
func (sessionResponse) isSession() bool { return true }
func (sessionEvent) Kind() Kind         { return Event }
func (sessionEvent) isSession() bool    { return true }

// Unknown is a message whose root element this package has no type for.
type Unknown struct {
	Space, Name string
}

// Kind goes by the name, as the schema's names are regular.
func (u Unknown) Kind() Kind {
	switch {
	case strings.HasSuffix(u.Name, "Event"):
		return Event
	case strings.HasSuffix(u.Name, "Response"):
		return Response
	}
	return Request
}

func (Unknown) isSession() bool { return false }

var messages = byElementName(
	StartApplicationSession{}, StartApplicationSessionPosResponse{}, StartApplicationSessionNegResponse{},
	ResetApplicationSessionTimer{}, ResetApplicationSessionTimerPosResponse{}, ResetApplicationSessionTimerNegResponse{},
	StopApplicationSession{}, StopApplicationSessionPosResponse{}, StopApplicationSessionNegResponse{},
	ApplicationSessionTerminated{},

	MonitorStart{}, MonitorStartResponse{}, MonitorStop{}, MonitorStopResponse{},
	SnapshotDevice{}, SnapshotDeviceResponse{}, SnapshotCall{}, SnapshotCallResponse{},
	SystemStatus{}, SystemStatusResponse{}, CSTAErrorCode{},

	SetAgentState{}, SetAgentStateResponse{}, GetAgentState{}, GetAgentStateResponse{},
	AgentLoggedOnEvent{}, AgentLoggedOffEvent{}, AgentReadyEvent{}, AgentNotReadyEvent{},
	AgentBusyEvent{}, AgentWorkingAfterCallEvent{},

	AnswerCall{}, AnswerCallResponse{}, ClearConnection{}, ClearConnectionResponse{},
	HoldCall{}, HoldCallResponse{}, RetrieveCall{}, RetrieveCallResponse{}, MakeCall{}, MakeCallResponse{},
	ConsultationCall{}, ConsultationCallResponse{}, AlternateCall{}, AlternateCallResponse{},
	ReconnectCall{}, ReconnectCallResponse{}, TransferCall{}, TransferCallResponse{},
	ConferenceCall{}, ConferenceCallResponse{}, DeflectCall{}, DeflectCallResponse{},
	SingleStepTransferCall{}, SingleStepTransferCallResponse{},
	AssociateData{}, AssociateDataResponse{}, GenerateDigits{}, GenerateDigitsResponse{}, DigitsGeneratedEvent{},
	SetMicrophoneMute{}, SetMicrophoneMuteResponse{}, GetMicrophoneMute{}, GetMicrophoneMuteResponse{}, MicrophoneMuteEvent{},
	SetDoNotDisturb{}, SetDoNotDisturbResponse{}, GetDoNotDisturb{}, GetDoNotDisturbResponse{}, DoNotDisturbEvent{},

	ServiceInitiatedEvent{}, OriginatedEvent{}, DeliveredEvent{}, EstablishedEvent{}, HeldEvent{}, RetrievedEvent{},
	ConnectionClearedEvent{}, CallClearedEvent{}, DivertedEvent{}, QueuedEvent{}, FailedEvent{}, NetworkReachedEvent{},
	TransferedEvent{}, ConferencedEvent{}, CallInformationEvent{}, ServiceCompletionFailureEvent{},
)

// messageType is how a message is read.
type messageType struct {
	typ     reflect.Type
	plan    *plan
	monitor []int // the field with the monitor's reference, nil if there is none
}

func byElementName(all ...Message) map[string]messageType {
	m, plans := make(map[string]messageType, len(all)+1), plans{}
	for _, message := range all {
		t := reflect.TypeOf(message)
		monitor, _ := t.FieldByName("MonitorCrossRefID")
		m[t.Name()] = messageType{t, plans.of(t), monitor.Index}
	}
	// The schema writes one r; some switches write two.
	m["TransferredEvent"] = m["TransferedEvent"]
	return m
}

// Name returns the name of m's root element.
func Name(m Message) string {
	switch u := m.(type) {
	case Unknown:
		return u.Name
	case *Unknown:
		return u.Name
	}
	t := reflect.TypeOf(m)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// Marshal encodes m in UTF-8. namespace is that of the negotiated edition, NamespaceED3
// if empty; session messages have their own.
func Marshal(m Message, namespace string) ([]byte, error) {
	name := Name(m)
	if _, ok := messages[name]; !ok {
		return nil, fmt.Errorf("encode %s: not a message of this package", name)
	}
	if namespace == "" {
		namespace = NamespaceED3
	}
	if m.isSession() {
		namespace = NamespaceSession
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	root := xml.StartElement{Name: xml.Name{Space: namespace, Local: name}}
	if err := xml.NewEncoder(&b).EncodeElement(m, root); err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	if b.Len() > MaxBody {
		return nil, fmt.Errorf("encode %s: %w: %d bytes, at most %d", name, ErrTooLarge, b.Len(), MaxBody)
	}
	return b.Bytes(), nil
}

// Unmarshal decodes one message. It returns a pointer to the type named like the root
// element, or *Unknown; the message holds nothing of body. It refuses documents that are
// larger than a frame, nested deeper than 32 levels, with a document type or a processing
// instruction, with more than 32 attributes on an element, or in a character set that is not
// UTF-8 or ISO-8859-1. Errors say where; they never quote what stands there.
func Unmarshal(body []byte) (Message, error) {
	if len(body) > MaxFrame {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), MaxFrame)
	}
	var d decoder
	root, err := d.root(body)
	if err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	m, err := d.message(root)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", root.local, err)
	}
	return m, nil
}

// MonitorOf returns the monitor that an event belongs to, "" for other messages.
func MonitorOf(m Message) string {
	if m.Kind() != Event {
		return ""
	}
	v := reflect.Indirect(reflect.ValueOf(m))
	if t := messages[v.Type().Name()]; t.monitor != nil {
		return strings.TrimSpace(v.FieldByIndex(t.monitor).String())
	}
	return ""
}
