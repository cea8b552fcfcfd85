package wire

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// exportAll lets cmp look into the embedded types that say what a message is.
var exportAll = cmp.Exporter(func(reflect.Type) bool { return true })

// goldens has every message once, with every field that the package writes.
func goldens() []Message {
	data := EventData{
		LocalConnectionInfo: StateAlerting,
		CorrelatorData:      NewCallData(map[string]string{"customerId": "4711", "note": "Müller & <Söhne>"}),
		Cause:               CauseDistributed,
	}
	network := NetworkDevices{NetworkCallingDevice: Party("+492215550101"), AssociatedCallingDevice: Party("T7")}
	details := CallDetails{CallCharacteristics: &CallCharacteristics{ACDCall: true}, CallLinkageData: GlobalCall("G-1")}
	merge := MergeDetails{CallLinkageDataList: &CallLinkageDataList{New: GlobalCall("G-1"), Old: GlobalCall("G-2")}}
	calls := []ConnectionPair{{New: ptr(Connection("8", "1001")), Old: ptr(Connection("7", "1001")),
		Endpoint: &Endpoint{DeviceID: ptr(Device("1001"))}}}
	agent := AgentEvent{MonitorCrossRefID: "m1", Device: *Party("1001"), AgentID: "5501", Group: ptr(Device("sales"))}
	reason := NewAgentExtensions(AgentData{ReasonCode: "3"})
	automatic := NewAgentExtensions(AgentData{WorkMode: "AFTER_CALL_WORK", PendingReasonCode: "4", Cause: "System",
		WrapUpEndsAt: "2026-05-04T12:00:30Z"})
	reasoned, pending, wrapUp := agent, agent, agent
	reasoned.Extensions, reasoned.Cause = reason, CauseForcedTransition
	pending.PendingState, wrapUp.PendingState, wrapUp.Extensions = AgentNotReady, "ready", automatic
	at, consult := Connection("7", "1001"), Connection("8", "1001")
	attached := NewCallData(map[string]string{"case": "C-9"})

	return []Message{
		&StartApplicationSession{ApplicationID: "ctilink", ProtocolVersions: []string{NamespaceED3}, RequestedDuration: 180,
			Login: &SessionLoginInfo{UserName: "cti", Password: "p<w", CleanupDelay: 60}},
		&StartApplicationSessionPosResponse{SessionID: "S1", ProtocolVersion: NamespaceED3, Duration: 180},
		&StartApplicationSessionNegResponse{ErrorCode: SessionError{Defined: SessionTooMany}},
		&ResetApplicationSessionTimer{SessionID: "S1", RequestedDuration: 180},
		&ResetApplicationSessionTimerPosResponse{Duration: 180},
		&ResetApplicationSessionTimerNegResponse{ErrorCode: SessionError{Defined: SessionInvalidID}},
		&StopApplicationSession{SessionID: "S1", Reason: EndReason{Defined: EndNormal}},
		&StopApplicationSessionPosResponse{},
		&StopApplicationSessionNegResponse{ErrorCode: SessionError{Application: "busy"}},
		&ApplicationSessionTerminated{SessionID: "S1", Reason: TermReason{Defined: "sessionTimerExpired"}},

		&MonitorStart{MonitorObject: MonitorObject{DeviceObject: ptr(Device("1001"))}, MonitorType: MonitorTypeDevice},
		&MonitorStartResponse{MonitorCrossRefID: "m1", MonitorExistingCalls: true},
		&MonitorStop{MonitorCrossRefID: "m1"},
		&MonitorStopResponse{},
		&SnapshotDevice{SnapshotObject: Device("1001")},
		&SnapshotDeviceResponse{Snapshot: SnapshotDeviceData{Calls: []SnapshotDeviceInfo{
			{Connection: at, EndpointDevice: Party("1001"), State: Compound(StateHold, StateConnected)}}}},
		&SnapshotCall{SnapshotObject: at},
		&SnapshotCallResponse{
			Snapshot: SnapshotCallData{Parties: []SnapshotCallInfo{
				{DeviceOnCall: *Party("1001"), Connection: at, State: StateHold}}},
			CallCharacteristics: &CallCharacteristics{ACDCall: true},
			CallingDevice:       RestrictedParty(), CalledDevice: Party("0800"), AssociatedCallingDevice: Party("T7"),
			CorrelatorData: NewCallData(map[string]string{"customerId": "4711"}), CallLinkageData: GlobalCall("G-1"),
			DeviceHistory: []HistoryItem{{OldDevice: Redirection("sales"), Cause: CauseDistributed}}},
		&SystemStatus{Status: SystemMessagesLost},
		&SystemStatusResponse{},
		&CSTAErrorCode{StateIncompatibility: "noCallToAnswer"},

		&SetAgentState{Device: Device("1001"), RequestedState: RequestLoggedOn, AgentID: "5501",
			Password: HexBinary("1234"), Group: ptr(Device("sales")), Extensions: reason},
		&SetAgentStateResponse{PendingState: AgentNotReady},
		&GetAgentState{Device: Device("1001")},
		&GetAgentStateResponse{Agents: []AgentStateEntry{{AgentID: "5501", LoggedOn: true, Info: []AgentInfo{
			{Group: ptr(Device("sales")), State: AgentBusy, PendingState: AgentNotReady},
			{Group: ptr(Device("help")), State: AgentNotReady, Condition: ConditionForcedPause}}}}, Extensions: reason},
		&AgentLoggedOnEvent{AgentEvent: agent},
		&AgentLoggedOffEvent{AgentEvent: agent},
		&AgentReadyEvent{AgentEvent: agent},
		&AgentNotReadyEvent{AgentEvent: reasoned},
		&AgentBusyEvent{AgentEvent: pending},
		&AgentWorkingAfterCallEvent{AgentEvent: wrapUp},

		&AnswerCall{Call: at}, &AnswerCallResponse{},
		&ClearConnection{Connection: at, Reason: CauseNormalClearing}, &ClearConnectionResponse{},
		&HoldCall{Call: at}, &HoldCallResponse{},
		&RetrieveCall{Call: at}, &RetrieveCallResponse{},
		&MakeCall{CallingDevice: Device("1001"), CalledNumber: Device("1002"), AutoOriginate: "doNotPrompt",
			CorrelatorData: NewCallData(map[string]string{"case": "C-9"})},
		&MakeCallResponse{Connection: at},
		&ConsultationCall{ExistingCall: at, ConsultedDevice: Device("1002"), CorrelatorData: attached, ConsultOptions: "unrestricted"},
		&ConsultationCallResponse{InitiatedCall: consult},
		&TransferCall{HeldCall: at, ActiveCall: consult},
		&TransferCallResponse{TransferredCall: Connection("9", "1002"), Connections: calls},
		&ConferenceCall{HeldCall: at, ActiveCall: consult},
		&ConferenceCallResponse{ConferenceCall: Connection("9", "1001"), Connections: calls},
		&AlternateCall{HeldCall: at, ActiveCall: consult}, &AlternateCallResponse{},
		&ReconnectCall{ActiveCall: consult, HeldCall: at}, &ReconnectCallResponse{},
		&SingleStepTransferCall{ActiveCall: at, TransferredTo: Device("5000"), CorrelatorData: attached},
		&SingleStepTransferCallResponse{TransferredCall: Connection("9", "5000"), Connections: calls},
		&DeflectCall{Call: at, NewDestination: Device("1002"), CorrelatorData: attached, Reason: CauseRedirected}, &DeflectCallResponse{},

		&AssociateData{ExistingCall: at, CorrelatorData: attached}, &AssociateDataResponse{},
		&GenerateDigits{Connection: at, DigitMode: DigitModeDTMF, Characters: "12#"}, &GenerateDigitsResponse{},
		&DigitsGeneratedEvent{MonitorCrossRefID: "m1", Connection: at, Digits: "12#"},
		&SetMicrophoneMute{Device: Device("1001"), Apparatus: FirstApparatus, Mute: true}, &SetMicrophoneMuteResponse{},
		&GetMicrophoneMute{Device: Device("1001"), Apparatus: FirstApparatus},
		&GetMicrophoneMuteResponse{Microphones: []MicrophoneMute{{Apparatus: FirstApparatus, Mute: true}}},
		&MicrophoneMuteEvent{MonitorCrossRefID: "m1", Device: Party("1001"), Apparatus: FirstApparatus, Mute: true},
		&SetDoNotDisturb{Device: Device("1001"), On: true}, &SetDoNotDisturbResponse{},
		&GetDoNotDisturb{Device: Device("1001")}, &GetDoNotDisturbResponse{On: true},
		&DoNotDisturbEvent{MonitorCrossRefID: "m1", Device: Party("1001"), On: true},

		&ServiceInitiatedEvent{MonitorCrossRefID: "m1", Connection: at, InitiatingDevice: Party("1001"), EventData: data, CallDetails: details},
		&OriginatedEvent{MonitorCrossRefID: "m1", Connection: at, CallingDevice: Party("1001"), CalledDevice: Party("1002"),
			EventData: data, CallDetails: details},
		&DeliveredEvent{MonitorCrossRefID: "m1", Connection: at, AlertingDevice: Party("1001"), CallingDevice: Party("+492215550101"),
			CalledDevice: Party("0800"), LastRedirectionDevice: Redirection("sales"),
			EventData: data, NetworkDevices: network, CallDetails: details},
		&EstablishedEvent{MonitorCrossRefID: "m1", Connection: at, AnsweringDevice: Party("1001"), CallingDevice: RestrictedParty(),
			CalledDevice: UnknownParty(), EventData: data, NetworkDevices: network, CallDetails: details},
		&HeldEvent{MonitorCrossRefID: "m1", Connection: at, HoldingDevice: Party("1001"), EventData: data, CallDetails: details},
		&RetrievedEvent{MonitorCrossRefID: "m1", Connection: at, RetrievingDevice: Party("1001"), EventData: data, CallDetails: details},
		&ConnectionClearedEvent{MonitorCrossRefID: "m1", Connection: at, ReleasingDevice: Party("1001"), EventData: data, CallDetails: details},
		&CallClearedEvent{MonitorCrossRefID: "m1", Call: at, EventData: EventData{Cause: CauseNormalClearing}, CallDetails: details},
		&DivertedEvent{MonitorCrossRefID: "m1", Connection: at, DivertingDevice: Party("1001"), NewDestination: Party("1002"),
			EventData: EventData{Cause: CauseCallForwardNoReply}, CallDetails: details},
		&QueuedEvent{MonitorCrossRefID: "m1", Connection: at, Queue: Party("sales"), NumberQueued: 3, EventData: data,
			NetworkDevices: network, CallDetails: details},
		&FailedEvent{MonitorCrossRefID: "m1", Connection: at, FailingDevice: Party("1002"),
			EventData: EventData{LocalConnectionInfo: StateConnected, Cause: CauseBusy}, CallDetails: details},
		&NetworkReachedEvent{MonitorCrossRefID: "m1", Connection: at, NetworkInterfaceUsed: Party("T7"), CallingDevice: Party("1001"),
			CalledDevice: Party("+4930"), EventData: data, CallDetails: details},
		&TransferedEvent{MonitorCrossRefID: "m1", PrimaryOldCall: at, SecondaryOldCall: ptr(Connection("8", "1001")),
			TransferringDevice: Party("1001"), TransferredToDevice: Party("1002"), Connections: calls,
			EventData: EventData{Cause: CauseTransfer}, MergeDetails: merge},
		&ConferencedEvent{MonitorCrossRefID: "m1", PrimaryOldCall: at, SecondaryOldCall: ptr(Connection("8", "1001")),
			ConferencingDevice: Party("1001"), AddedParty: Party("1002"), Connections: calls,
			EventData: EventData{Cause: CauseConference}, MergeDetails: merge},
		&CallInformationEvent{MonitorCrossRefID: "m1", Connection: at, Device: Party("1001"),
			CorrelatorData: NewCallData(map[string]string{"customerId": "4712"})},
		&ServiceCompletionFailureEvent{MonitorCrossRefID: "m1", Cause: CauseBusy,
			PrimaryCall:   FailedCall{Device: ptr(Device("1001")), Connection: at, State: StateHold},
			SecondaryCall: &FailedCall{Device: ptr(Device("1001")), Connection: consult, State: StateConnected}},
	}
}

func ptr[T any](v T) *T { return &v }

func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range goldens() {
		name := Name(m)
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			got, err := Marshal(m, "")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".xml")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
			back, err := Unmarshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, back, exportAll); diff != "" {
				t.Errorf("decoded again (-want +got):\n%s", diff)
			}
		})
	}
	for name := range messages {
		if !seen[name] && name != "TransferredEvent" {
			t.Errorf("%s has no golden file", name)
		}
	}
}

func TestMarshalNamespace(t *testing.T) {
	const ed5 = "http://www.ecma-international.org/standards/ecma-323/csta/ed5"
	for _, tc := range []struct {
		message Message
		want    string
	}{
		{MonitorStop{MonitorCrossRefID: "1"}, `<MonitorStop xmlns="` + ed5 + `"><monitorCrossRefID>1</monitorCrossRefID></MonitorStop>`},
		{&StopApplicationSessionPosResponse{}, `<StopApplicationSessionPosResponse xmlns="` + NamespaceSession + `"></StopApplicationSessionPosResponse>`},
	} {
		got, err := Marshal(tc.message, ed5)
		if want := `<?xml version="1.0" encoding="UTF-8"?>` + tc.want; err != nil || string(got) != want {
			t.Errorf("Marshal() = %s, %v; want %s", got, err, want)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	if b, err := Marshal(&Unknown{Name: "Other"}, ""); err == nil {
		t.Errorf("an unknown message was written: %s", b)
	}
	huge := &MonitorStop{MonitorCrossRefID: string(make([]byte, MaxBody))}
	if b, err := Marshal(huge, ""); err == nil {
		t.Errorf("a message of %d bytes was written", len(b))
	}
}
