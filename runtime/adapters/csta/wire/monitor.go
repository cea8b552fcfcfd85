package wire

// MonitorStart asks for the events of a device (ECMA-269, Monitor Start). It sends no
// filter: a filter in CSTA only takes events away.
type MonitorStart struct {
	request
	MonitorObject MonitorObject `xml:"monitorObject"`
	MonitorType   string        `xml:"monitorType,omitempty"`
	Extensions    *Extensions   `xml:"extensions"`
}

// MonitorTypeDevice is MonitorStart.MonitorType for a device.
const MonitorTypeDevice = "device"

// MonitorObject is one of two.
type MonitorObject struct {
	CallObject   *ConnectionID `xml:"callObject"`
	DeviceObject *DeviceID     `xml:"deviceObject"`
}

// MonitorStartResponse names the monitor; its events carry that name.
type MonitorStartResponse struct {
	response
	MonitorCrossRefID    string      `xml:"monitorCrossRefID"`
	MonitorExistingCalls bool        `xml:"monitorExistingCalls,omitempty"`
	Extensions           *Extensions `xml:"extensions"`
}

// MonitorStop ends a monitor. Either side may send it.
type MonitorStop struct {
	request
	MonitorCrossRefID string      `xml:"monitorCrossRefID"`
	Extensions        *Extensions `xml:"extensions"`
}

// MonitorStopResponse answers MonitorStop.
type MonitorStopResponse struct{ response }

// SnapshotDevice asks for the calls at a device.
type SnapshotDevice struct {
	request
	SnapshotObject DeviceID `xml:"snapshotObject"`
}

// SnapshotDeviceResponse lists the calls at a device.
type SnapshotDeviceResponse struct {
	response
	// CrossRefID is set instead of Snapshot where the data follows later.
	CrossRefID string             `xml:"crossRefIDorSnapshotData>serviceCrossRefID,omitempty"`
	Snapshot   SnapshotDeviceData `xml:"crossRefIDorSnapshotData>snapshotData"`
	Extensions *Extensions        `xml:"extensions"`
}

// SnapshotDeviceData is a list that may be empty.
type SnapshotDeviceData struct {
	Calls []SnapshotDeviceInfo `xml:"snapshotDeviceResponseInfo"`
}

// SnapshotDeviceInfo is a call at the device.
type SnapshotDeviceInfo struct {
	Connection     ConnectionID `xml:"connectionIdentifier"`
	EndpointDevice *PartyID     `xml:"endpointDevice"`
	State          CallState    `xml:"localCallState"`
}

// CallState is the state of a call seen from one device: its connection's state first,
// then that of the others, or one word for a pair (ECMA-269, CallState).
type CallState struct {
	Compound []LocalConnectionState `xml:"compoundCallState>localConnectionState"`
	Simple   string                 `xml:"simpleCallState,omitempty"`
	Unknown  *Empty                 `xml:"unknown"`
}

// simpleCallStates gives the pair, the device's own connection first. "Held" is held here,
// "OnHold" is held by the other side.
var simpleCallStates = map[string][]LocalConnectionState{
	"callNull":              {StateNull},
	"callPending":           {StateInitiated},
	"callOriginated":        {StateConnected},
	"callDelivered":         {StateConnected, StateAlerting},
	"callDeliveredHeld":     {StateHold, StateAlerting},
	"callReceived":          {StateAlerting, StateConnected},
	"callEstablished":       {StateConnected, StateConnected},
	"callEstablishedHeld":   {StateHold, StateConnected},
	"callReceivedOnHold":    {StateAlerting, StateHold},
	"callEstablishedOnHold": {StateConnected, StateHold},
	"callQueued":            {StateConnected, StateQueued},
	"callQueuedHeld":        {StateHold, StateQueued},
	"callFailed":            {StateConnected, StateFail},
	"callFailedHeld":        {StateHold, StateFail},
	"callBlocked":           {StateFail, StateConnected},
}

// States returns the states of the connections, the device's own first; none if they are
// not told.
func (s CallState) States() []LocalConnectionState {
	if len(s.Compound) > 0 {
		return s.Compound
	}
	return simpleCallStates[s.Simple]
}

// Local returns the state of the device's own connection, "" if it is not told.
func (s CallState) Local() LocalConnectionState {
	if states := s.States(); len(states) > 0 {
		return states[0]
	}
	return ""
}

// Compound makes a call state of connection states, the device's own first.
func Compound(states ...LocalConnectionState) CallState { return CallState{Compound: states} }

// SnapshotCall asks for the parties and the data of a call.
type SnapshotCall struct {
	request
	SnapshotObject ConnectionID `xml:"snapshotObject"`
}

// SnapshotCallResponse gives the parties and the data of a call.
type SnapshotCallResponse struct {
	response
	CrossRefID              string               `xml:"crossRefIDorSnapshotData>serviceCrossRefID,omitempty"`
	Snapshot                SnapshotCallData     `xml:"crossRefIDorSnapshotData>snapshotData"`
	CallCharacteristics     *CallCharacteristics `xml:"callCharacteristics"`
	CallingDevice           *PartyID             `xml:"callingDevice"`
	CalledDevice            *PartyID             `xml:"calledDevice"`
	AssociatedCallingDevice *PartyID             `xml:"associatedCallingDevice"`
	AssociatedCalledDevice  *PartyID             `xml:"associatedCalledDevice"`
	CorrelatorData          *CallData            `xml:"correlatorData"`
	// UserData is not in the schema; some switches send it.
	UserData        *CallData        `xml:"userData"`
	CallLinkageData *CallLinkageData `xml:"callLinkageData"`
	// DeviceHistory is where the call was before; the last entry is the newest.
	DeviceHistory []HistoryItem `xml:"deviceHistory>deviceHistoryListItem"`
	Extensions    *Extensions   `xml:"extensions"`
}

// Variables returns the call data.
func (r SnapshotCallResponse) Variables() map[string]string {
	return mergeData(r.CorrelatorData, r.UserData)
}

// SnapshotCallData is the list of a call's connections.
type SnapshotCallData struct {
	Parties []SnapshotCallInfo `xml:"snapshotCallResponseInfo"`
}

// SnapshotCallInfo is one connection of a call.
type SnapshotCallInfo struct {
	DeviceOnCall PartyID              `xml:"deviceOnCall"`
	Connection   ConnectionID         `xml:"callIdentifier"`
	State        LocalConnectionState `xml:"localConnectionInfo,omitempty"`
}

// HistoryItem is a device that the call has left: a queue that distributed it has
// CauseDistributed.
type HistoryItem struct {
	OldDevice *RedirectionID `xml:"oldDeviceID"`
	Cause     EventCause     `xml:"eventCause,omitempty"`
}

// SystemStatus tells, either way, how a system is (ECMA-269, System Status).
type SystemStatus struct {
	request
	RegisterID string            `xml:"sysStatRegisterID,omitempty"`
	Status     SystemStatusValue `xml:"systemStatus"`
}

// SystemStatusValue is a state of a system.
type SystemStatusValue string

// System states. After MessagesLost nothing is known that has not been asked for again.
const (
	SystemInitializing      SystemStatusValue = "initializing"
	SystemEnabled           SystemStatusValue = "enabled"
	SystemNormal            SystemStatusValue = "normal"
	SystemMessagesLost      SystemStatusValue = "messagesLost"
	SystemDisabled          SystemStatusValue = "disabled"
	SystemPartiallyDisabled SystemStatusValue = "partiallyDisabled"
	SystemOverloadImminent  SystemStatusValue = "overloadImminent"
	SystemOverloadReached   SystemStatusValue = "overloadReached"
	SystemOverloadRelieved  SystemStatusValue = "overloadRelieved"
)

// SystemStatusResponse answers SystemStatus.
type SystemStatusResponse struct{ response }
