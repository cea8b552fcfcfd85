package wire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Requests and events as other products write them, by the documents that describe those.
func TestUnmarshalForeignTransfers(t *testing.T) {
	for name, tc := range map[string]struct {
		xml  string
		want Message
	}{
		"device first, held call first, no namespace": {
			xml: `<TransferCall><heldCall><deviceID typeOfNumber="other" mediaClass="notKnown">1001:CM::0</deviceID><callID>7</callID></heldCall>` +
				`<activeCall><deviceID typeOfNumber="other" mediaClass="notKnown">1001:CM::0</deviceID><callID>8</callID></activeCall></TransferCall>`,
			want: &TransferCall{HeldCall: avaya("7"), ActiveCall: avaya("8")},
		},
		"a prefix and another edition": {
			xml: `<c:ConsultationCallResponse xmlns:c="` + ed5 + `"><c:initiatedCall><c:callId>8</c:callId><c:deviceId>1001</c:deviceId>` +
				`</c:initiatedCall></c:ConsultationCallResponse>`,
			want: &ConsultationCallResponse{InitiatedCall: Connection("8", "1001")},
		},
		"a transfer's response without connections": {
			xml:  `<TransferCallResponse><transferredCall><callID>9</callID></transferredCall></TransferCallResponse>`,
			want: &TransferCallResponse{TransferredCall: ConnectionID{CallID: "9"}},
		},
		"a party that is not known": {
			xml: `<ConferenceCallResponse><conferenceCall><callID>9</callID><deviceID>1001</deviceID></conferenceCall><connections>` +
				`<connectionListItem><newConnection><callID>9</callID></newConnection><endpoint><notKnown/></endpoint></connectionListItem>` +
				`</connections></ConferenceCallResponse>`,
			want: &ConferenceCallResponse{ConferenceCall: Connection("9", "1001"), Connections: []ConnectionPair{
				{New: &ConnectionID{CallID: "9"}, Endpoint: &Endpoint{NotKnown: &Empty{}}}}},
		},
		"user data in place of correlator data": {
			xml: `<DeflectCall><callToBeDiverted><callID>7</callID><deviceID>1001</deviceID></callToBeDiverted><newDestination>1002` +
				`</newDestination><userData><string>613D31</string></userData></DeflectCall>`,
			want: &DeflectCall{Call: Connection("7", "1001"), NewDestination: Device("1002"), UserData: &CallData{String: HexBinary("a=1")}},
		},
		"digits and durations of a telephone": {
			xml: `<DigitsGeneratedEvent xmlns="` + ed5 + `"><monitorCrossRefID>1</monitorCrossRefID><connection><callID>7</callID></connection>` +
				`<digitGeneratedList>5</digitGeneratedList><digitDurationList><digitDuration>100</digitDuration></digitDurationList></DigitsGeneratedEvent>`,
			want: &DigitsGeneratedEvent{MonitorCrossRefID: "1", Connection: ConnectionID{CallID: "7"}, Digits: "5"},
		},
		"a consult of a client of AES": {
			xml: `<ConsultationCall xmlns="` + NamespaceED3 + `/priv7" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><existingCall>` +
				`<deviceID typeOfNumber="other" mediaClass="notKnown">1001:CM::0</deviceID><callID>7</callID></existingCall>` +
				`<consultedDevice typeOfNumber="other" mediaClass="notKnown">1002:CM::0</consultedDevice><connectionReservation>false</connectionReservation>` +
				`<accountCode>9</accountCode><userData><string>613D31</string></userData><callCharacteristics><priorityCall>true</priorityCall>` +
				`</callCharacteristics><consultOptions>transferOnly</consultOptions></ConsultationCall>`,
			want: &ConsultationCall{ExistingCall: avaya("7"), ConsultedDevice: DeviceID{Number: "1002:CM::0", TypeOfNumber: "other", MediaClass: "notKnown"},
				UserData: &CallData{String: HexBinary("a=1")}, ConsultOptions: "transferOnly"},
		},
		"two calls in an alternation, with a prefix": {
			xml: `<csta:AlternateCall xmlns:csta="` + ed5 + `"><csta:heldCall><csta:callId>7</csta:callId><csta:deviceId>1001</csta:deviceId></csta:heldCall>` +
				`<csta:activeCall><csta:callId>8</csta:callId><csta:deviceId>1001</csta:deviceId></csta:activeCall>` +
				`<csta:connectionReservation>true</csta:connectionReservation></csta:AlternateCall>`,
			want: &AlternateCall{HeldCall: Connection("7", "1001"), ActiveCall: Connection("8", "1001")},
		},
		"a reconnection, active call first": {
			xml: `<ReconnectCall><activeCall><callID>8</callID><deviceID>1001</deviceID></activeCall><heldCall><deviceID>1001</deviceID>` +
				`<callID>7</callID></heldCall><extensions/></ReconnectCall>`,
			want: &ReconnectCall{ActiveCall: Connection("8", "1001"), HeldCall: Connection("7", "1001"), Extensions: &Extensions{}},
		},
		"a transfer in one step, and why": {
			xml: `<SingleStepTransferCall><activeCall><callID>7</callID><deviceID>1001</deviceID></activeCall><transferredTo>5000</transferredTo>` +
				`<accountCode>9</accountCode><authCode>1</authCode><correlatorData><string>34373131</string></correlatorData><reason>normal</reason></SingleStepTransferCall>`,
			want: &SingleStepTransferCall{ActiveCall: Connection("7", "1001"), TransferredTo: Device("5000"), CorrelatorData: &CallData{String: HexBinary("4711")}},
		},
		"its answer, with the media of the call": {
			xml: `<SingleStepTransferCallResponse><transferredCall><deviceId>5000</deviceId><callId>9</callId></transferredCall><connections>` +
				`<connectionListItem><newConnection><callId>9</callId><deviceId>T7</deviceId></newConnection><oldConnection><callId>7</callId>` +
				`<deviceId>T7</deviceId></oldConnection><endpoint><deviceID>+492215550101</deviceID></endpoint><associatedNID><notKnown/></associatedNID>` +
				`<resultingConnectionInfo><flowDirection>transmitAndReceive</flowDirection></resultingConnectionInfo></connectionListItem></connections>` +
				`<transferredCallInfo><numberOfChannels>1</numberOfChannels></transferredCallInfo></SingleStepTransferCallResponse>`,
			want: &SingleStepTransferCallResponse{TransferredCall: Connection("9", "5000"), Connections: []ConnectionPair{{New: ptr(Connection("9", "T7")),
				Old: ptr(Connection("7", "T7")), Endpoint: &Endpoint{DeviceID: ptr(Device("+492215550101"))}}}},
		},
		"a transfer with all that the schema has": {
			xml: `<TransferedEvent xmlns="` + ed5 + `"><monitorCrossRefID>1</monitorCrossRefID><primaryOldCall><deviceID>1001</deviceID><callID>7</callID>` +
				`</primaryOldCall><secondaryOldCall><callID>8</callID></secondaryOldCall><transferringDevice><deviceIdentifier typeOfNumber="dialingNumber">1001` +
				`</deviceIdentifier></transferringDevice><transferredToDevice><notKnown/></transferredToDevice><transferredConnections><connectionListItem>` +
				`<newConnection><callID>8</callID><deviceID>1002</deviceID></newConnection></connectionListItem></transferredConnections>` +
				`<localConnectionInfo>null</localConnectionInfo><correlatorData><string>34373131</string></correlatorData><chargingInfo><numberUnits><numberOfChargingUnits>` +
				`<chargingUnits>1</chargingUnits></numberOfChargingUnits></numberUnits></chargingInfo><cause>transfer</cause><callLinkageDataList><newCallLinkageData>` +
				`<globalCallData><globalCallSwitchingSubDomainName>cm1</globalCallSwitchingSubDomainName><globalCallLinkageID><subDomainCallLinkageID>77` +
				`</subDomainCallLinkageID></globalCallLinkageID></globalCallData><threadData><threadLinkageID><globallyUniqueThreadID>T-1</globallyUniqueThreadID>` +
				`</threadLinkageID></threadData></newCallLinkageData></callLinkageDataList><deviceHistory><deviceHistoryListItem><oldDeviceID><numberDialed>sales` +
				`</numberDialed></oldDeviceID></deviceHistoryListItem></deviceHistory></TransferedEvent>`,
			want: &TransferedEvent{MonitorCrossRefID: "1", PrimaryOldCall: Connection("7", "1001"), SecondaryOldCall: &ConnectionID{CallID: "8"},
				TransferringDevice: &PartyID{DeviceIdentifier: &DeviceID{Number: "1001", TypeOfNumber: "dialingNumber"}}, TransferredToDevice: UnknownParty(),
				Connections: []ConnectionPair{{New: ptr(Connection("8", "1002"))}},
				EventData:   EventData{LocalConnectionInfo: StateNull, CorrelatorData: &CallData{String: HexBinary("4711")}, Cause: CauseTransfer},
				MergeDetails: MergeDetails{CallLinkageDataList: &CallLinkageDataList{New: &CallLinkageData{
					GlobalCallData: &GlobalCallData{SwitchingSubDomainName: "cm1", LinkageID: GlobalCallID{SubDomain: "77"}},
					ThreadData:     &ThreadData{LinkageID: ThreadID{GloballyUnique: "T-1"}}}}}},
		},
		"a listener who is not heard": {
			xml: `<ConferencedEvent><monitorCrossRefID>1</monitorCrossRefID><primaryOldCall><callID>7</callID></primaryOldCall><conferencingDevice>` +
				`<deviceIdentifier>1009</deviceIdentifier></conferencingDevice><addedParty><deviceIdentifier>1009</deviceIdentifier></addedParty>` +
				`<conferenceConnections/><localConnectionInfo>connected</localConnectionInfo><cause>silentParticipation</cause></ConferencedEvent>`,
			want: &ConferencedEvent{MonitorCrossRefID: "1", PrimaryOldCall: ConnectionID{CallID: "7"}, ConferencingDevice: Party("1009"), AddedParty: Party("1009"),
				EventData: EventData{LocalConnectionInfo: StateConnected, Cause: CauseSilentParticipation}},
		},
		"a service that failed after all": {
			xml: `<ServiceCompletionFailureEvent><monitorCrossRefID>1</monitorCrossRefID><primaryCall><deviceID>1001</deviceID><connectionID>` +
				`<deviceID>1001</deviceID><callID>7</callID></connectionID><localConnectionState>hold</localConnectionState><connectionInfo>` +
				`<numberOfChannels>1</numberOfChannels></connectionInfo></primaryCall><otherDevsPrimaryCallList><otherDevsPrimaryCall><deviceID>4930</deviceID>` +
				`</otherDevsPrimaryCall></otherDevsPrimaryCallList><cause>destNotObtainable</cause></ServiceCompletionFailureEvent>`,
			want: &ServiceCompletionFailureEvent{MonitorCrossRefID: "1", Cause: CauseDestNotObtainable,
				PrimaryCall: FailedCall{Device: ptr(Device("1001")), Connection: Connection("7", "1001"), State: StateHold}},
		},
		"data, and what qualifies it": {
			xml: `<AssociateData><existingCall><callId>7</callId><deviceId>1001</deviceId></existingCall><accountCode>9</accountCode><authCode>1</authCode>` +
				`<correlatorData><string>34373131</string></correlatorData><callQualifyingData>x</callQualifyingData></AssociateData>`,
			want: &AssociateData{ExistingCall: Connection("7", "1001"), CorrelatorData: &CallData{String: HexBinary("4711")}},
		},
		"news of a call, account and all": {
			xml: `<CallInformationEvent><monitorCrossRefID>1</monitorCrossRefID><connection><deviceID>1001</deviceID><callID>7</callID></connection><device>` +
				`<deviceIdentifier>1001</deviceIdentifier></device><accountInfo>9</accountInfo><authCode>1</authCode><correlatorData><string>613D32</string>` +
				`</correlatorData><servicesPermitted/><callQualifyingData>x</callQualifyingData></CallInformationEvent>`,
			want: &CallInformationEvent{MonitorCrossRefID: "1", Connection: Connection("7", "1001"), Device: Party("1001"),
				CorrelatorData: &CallData{String: HexBinary("a=2")}},
		},
		"digits of a client of AES": {
			xml: `<GenerateDigits xmlns="` + NamespaceED3 + `/priv7"><connectionToSendDigits><deviceID typeOfNumber="other" mediaClass="notKnown">1001:CM::0` +
				`</deviceID><callID>7</callID></connectionToSendDigits><charactersToSend>12#</charactersToSend><toneDuration>100</toneDuration></GenerateDigits>`,
			want: &GenerateDigits{Connection: avaya("7"), Characters: "12#"},
		},
		"a muted headset": {
			xml: `<MicrophoneMuteEvent><monitorCrossRefID>1</monitorCrossRefID><invokingDevice><deviceIdentifier>1001</deviceIdentifier></invokingDevice>` +
				`<auditoryApparatus>3</auditoryApparatus><microphoneMuteOn>1</microphoneMuteOn></MicrophoneMuteEvent>`,
			want: &MicrophoneMuteEvent{MonitorCrossRefID: "1", Device: Party("1001"), Apparatus: "3", Mute: true},
		},
		"no disturbance but by some": {
			xml: `<DoNotDisturbEvent><monitorCrossRefID>1</monitorCrossRefID><device><deviceIdentifier>1001</deviceIdentifier></device>` +
				`<doNotDisturbOn>true</doNotDisturbOn><callOrigination><internal>true</internal></callOrigination><callingDeviceList>` +
				`<deviceID>1002</deviceID></callingDeviceList></DoNotDisturbEvent>`,
			want: &DoNotDisturbEvent{MonitorCrossRefID: "1", Device: Party("1001"), On: true},
		},
		"whether somebody may disturb": {
			xml:  `<GetDoNotDisturbResponse><doNotDisturbOn>1</doNotDisturbOn><callOrigination/><callingDeviceList/></GetDoNotDisturbResponse>`,
			want: &GetDoNotDisturbResponse{On: true},
		},
		"an agent, by queue, one of them by force": {
			xml: `<GetAgentStateResponse><agentStateList><agentStateEntry><agentID>5501</agentID><loggedOnState>1</loggedOnState><agentInfo><agentInfoItem>` +
				`<acdGroup>5000</acdGroup><agentState>agentReady</agentState></agentInfoItem><agentInfoItem><acdGroup>5001</acdGroup><agentState>agentNotReady` +
				`</agentState><pendingAgentState>agentNull</pendingAgentState><agentStateCondition>forcedPause</agentStateCondition></agentInfoItem></agentInfo>` +
				`</agentStateEntry></agentStateList></GetAgentStateResponse>`,
			want: &GetAgentStateResponse{Agents: []AgentStateEntry{{AgentID: "5501", LoggedOn: true, Info: []AgentInfo{
				{Group: ptr(Device("5000")), State: AgentReady},
				{Group: ptr(Device("5001")), State: AgentNotReady, PendingState: AgentNull, Condition: ConditionForcedPause}}}}},
		},
		"an agent who logs on with a password": {
			xml: `<AgentLoggedOnEvent><monitorCrossRefID>1</monitorCrossRefID><agentDevice><deviceIdentifier>1001</deviceIdentifier></agentDevice>` +
				`<agentID>5501</agentID><acdGroup>5000</acdGroup><agentPassword>31323334</agentPassword><cause>normal</cause></AgentLoggedOnEvent>`,
			want: &AgentLoggedOnEvent{AgentEvent: AgentEvent{MonitorCrossRefID: "1", Device: *Party("1001"), AgentID: "5501", Group: ptr(Device("5000")), Cause: CauseNormal}},
		},
		"a call that left the switch": {
			xml: `<NetworkReachedEvent><monitorCrossRefID>1</monitorCrossRefID><outboundConnection><callId>7</callId><deviceId>T7</deviceId></outboundConnection>` +
				`<networkInterfaceUsed><deviceIdentifier>T7</deviceIdentifier></networkInterfaceUsed><callingDevice><deviceIdentifier>1001</deviceIdentifier>` +
				`</callingDevice><calledDevice><deviceIdentifier>+4930</deviceIdentifier></calledDevice><lastRedirectionDevice><notRequired/></lastRedirectionDevice>` +
				`<originatingNIDConnection><callID>7</callID></originatingNIDConnection><localConnectionInfo>connected</localConnectionInfo>` +
				`<networkCapability><networkType>iSDNPublic</networkType></networkCapability><cause>networkSignal</cause></NetworkReachedEvent>`,
			want: &NetworkReachedEvent{MonitorCrossRefID: "1", Connection: Connection("7", "T7"), NetworkInterfaceUsed: Party("T7"), CallingDevice: Party("1001"),
				CalledDevice: Party("+4930"), LastRedirectionDevice: &RedirectionID{NotRequired: &Empty{}},
				EventData: EventData{LocalConnectionInfo: StateConnected, Cause: "networkSignal"}},
		},
		"a truth of one digit, pretty-printed": {
			xml:  "<SetDoNotDisturb>\n  <device> 1001 </device>\n  <doNotDisturbOn> 1 </doNotDisturbOn>\n</SetDoNotDisturb>",
			want: &SetDoNotDisturb{Device: Device("1001"), On: true},
		},
		"microphones of a handset and a headset": {
			xml: `<GetMicrophoneMuteResponse><microphoneMuteList><microphoneMuteItem><auditoryApparatus>1</auditoryApparatus>` +
				`<microphoneMuteOn>false</microphoneMuteOn></microphoneMuteItem><microphoneMuteItem><auditoryApparatus>2</auditoryApparatus>` +
				`<microphoneMuteOn>1</microphoneMuteOn></microphoneMuteItem></microphoneMuteList></GetMicrophoneMuteResponse>`,
			want: &GetMicrophoneMuteResponse{Microphones: []MicrophoneMute{{Apparatus: "1"}, {Apparatus: "2", Mute: true}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Unmarshal([]byte(tc.xml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got, exportAll); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func avaya(call string) ConnectionID {
	return ConnectionID{CallID: call, DeviceID: DeviceID{Number: "1001:CM::0", TypeOfNumber: "other", MediaClass: "notKnown"}}
}

func TestVariablesOfRequests(t *testing.T) {
	data, want := NewCallData(map[string]string{"case": "C-9"}), map[string]string{"case": "C-9"}
	for _, m := range []interface {
		Message
		Variables() map[string]string
	}{
		ConsultationCall{CorrelatorData: data}, SingleStepTransferCall{UserData: data},
		DeflectCall{CorrelatorData: data}, AssociateData{CorrelatorData: data},
	} {
		if diff := cmp.Diff(want, m.Variables()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", Name(m), diff)
		}
	}
}
