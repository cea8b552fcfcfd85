package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// schemaOrder is the order of the elements in the schema of ECMA-323 edition 3, for
// messages of which a peer that validates would refuse any other.
var schemaOrder = map[string]string{
	"AgentBusyEvent":             "monitorCrossRefID agentDevice agentID acdGroup pendingAgentState cause extensions",
	"AgentLoggedOffEvent":        "monitorCrossRefID agentDevice agentID acdGroup agentPassword cause extensions",
	"AgentLoggedOnEvent":         "monitorCrossRefID agentDevice agentID acdGroup agentPassword cause extensions",
	"AgentNotReadyEvent":         "monitorCrossRefID agentDevice agentID acdGroup cause extensions",
	"AgentReadyEvent":            "monitorCrossRefID agentDevice agentID acdGroup cause extensions",
	"AgentWorkingAfterCallEvent": "monitorCrossRefID agentDevice agentID acdGroup pendingAgentState cause extensions",
	"AlternateCall":              "heldCall activeCall connectionReservation consultOptions extensions",
	"AlternateCallResponse":      "extensions",
	"AnswerCall":                 "callToBeAnswered correlatorData userData extensions",
	"AnswerCallResponse":         "extensions",
	"AssociateData": "existingCall accountCode authCode correlatorData callQualifyingData callCharacteristics subjectOfCall " +
		"languagePreferences extensions",
	"AssociateDataResponse": "extensions",
	"CallClearedEvent": "monitorCrossRefID clearedCall correlatorData userData cause mediaCallCharacteristics callCharacteristics callLinkageData " +
		"languagePreferences extensions",
	"CallInformationEvent": "monitorCrossRefID connection device callingDevice accountInfo authCode correlatorData servicesPermitted userData " +
		"callQualifyingData connectionInfo callLinkageDataList callCharacteristics subjectOfCall languagePreferences extensions",
	"ClearConnection":         "connectionToBeCleared correlatorData userData reason extensions",
	"ClearConnectionResponse": "extensions",
	"ConferenceCall":          "heldCall activeCall extensions",
	"ConferenceCallResponse":  "conferenceCall connections conferenceCallInfo extensions",
	"ConferencedEvent": "monitorCrossRefID primaryOldCall secondaryOldCall conferencingDevice addedParty conferenceConnections " +
		"localConnectionInfo correlatorData userData cause servicesPermitted mediaCallCharacteristics callCharacteristics " +
		"callLinkageDataList languagePreferences deviceHistory extensions",
	"ConnectionClearedEvent": "monitorCrossRefID droppedConnection releasingDevice localConnectionInfo correlatorData userData chargingInfo cause " +
		"servicesPermitted mediaCallCharacteristics callCharacteristics droppedConnectionInfo callLinkageData languagePreferences " +
		"deviceHistory extensions",
	"ConsultationCall": "existingCall consultedDevice connectionReservation accountCode authCode correlatorData userData callCharacteristics " +
		"mediaCallCharacteristics callingConnectionInfo consultOptions subjectOfCall languagePreferences extensions",
	"ConsultationCallResponse": "initiatedCall mediaCallCharacteristics initiatedCallInfo extensions",
	"DeflectCall":              "callToBeDiverted newDestination correlatorData userData subjectOfCall languagePreferences reason extensions",
	"DeflectCallResponse":      "extensions",
	"DeliveredEvent": "monitorCrossRefID connection alertingDevice callingDevice calledDevice lastRedirectionDevice originatingNIDConnection " +
		"localConnectionInfo correlatorData userData cause servicesPermitted networkCallingDevice networkCalledDevice " +
		"associatedCallingDevice associatedCalledDevice mediaCallCharacteristics callCharacteristics connectionInfo " +
		"callLinkageData subjectOfCall messageInfo languagePreferences deviceHistory extensions",
	"DigitsGeneratedEvent": "monitorCrossRefID connection digitGeneratedList digitDurationList pauseDurationList connectionInfo extensions",
	"DivertedEvent": "monitorCrossRefID connection divertingDevice newDestination callingDevice calledDevice lastRedirectionDevice " +
		"localConnectionInfo correlatorData userData cause servicesPermitted mediaCallCharacteristics callCharacteristics " +
		"connectionInfo networkCallingDevice networkCalledDevice associatedCallingDevice associatedCalledDevice callLinkageData " +
		"subjectOfCall messageInfo languagePreferences deviceHistory extensions",
	"DoNotDisturbEvent": "monitorCrossRefID device doNotDisturbOn callOrigination callingDeviceList extensions",
	"EstablishedEvent": "monitorCrossRefID establishedConnection answeringDevice callingDevice calledDevice lastRedirectionDevice " +
		"originatinNIDConnection localConnectionInfo correlatorData userData cause servicesPermitted networkCallingDevice " +
		"networkCalledDevice associatedCallingDevice associatedCalledDevice mediaCallCharacteristics callCharacteristics " +
		"establishedConnectionInfo callLinkageData subjectOfCall messageInfo languagePreferences deviceHistory extensions",
	"FailedEvent": "monitorCrossRefID failedConnection failingDevice callingDevice calledDevice lastRedirectionDevice " +
		"originatingNIDConnection localConnectionInfo correlatorData userData cause servicesPermitted networkCallingDevice " +
		"networkCalledDevice associatedCallingDevice associatedCalledDevice mediaCallCharacteristics callCharacteristics " +
		"failedConnectionInfo callLinkageData subjectOfCall messageInfo languagePreferences deviceHistory extensions",
	"GenerateDigits":            "connectionToSendDigits digitMode charactersToSend toneDuration pulseRate pauseDuration extensions",
	"GenerateDigitsResponse":    "extensions",
	"GetAgentState":             "device acdGroup extensions",
	"GetAgentStateResponse":     "agentStateList extensions",
	"GetDoNotDisturb":           "device extensions",
	"GetDoNotDisturbResponse":   "doNotDisturbOn callOrigination callingDeviceList extensions",
	"GetMicrophoneMute":         "device auditoryApparatus extensions",
	"GetMicrophoneMuteResponse": "microphoneMuteList extensions",
	"HeldEvent": "monitorCrossRefID heldConnection holdingDevice localConnectionInfo correlatorData cause servicesPermitted " +
		"mediaCallCharacteristics callCharacteristics heldConnectionInfo callLinkageData languagePreferences extensions",
	"HoldCall":         "callToBeHeld connectionReservation extensions",
	"HoldCallResponse": "extensions",
	"MakeCall": "callingDevice calledDirectoryNumber accountCode authCode autoOriginate correlatorData userData callCharacteristics " +
		"mediaCallCharacteristics callingConnectionInfo subjectOfCall languagePreferences extensions",
	"MakeCallResponse":     "callingDevice mediaCallCharacteristics initiatedCallInfo extensions",
	"MicrophoneMuteEvent":  "monitorCrossRefID invokingDevice auditoryApparatus microphoneMuteOn extensions",
	"MonitorStart":         "monitorObject requestedMonitorFilter monitorType requestedMonitorMediaClass extensions",
	"MonitorStartResponse": "monitorCrossRefID actualMonitorFilter actualMonitorMediaClass monitorExistingCalls extensions",
	"MonitorStop":          "monitorCrossRefID extensions",
	"MonitorStopResponse":  "extensions",
	"NetworkReachedEvent": "monitorCrossRefID outboundConnection networkInterfaceUsed callingDevice calledDevice lastRedirectionDevice " +
		"originatingNIDConnection localConnectionInfo correlatorData userData networkCapability cause servicesPermitted " +
		"mediaCallCharacteristics callCharacteristics outboundConnectionInfo networkCallingDevice networkCalledDevice " +
		"associatedCallingDevice callLinkageData languagePreferences deviceHistory extensions",
	"OriginatedEvent": "monitorCrossRefID originatedConnection callingDevice calledDevice originatingDevice localConnectionInfo correlatorData " +
		"cause servicesPermitted networkCallingDevice networkCalledDevice associatedCallingDevice associatedCalledDevice " +
		"mediaCallCharacteristics callCharacteristics originatedConnectionInfo callLinkageData subjectOfCall messageInfo " +
		"languagePreferences extensions",
	"QueuedEvent": "monitorCrossRefID queuedConnection queue callingDevice calledDevice lastRedirectionDevice numberQueued callsInFront " +
		"localConnectionInfo correlatorData userData cause servicesPermitted networkCallingDevice networkCalledDevice " +
		"associatedCallingDevice associatedCalledDevice mediaCallCharacteristics callCharacteristics queuedConnectionInfo " +
		"callLinkageData subjectOfCall messageInfo languagePreferences deviceHistory extensions",
	"ReconnectCall":         "activeCall heldCall extensions",
	"ReconnectCallResponse": "extensions",
	"RetrieveCall":          "callToBeRetrieved extensions",
	"RetrieveCallResponse":  "extensions",
	"RetrievedEvent": "monitorCrossRefID retrievedConnection retrievingDevice localConnectionInfo correlatorData cause servicesPermitted " +
		"mediaCallCharacteristics callCharacteristics retrievedConnectionInfo callLinkageData languagePreferences extensions",
	"ServiceCompletionFailureEvent": "monitorCrossRefID primaryCall secondaryCall otherDevsPrimaryCallList otherDevsSecondaryCallList mediaCallCharacteristics " +
		"cause extensions",
	"ServiceInitiatedEvent": "monitorCrossRefID initiatedConnection initiatingDevice localConnectionInfo correlatorData cause servicesPermitted " +
		"mediaCallCharacteristics callCharacteristics initiatedConnectionInfo networkCallingDevice networkCalledDevice " +
		"associatedCallingDevice callLinkageData subjectOfCall messageInfo languagePreferences extensions",
	"SetAgentState":             "device requestedAgentState agentID password group extensions",
	"SetAgentStateResponse":     "pendingAgentState extensions",
	"SetDoNotDisturb":           "device doNotDisturbOn callOrigination callingDeviceList extensions",
	"SetDoNotDisturbResponse":   "extensions",
	"SetMicrophoneMute":         "device auditoryApparatus microphoneMuteOn extensions",
	"SetMicrophoneMuteResponse": "extensions",
	"SingleStepTransferCall": "activeCall transferredTo accountCode authCode correlatorData userData subjectOfCall languagePreferences reason " +
		"extensions",
	"SingleStepTransferCallResponse": "transferredCall connections transferredCallInfo extensions",
	"SnapshotCall":                   "snapshotObject extensions",
	"SnapshotCallResponse": "crossRefIDorSnapshotData mediaCallCharacteristics callCharacteristics callingDevice calledDevice associatedCallingDevice " +
		"associatedCalledDevice correlatorData callLinkageData subjectOfCall messageInfo languagePreferences deviceHistory " +
		"extensions",
	"SnapshotDevice":         "snapshotObject extensions",
	"SnapshotDeviceResponse": "crossRefIDorSnapshotData extensions",
	"SystemStatus":           "sysStatRegisterID systemStatus extensions",
	"SystemStatusResponse":   "extensions",
	"TransferCall":           "heldCall activeCall extensions",
	"TransferCallResponse":   "transferredCall connections transferredCallInfo extensions",
	"TransferedEvent": "monitorCrossRefID primaryOldCall secondaryOldCall transferringDevice transferredToDevice transferredConnections " +
		"localConnectionInfo correlatorData userData chargingInfo cause servicesPermitted mediaCallCharacteristics " +
		"callCharacteristics callLinkageDataList languagePreferences deviceHistory extensions",
}

func TestTheSchemasOrder(t *testing.T) {
	checked := map[string]bool{}
	for _, m := range goldens() {
		name := Name(m)
		order, told := schemaOrder[name]
		if !told {
			continue
		}
		checked[name] = true
		body, err := Marshal(m, "")
		if err != nil {
			t.Fatal(err)
		}
		allowed, last := strings.Fields(order), -1
		for _, child := range children(t, body) {
			at := slices.Index(allowed, child)
			if at <= last {
				t.Errorf("%s: %s is not there in the schema", name, child)
			}
			last = at
		}
	}
	for name := range schemaOrder {
		if !checked[name] {
			t.Errorf("%s has no golden frame", name)
		}
	}
}

// children lists the names of the root's children.
func children(t *testing.T, body []byte) (names []string) {
	t.Helper()
	depth := 0
	for d := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth == 1 {
				names = append(names, e.Name.Local)
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
}
