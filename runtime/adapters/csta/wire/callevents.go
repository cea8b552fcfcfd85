package wire

// The events of calls (ECMA-269, Call Control Events), each as its device saw it. Devices that an
// event does not name are nil.

// ServiceInitiatedEvent tells that the device went off-hook, or was made to.
type ServiceInitiatedEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Connection        ConnectionID `xml:"initiatedConnection"`
	InitiatingDevice  *PartyID     `xml:"initiatingDevice"`
	EventData
	CallDetails
}

// OriginatedEvent tells that the device dialled, the call is on its way.
type OriginatedEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Connection        ConnectionID `xml:"originatedConnection"`
	CallingDevice     *PartyID     `xml:"callingDevice"`
	CalledDevice      *PartyID     `xml:"calledDevice"`
	EventData
	NetworkDevices
	CallDetails
}

// DeliveredEvent tells that a call alerts at AlertingDevice, which may be this device or the other.
type DeliveredEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Connection        ConnectionID `xml:"connection"`
	AlertingDevice    *PartyID     `xml:"alertingDevice"`
	CallingDevice     *PartyID     `xml:"callingDevice"`
	CalledDevice      *PartyID     `xml:"calledDevice"`
	// LastRedirectionDevice is the queue of a call that a queue distributed.
	LastRedirectionDevice *RedirectionID `xml:"lastRedirectionDevice"`
	EventData
	NetworkDevices
	CallDetails
}

// EstablishedEvent tells that the call was answered at AnsweringDevice.
type EstablishedEvent struct {
	event
	MonitorCrossRefID     string         `xml:"monitorCrossRefID"`
	Connection            ConnectionID   `xml:"establishedConnection"`
	AnsweringDevice       *PartyID       `xml:"answeringDevice"`
	CallingDevice         *PartyID       `xml:"callingDevice"`
	CalledDevice          *PartyID       `xml:"calledDevice"`
	LastRedirectionDevice *RedirectionID `xml:"lastRedirectionDevice"`
	EventData
	NetworkDevices
	CallDetails
}

// HeldEvent tells that HoldingDevice put the call on hold.
type HeldEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Connection        ConnectionID `xml:"heldConnection"`
	HoldingDevice     *PartyID     `xml:"holdingDevice"`
	EventData
	CallDetails
}

// RetrievedEvent tells that RetrievingDevice took the call back from hold.
type RetrievedEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Connection        ConnectionID `xml:"retrievedConnection"`
	RetrievingDevice  *PartyID     `xml:"retrievingDevice"`
	EventData
	CallDetails
}

// ConnectionClearedEvent tells that ReleasingDevice left the call.
type ConnectionClearedEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Connection        ConnectionID `xml:"droppedConnection"`
	ReleasingDevice   *PartyID     `xml:"releasingDevice"`
	EventData
	CallDetails
}

// CallClearedEvent tells that the call is over for all.
type CallClearedEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Call              ConnectionID `xml:"clearedCall"`
	EventData
	CallDetails
}

// DivertedEvent tells that the call left DivertingDevice for NewDestination.
type DivertedEvent struct {
	event
	MonitorCrossRefID     string         `xml:"monitorCrossRefID"`
	Connection            ConnectionID   `xml:"connection"`
	DivertingDevice       *PartyID       `xml:"divertingDevice"`
	NewDestination        *PartyID       `xml:"newDestination"`
	CallingDevice         *PartyID       `xml:"callingDevice"`
	CalledDevice          *PartyID       `xml:"calledDevice"`
	LastRedirectionDevice *RedirectionID `xml:"lastRedirectionDevice"`
	EventData
	CallDetails
}

// QueuedEvent tells that the call waits at Queue.
type QueuedEvent struct {
	event
	MonitorCrossRefID     string         `xml:"monitorCrossRefID"`
	Connection            ConnectionID   `xml:"queuedConnection"`
	Queue                 *PartyID       `xml:"queue"`
	CallingDevice         *PartyID       `xml:"callingDevice"`
	CalledDevice          *PartyID       `xml:"calledDevice"`
	LastRedirectionDevice *RedirectionID `xml:"lastRedirectionDevice"`
	NumberQueued          int            `xml:"numberQueued,omitempty"`
	EventData
	NetworkDevices
	CallDetails
}

// FailedEvent tells that the call cannot go on; its connection stays until it is cleared.
type FailedEvent struct {
	event
	MonitorCrossRefID     string         `xml:"monitorCrossRefID"`
	Connection            ConnectionID   `xml:"failedConnection"`
	FailingDevice         *PartyID       `xml:"failingDevice"`
	CallingDevice         *PartyID       `xml:"callingDevice"`
	CalledDevice          *PartyID       `xml:"calledDevice"`
	LastRedirectionDevice *RedirectionID `xml:"lastRedirectionDevice"`
	EventData
	NetworkDevices
	CallDetails
}

// NetworkReachedEvent tells that the call left the switch; there may be no further events of it.
type NetworkReachedEvent struct {
	event
	MonitorCrossRefID     string         `xml:"monitorCrossRefID"`
	Connection            ConnectionID   `xml:"outboundConnection"`
	NetworkInterfaceUsed  *PartyID       `xml:"networkInterfaceUsed"`
	CallingDevice         *PartyID       `xml:"callingDevice"`
	CalledDevice          *PartyID       `xml:"calledDevice"`
	LastRedirectionDevice *RedirectionID `xml:"lastRedirectionDevice"`
	EventData
	CallDetails
}

// TransferedEvent (so spelt by the schema): two calls became one, without
// TransferringDevice.
type TransferedEvent struct {
	event
	MonitorCrossRefID   string           `xml:"monitorCrossRefID"`
	PrimaryOldCall      ConnectionID     `xml:"primaryOldCall"`
	SecondaryOldCall    *ConnectionID    `xml:"secondaryOldCall"`
	TransferringDevice  *PartyID         `xml:"transferringDevice"`
	TransferredToDevice *PartyID         `xml:"transferredToDevice"`
	Connections         []ConnectionPair `xml:"transferredConnections>connectionListItem"`
	EventData
	MergeDetails
}

// ConferencedEvent tells that two calls became one, with ConferencingDevice.
type ConferencedEvent struct {
	event
	MonitorCrossRefID  string           `xml:"monitorCrossRefID"`
	PrimaryOldCall     ConnectionID     `xml:"primaryOldCall"`
	SecondaryOldCall   *ConnectionID    `xml:"secondaryOldCall"`
	ConferencingDevice *PartyID         `xml:"conferencingDevice"`
	AddedParty         *PartyID         `xml:"addedParty"`
	Connections        []ConnectionPair `xml:"conferenceConnections>connectionListItem"`
	EventData
	MergeDetails
}

// ConnectionPair says which connection a party's old one became.
type ConnectionPair struct {
	New      *ConnectionID `xml:"newConnection"`
	Old      *ConnectionID `xml:"oldConnection"`
	Endpoint *Endpoint     `xml:"endpoint"`
}

// Endpoint is the party of a ConnectionPair.
type Endpoint struct {
	DeviceID *DeviceID `xml:"deviceID"`
	NotKnown *Empty    `xml:"notKnown"`
}

// MergeDetails is CallDetails where two calls became one.
type MergeDetails struct {
	CallCharacteristics *CallCharacteristics `xml:"callCharacteristics"`
	CallLinkageDataList *CallLinkageDataList `xml:"callLinkageDataList"`
	Extensions          *Extensions          `xml:"extensions"`
}

// CallInformationEvent tells that the data of the call changed.
type CallInformationEvent struct {
	event
	MonitorCrossRefID   string               `xml:"monitorCrossRefID"`
	Connection          ConnectionID         `xml:"connection"`
	Device              *PartyID             `xml:"device"`
	CallingDevice       *PartyID             `xml:"callingDevice"`
	CorrelatorData      *CallData            `xml:"correlatorData"`
	UserData            *CallData            `xml:"userData"`
	CallLinkageDataList *CallLinkageDataList `xml:"callLinkageDataList"`
	CallCharacteristics *CallCharacteristics `xml:"callCharacteristics"`
	Extensions          *Extensions          `xml:"extensions"`
}

// Variables returns the call data.
func (e CallInformationEvent) Variables() map[string]string {
	return mergeData(e.CorrelatorData, e.UserData)
}

// ServiceCompletionFailureEvent tells that a service which was accepted, and took effect in
// more than one step, failed after all (ECMA-269, Service Completion Failure).
type ServiceCompletionFailureEvent struct {
	event
	MonitorCrossRefID string      `xml:"monitorCrossRefID"`
	PrimaryCall       FailedCall  `xml:"primaryCall"`
	SecondaryCall     *FailedCall `xml:"secondaryCall"`
	Cause             EventCause  `xml:"cause,omitempty"`
	Extensions        *Extensions `xml:"extensions"`
}

// FailedCall is a call of a service that failed, as it is then.
type FailedCall struct {
	Device     *DeviceID            `xml:"deviceID"`
	Connection ConnectionID         `xml:"connectionID"`
	State      LocalConnectionState `xml:"localConnectionState,omitempty"`
}
