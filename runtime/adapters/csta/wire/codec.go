package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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

var types = byElementName(
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

func byElementName(messages ...Message) map[string]reflect.Type {
	m := make(map[string]reflect.Type, len(messages)+1)
	for _, message := range messages {
		t := reflect.TypeOf(message)
		m[t.Name()] = t
	}
	// The schema writes one r; some switches write two.
	m["TransferredEvent"] = reflect.TypeOf(TransferedEvent{})
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
	if _, ok := types[name]; !ok {
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
// element, or *Unknown. It refuses documents that are larger than a frame, nested deeper
// than 32 levels, with a document type, with more than 32 attributes on an element, or
// in a character set that is not UTF-8 or ISO-8859-1.
func Unmarshal(body []byte) (Message, error) {
	if len(body) > MaxFrame {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), MaxFrame)
	}
	d := xml.NewTokenDecoder(newGuard(body))
	root, err := rootElement(d)
	if err != nil {
		return nil, err
	}
	if len(root.Name.Local) > maxName {
		return nil, fmt.Errorf("%w: the root element's name has %d letters", ErrMalformed, len(root.Name.Local))
	}
	m := newMessage(root.Name)
	if _, unknown := m.(*Unknown); unknown {
		err = d.Skip()
	} else {
		err = d.DecodeElement(m, &root)
	}
	if err != nil {
		return nil, decodeError(root.Name.Local, err)
	}
	if err := expectEnd(d, root.Name.Local); err != nil {
		return nil, err
	}
	return m, nil
}

func newMessage(name xml.Name) Message {
	if t, ok := types[name.Local]; ok {
		return reflect.New(t).Interface().(Message)
	}
	return &Unknown{Space: name.Space, Name: name.Local}
}

func rootElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, fmt.Errorf("%w: no element", ErrMalformed)
		}
		if err != nil {
			return xml.StartElement{}, decodeError("message", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			return t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return xml.StartElement{}, fmt.Errorf("%w: text before the root element", ErrMalformed)
			}
		}
	}
}

func expectEnd(d *xml.Decoder, name string) error {
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return decodeError(name, err)
		}
		if text, ok := token.(xml.CharData); !ok || len(bytes.TrimSpace(text)) > 0 {
			return fmt.Errorf("decode %s: %w: more after the root element", name, ErrMalformed)
		}
	}
}

// decodeError keeps the package's own errors and calls all others malformed, without their
// texts: those quote the document, which holds numbers and call data.
func decodeError(name string, err error) error {
	for _, own := range []error{ErrDoctype, ErrTooDeep, ErrAttribute, ErrCharset} {
		if errors.Is(err, own) {
			return fmt.Errorf("decode %s: %w", name, own)
		}
	}
	if syntax := new(xml.SyntaxError); errors.As(err, &syntax) {
		return fmt.Errorf("decode %s: %w in line %d", name, ErrMalformed, syntax.Line)
	}
	return fmt.Errorf("decode %s: %w: a value does not fit its element", name, ErrMalformed)
}

// MonitorOf returns the monitor that an event belongs to, "" for other messages.
func MonitorOf(m Message) string {
	v := reflect.Indirect(reflect.ValueOf(m))
	if m.Kind() != Event {
		return ""
	}
	if f := v.FieldByName("MonitorCrossRefID"); f.IsValid() {
		return strings.TrimSpace(f.String())
	}
	return ""
}
