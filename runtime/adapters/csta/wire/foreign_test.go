package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ed5 = "http://www.ecma-international.org/standards/ecma-323/csta/ed5"

// foreign holds messages as other products write them, by the documents and reports that
// describe those products. None of them came out of this package.
var foreign = []struct {
	name string
	xml  string
	want Message
}{
	{
		name: "AES session with the login of Avaya's namespace",
		xml: `<?xml version="1.0" encoding="utf-8"?>
<StartApplicationSession xmlns="http://www.ecma-international.org/standards/ecma-354/appl_session">
  <applicationInfo>
    <applicationID>x</applicationID>
    <applicationSpecificInfo>
      <acx:SessionLoginInfo xmlns:acx="http://www.avaya.com/csta" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="acx:SessionLoginInfo">
        <acx:userName>cti</acx:userName>
        <acx:password>secret</acx:password>
        <acx:sessionCleanupDelay>60</acx:sessionCleanupDelay>
        <acx:sessionID>8B0F-7</acx:sessionID>
      </acx:SessionLoginInfo>
    </applicationSpecificInfo>
  </applicationInfo>
  <requestedProtocolVersions>
    <protocolVersion>http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7</protocolVersion>
  </requestedProtocolVersions>
  <requestedSessionDuration>180</requestedSessionDuration>
</StartApplicationSession>`,
		want: &StartApplicationSession{
			ApplicationID:     "x",
			Login:             &SessionLoginInfo{UserName: "cti", Password: "secret", CleanupDelay: 60, SessionID: "8B0F-7"},
			ProtocolVersions:  []string{"http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7"},
			RequestedDuration: 180,
		},
	},
	{
		name: "OpenScape session without a login",
		xml: `<StartApplicationSession xmlns="http://www.ecma-international.org/standards/ecma-354/appl_session"><applicationInfo>` +
			`<applicationID>desk</applicationID></applicationInfo><requestedProtocolVersions><protocolVersion>` + ed5 +
			`</protocolVersion></requestedProtocolVersions></StartApplicationSession>`,
		want: &StartApplicationSession{ApplicationID: "desk", ProtocolVersions: []string{ed5}},
	},
	{
		name: "OpenScape session with its heart beat",
		xml: `<StartApplicationSessionPosResponse><sessionID>42</sessionID><actualProtocolVersion>` + NamespaceED3 +
			`</actualProtocolVersion><extensions><actualHBT>30</actualHBT></extensions></StartApplicationSessionPosResponse>`,
		want: &StartApplicationSessionPosResponse{SessionID: "42", ProtocolVersion: NamespaceED3},
	},
	{
		name: "Mitel out of licences, with a prefix and edition 5",
		xml: `<csta:CSTAErrorCode xmlns:csta="` + ed5 + `"><csta:systemResourceAvailibility>overallMonitorLimitExceeded` +
			`</csta:systemResourceAvailibility></csta:CSTAErrorCode>`,
		want: &CSTAErrorCode{SystemResource: "overallMonitorLimitExceeded"},
	},
	{
		name: "error category in the dictionary's spelling",
		xml:  `<CSTAErrorCode><systemResourceAvailability>resourceBusy</systemResourceAvailability></CSTAErrorCode>`,
		want: &CSTAErrorCode{SystemResourceProper: "resourceBusy"},
	},
	{
		name: "error that says nothing",
		xml:  `<CSTAErrorCode><unspecified/></CSTAErrorCode>`,
		want: &CSTAErrorCode{Unspecified: &Empty{}},
	},
	{
		name: "Avaya device identifiers, deviceID first",
		xml: `<AnswerCall xmlns="` + NamespaceED3 + `/priv7"><callToBeAnswered><deviceID typeOfNumber="other" mediaClass="notKnown">` +
			`1001:CM:10.0.0.1:0</deviceID><callID>1138</callID></callToBeAnswered></AnswerCall>`,
		want: &AnswerCall{Call: ConnectionID{CallID: "1138",
			DeviceID: DeviceID{Number: "1001:CM:10.0.0.1:0", TypeOfNumber: "other", MediaClass: "notKnown"}}},
	},
	{
		name: "callId instead of callID",
		xml:  `<MakeCallResponse><callingDevice><callId>5</callId><deviceId>1001</deviceId></callingDevice></MakeCallResponse>`,
		want: &MakeCallResponse{Connection: Connection("5", "1001")},
	},
	{
		name: "a pretty-printed delivered event with elements that nobody asked for",
		xml: `<?xml version='1.0'?><!-- of a switch --><ns1:DeliveredEvent xmlns:ns1="` + ed5 + `">
  <ns1:monitorCrossRefID>17</ns1:monitorCrossRefID>
  <ns1:connection><ns1:callID> 88 </ns1:callID><ns1:deviceID>1001</ns1:deviceID></ns1:connection>
  <ns1:alertingDevice><ns1:deviceIdentifier typeOfNumber="dialingNumber">
    1001
  </ns1:deviceIdentifier></ns1:alertingDevice>
  <ns1:callingDevice><ns1:restricted/></ns1:callingDevice>
  <ns1:calledDevice><ns1:notKnown/></ns1:calledDevice>
  <ns1:lastRedirectionDevice><ns1:notRequired/></ns1:lastRedirectionDevice>
  <ns1:localConnectionInfo>alerting</ns1:localConnectionInfo>
  <ns1:cause>newCall</ns1:cause>
  <ns1:servicesPermitted><ns1:callControlServices><ns1:answerCall>true</ns1:answerCall></ns1:callControlServices></ns1:servicesPermitted>
  <ns1:mediaCallCharacteristics><ns1:mediaClass>voice</ns1:mediaClass></ns1:mediaCallCharacteristics>
</ns1:DeliveredEvent>`,
		want: &DeliveredEvent{MonitorCrossRefID: "17", Connection: Connection("88", "1001"),
			AlertingDevice: &PartyID{DeviceIdentifier: &DeviceID{Number: "1001", TypeOfNumber: "dialingNumber"}},
			CallingDevice:  RestrictedParty(), CalledDevice: UnknownParty(),
			LastRedirectionDevice: &RedirectionID{NotRequired: &Empty{}},
			EventData:             EventData{LocalConnectionInfo: StateAlerting, Cause: CauseNewCall}},
	},
	{
		name: "TransferredEvent with two r",
		xml: `<TransferredEvent><monitorCrossRefID>1</monitorCrossRefID><primaryOldCall><callID>5</callID></primaryOldCall>` +
			`<secondaryOldCall><callID>6</callID></secondaryOldCall><transferredConnections><connectionListItem>` +
			`<newConnection><callID>9</callID><deviceID>1002</deviceID></newConnection><oldConnection><callID>6</callID>` +
			`<deviceID>1002</deviceID></oldConnection></connectionListItem></transferredConnections></TransferredEvent>`,
		want: &TransferedEvent{MonitorCrossRefID: "1", PrimaryOldCall: ConnectionID{CallID: "5"},
			SecondaryOldCall: &ConnectionID{CallID: "6"},
			Connections:      []ConnectionPair{{New: ptr(Connection("9", "1002")), Old: ptr(Connection("6", "1002"))}}},
	},
	{
		name: "ISO-8859-1 that says so",
		xml:  "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><HeldEvent><monitorCrossRefID>M\xfcller</monitorCrossRefID></HeldEvent>",
		want: &HeldEvent{MonitorCrossRefID: "Müller"},
	},
	{
		name: "ISO-8859-1 that happens to be UTF-8",
		xml:  "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><HeldEvent><monitorCrossRefID>\xc3\xbc</monitorCrossRefID></HeldEvent>",
		want: &HeldEvent{MonitorCrossRefID: "Ã¼"},
	},
	{
		name: "ISO-8859-1 that does not say so",
		xml:  "<HeldEvent><monitorCrossRefID>M\xfcller</monitorCrossRefID></HeldEvent>",
		want: &HeldEvent{MonitorCrossRefID: "Müller"},
	},
	{
		name: "ISO-8859-1 that claims to be UTF-8",
		xml:  "<?xml version=\"1.0\" encoding=\"UTF-8\"?><HeldEvent><monitorCrossRefID>M\xfcller</monitorCrossRefID></HeldEvent>",
		want: &HeldEvent{MonitorCrossRefID: "Müller"},
	},
	{
		name: "Avaya agent state with its private reason",
		xml: `<GetAgentStateResponse xmlns="` + NamespaceED3 + `"><agentStateList><agentStateEntry><agentID>5501</agentID>` +
			`<loggedOnState>true</loggedOnState><agentInfo><agentInfoItem><agentState>agentNotReady</agentState></agentInfoItem>` +
			`</agentInfo></agentStateEntry></agentStateList><extensions><privateData><private>` +
			`<ns2:GetAgentStateResponsePrivateData xmlns:ns2="http://www.avaya.com/csta"><ns2:workMode>auxWork</ns2:workMode>` +
			`<ns2:reasonCode>4</ns2:reasonCode></ns2:GetAgentStateResponsePrivateData></private></privateData></extensions></GetAgentStateResponse>`,
		want: &GetAgentStateResponse{
			Agents: []AgentStateEntry{{AgentID: "5501", LoggedOn: true, Info: []AgentInfo{{State: AgentNotReady}}}},
			Extensions: &Extensions{PrivateData: &PrivateData{Private: &Private{
				AvayaGet: &AgentData{WorkMode: "auxWork", ReasonCode: "4"}}}}},
	},
	{
		name: "an event of a kind that CTILink does not use",
		xml:  `<x:OfferedEvent xmlns:x="` + ed5 + `"><x:monitorCrossRefID>1</x:monitorCrossRefID></x:OfferedEvent>`,
		want: &Unknown{Space: ed5, Name: "OfferedEvent"},
	},
}

func TestUnmarshalForeign(t *testing.T) {
	for _, tc := range foreign {
		t.Run(tc.name, func(t *testing.T) {
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

func TestErrorsDoNotQuote(t *testing.T) {
	for _, body := range []string{
		`<HeldEvent><monitorCrossRefID>&4711secret;</monitorCrossRefID></HeldEvent>`,
		`<HeldEvent>4711secret</Held>`, `<HeldEvent 4711secret></HeldEvent>`, `<HeldEvent/><secret4711/>`,
		`<QueuedEvent><numberQueued>4711secret</numberQueued></QueuedEvent>`,
		`<?xml version="1.0" encoding="4711secret"?><HeldEvent/>`, `<HeldEvent secret4711="" secret4711=""/>`,
	} {
		_, err := Unmarshal([]byte(body))
		if err == nil || strings.Contains(err.Error(), "4711") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", body, err)
		}
	}
}

func TestKind(t *testing.T) {
	for _, tc := range []struct {
		message Message
		want    Kind
	}{
		{&MonitorStart{}, Request},
		{&MonitorStartResponse{}, Response},
		{&CSTAErrorCode{}, Response},
		{&StartApplicationSessionNegResponse{}, Response},
		{&ApplicationSessionTerminated{}, Event},
		{&AgentBusyEvent{}, Event},
		{&Unknown{Name: "OfferedEvent"}, Event},
		{&Unknown{Name: "AlternateCallResponse"}, Response},
		{&Unknown{Name: "RequestSystemStatus"}, Request},
	} {
		if got := tc.message.Kind(); got != tc.want {
			t.Errorf("Kind of %s = %d, want %d", Name(tc.message), got, tc.want)
		}
	}
}

func TestCallData(t *testing.T) {
	for _, tc := range []struct {
		name string
		xml  string
		want map[string]string
	}{
		{"none", `<HeldEvent/>`, nil},
		{"empty", `<HeldEvent><correlatorData/></HeldEvent>`, nil},
		{"variables", `<HeldEvent><correlatorData><private><callData><variable name="a">1</variable><variable name="b"> 2 </variable>` +
			`</callData></private></correlatorData></HeldEvent>`, map[string]string{"a": "1", "b": " 2 "}},
		{"variables of another vendor", `<HeldEvent><correlatorData><private><other/></private></correlatorData></HeldEvent>`, nil},
		{"pairs in hexBinary", `<HeldEvent><correlatorData><string>613D3126623D322B33</string></correlatorData></HeldEvent>`,
			map[string]string{"a": "1", "b": "2 3"}},
		{"one value in hexBinary", `<HeldEvent><correlatorData><string>34373131</string></correlatorData></HeldEvent>`,
			map[string]string{"correlatorData": "4711"}},
		{"user data of ISDN", `<HeldEvent><userData><string>4DFC6C6C6572</string></userData></HeldEvent>`,
			map[string]string{"userData": "Müller"}},
		{"text instead of hexBinary", `<HeldEvent><userData><string>customer=4711</string></userData></HeldEvent>`,
			map[string]string{"customer": "4711"}},
		{"correlator data wins", `<HeldEvent><correlatorData><string>a=1</string></correlatorData><userData><string>a=2&amp;b=3</string>` +
			`</userData></HeldEvent>`, map[string]string{"a": "1", "b": "3"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := Unmarshal([]byte(tc.xml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, m.(*HeldEvent).Variables()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallStates(t *testing.T) {
	for _, tc := range []struct {
		xml  string
		want []LocalConnectionState
	}{
		{`<compoundCallState><localConnectionState>hold</localConnectionState><localConnectionState>connected</localConnectionState></compoundCallState>`,
			[]LocalConnectionState{StateHold, StateConnected}},
		{`<simpleCallState>callReceived</simpleCallState>`, []LocalConnectionState{StateAlerting, StateConnected}},
		{`<simpleCallState>callEstablishedHeld</simpleCallState>`, []LocalConnectionState{StateHold, StateConnected}},
		{`<simpleCallState>callEstablishedOnHold</simpleCallState>`, []LocalConnectionState{StateConnected, StateHold}},
		{`<unknown/>`, nil},
	} {
		m, err := Unmarshal([]byte(`<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData><snapshotDeviceResponseInfo>` +
			`<localCallState>` + tc.xml + `</localCallState></snapshotDeviceResponseInfo></snapshotData></crossRefIDorSnapshotData></SnapshotDeviceResponse>`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, m.(*SnapshotDeviceResponse).Snapshot.Calls[0].State.States()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.xml, diff)
		}
	}
}

func TestErrorValue(t *testing.T) {
	for _, tc := range []struct {
		code            CSTAErrorCode
		category, value string
	}{
		{CSTAErrorCode{Operation: " invalidDeviceID\n"}, CategoryOperation, "invalidDeviceID"},
		{CSTAErrorCode{SystemResourceProper: "resourceBusy"}, CategorySystemResource, "resourceBusy"},
		{CSTAErrorCode{PrivateErrorCode: "17"}, CategoryPrivateErrorCode, "17"},
		{CSTAErrorCode{Unspecified: &Empty{}}, CategoryUnspecified, ""},
		{CSTAErrorCode{}, CategoryUnspecified, ""},
	} {
		if category, value := tc.code.Value(); category != tc.category || value != tc.value {
			t.Errorf("Value() = %q, %q; want %q, %q", category, value, tc.category, tc.value)
		}
	}
}
