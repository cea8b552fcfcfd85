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
