package switchmodel

import (
	"slices"
	"time"
)

// EventKind names what happened, as CSTA's events do (ECMA-269 §17, §23).
type EventKind string

// Call events.
const (
	ServiceInitiated  EventKind = "ServiceInitiated"
	Originated        EventKind = "Originated"
	NetworkReached    EventKind = "NetworkReached"
	Delivered         EventKind = "Delivered"
	Queued            EventKind = "Queued"
	Diverted          EventKind = "Diverted"
	Established       EventKind = "Established"
	Held              EventKind = "Held"
	Retrieved         EventKind = "Retrieved"
	Failed            EventKind = "Failed"
	ConnectionCleared EventKind = "ConnectionCleared"
	Transferred       EventKind = "Transferred"
	Conferenced       EventKind = "Conferenced"
	CallInformation   EventKind = "CallInformation"
	DigitsGenerated   EventKind = "DigitsGenerated"
)

// Telephone events.
const (
	MicrophoneMute EventKind = "MicrophoneMute"
	DoNotDisturb   EventKind = "DoNotDisturb"
)

// Agent events.
const (
	AgentLoggedOn         EventKind = "AgentLoggedOn"
	AgentLoggedOff        EventKind = "AgentLoggedOff"
	AgentNotReady         EventKind = "AgentNotReady"
	AgentReady            EventKind = "AgentReady"
	AgentBusy             EventKind = "AgentBusy"
	AgentWorkingAfterCall EventKind = "AgentWorkingAfterCall"
)

// Cause says why, with the names of ECMA-323's EventCause.
type Cause string

// The causes that this switch gives.
const (
	CauseNormal               Cause = "normal"
	CauseNewCall              Cause = "newCall"
	CauseMakeCall             Cause = "makeCall"
	CauseDistributed          Cause = "distributed"
	CauseEnteringDistribution Cause = "enteringDistribution"
	CauseNoAvailableAgents    Cause = "noAvailableAgents"
	CauseNotAnswered          Cause = "callNotAnswered"
	CauseCancelled            Cause = "callCancelled"
	CauseNormalClearing       Cause = "normalClearing"
	CauseBusy                 Cause = "busy"
	CauseNotObtainable        Cause = "destNotObtainable"
	CauseNetworkSignal        Cause = "networkSignal"
	CauseConsultation         Cause = "consultation"
	CauseAlternate            Cause = "alternate"
	CauseTransfer             Cause = "transfer"
	CauseConference           Cause = "conference"
	CauseSingleStepTransfer   Cause = "singleStepTransfer"
	CauseRedirected           Cause = "redirected"
	CauseCallPickup           Cause = "callPickup"
	CauseMultipleAlerting     Cause = "multipleAlerting"
	CauseReserved             Cause = "reserved"
	CauseAutoWork             Cause = "autoWork"
	CauseForcedTransition     Cause = "forcedTransition"
	CauseSilentParticipation  Cause = "silentParticipation"
	CauseDoNotDisturb         Cause = "doNotDisturb"
	CauseNoResources          Cause = "resourcesNotAvailable"
)

// Event is one change of state. Exactly one of Call, Agent and Phone is set;
// they show the state after the change and belong to the receiver for reading
// only.
type Event struct {
	Kind  EventKind
	At    time.Time
	Cause Cause

	Call *Call
	// Device is where it happened: the alerting, answering, holding, dropped,
	// diverting, failing device, or the queue.
	Device DeviceID
	// Releasing hung up (ConnectionCleared).
	Releasing DeviceID
	// NewDestination is where a diverted call goes; empty when not known yet.
	NewDestination DeviceID
	// NumberQueued counts the waiting calls, this one included (Queued).
	NumberQueued int
	// Merge tells of the calls that became this one (Transferred, Conferenced).
	Merge *Merge
	// Digits were sent (DigitsGenerated).
	Digits string

	Agent *Agent
	// Queue is the one that the agent's event is about; empty: all of his.
	Queue DeviceID
	Phone *Phone
}

// Devices lists the devices that the event concerns: whoever is in the call
// now, the device where it happened, and the queue that distributed the call.
func (e Event) Devices() []DeviceID {
	switch {
	case e.Agent != nil:
		return []DeviceID{e.Agent.Device}
	case e.Phone != nil:
		return []DeviceID{e.Phone.Device}
	}
	devices := make([]DeviceID, 0, len(e.Call.Connections)+2)
	for _, n := range e.Call.Connections {
		if n.State != Fail { // a busy telephone is not told of the call that it missed
			devices = append(devices, n.Device)
		}
	}
	if e.Kind != Failed && !slices.Contains(devices, e.Device) {
		devices = append(devices, e.Device)
	}
	if q := e.Call.QueueID; q != "" && !slices.Contains(devices, q) {
		devices = append(devices, q)
	}
	return devices
}
