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
	"ConsultationCall": "existingCall consultedDevice connectionReservation accountCode authCode correlatorData userData " +
		"callCharacteristics mediaCallCharacteristics callingConnectionInfo consultOptions subjectOfCall languagePreferences extensions",
	"ConsultationCallResponse":       "initiatedCall mediaCallCharacteristics initiatedCallInfo extensions",
	"TransferCall":                   "heldCall activeCall extensions",
	"TransferCallResponse":           "transferredCall connections transferredCallInfo extensions",
	"ConferenceCall":                 "heldCall activeCall extensions",
	"ConferenceCallResponse":         "conferenceCall connections conferenceCallInfo extensions",
	"AlternateCall":                  "heldCall activeCall connectionReservation consultOptions extensions",
	"AlternateCallResponse":          "extensions",
	"ReconnectCall":                  "activeCall heldCall extensions",
	"ReconnectCallResponse":          "extensions",
	"SingleStepTransferCall":         "activeCall transferredTo accountCode authCode correlatorData userData subjectOfCall languagePreferences reason extensions",
	"SingleStepTransferCallResponse": "transferredCall connections transferredCallInfo extensions",
	"DeflectCall":                    "callToBeDiverted newDestination correlatorData userData subjectOfCall languagePreferences reason extensions",
	"DeflectCallResponse":            "extensions",
	"AssociateData":                  "existingCall accountCode authCode correlatorData callQualifyingData callCharacteristics subjectOfCall languagePreferences extensions",
	"AssociateDataResponse":          "extensions",
	"GenerateDigits":                 "connectionToSendDigits digitMode charactersToSend toneDuration pulseRate pauseDuration extensions",
	"GenerateDigitsResponse":         "extensions",
	"SetMicrophoneMute":              "device auditoryApparatus microphoneMuteOn extensions",
	"SetMicrophoneMuteResponse":      "extensions",
	"GetMicrophoneMute":              "device auditoryApparatus extensions",
	"GetMicrophoneMuteResponse":      "microphoneMuteList extensions",
	"SetDoNotDisturb":                "device doNotDisturbOn callOrigination callingDeviceList extensions",
	"SetDoNotDisturbResponse":        "extensions",
	"GetDoNotDisturb":                "device extensions",
	"GetDoNotDisturbResponse":        "doNotDisturbOn callOrigination callingDeviceList extensions",
	"DigitsGeneratedEvent":           "monitorCrossRefID connection digitGeneratedList digitDurationList pauseDurationList connectionInfo extensions",
	"MicrophoneMuteEvent":            "monitorCrossRefID invokingDevice auditoryApparatus microphoneMuteOn extensions",
	"DoNotDisturbEvent":              "monitorCrossRefID device doNotDisturbOn callOrigination callingDeviceList extensions",
	"CallInformationEvent": "monitorCrossRefID connection device callingDevice accountInfo authCode correlatorData servicesPermitted userData " +
		"callQualifyingData connectionInfo callLinkageDataList callCharacteristics subjectOfCall languagePreferences extensions",
	"TransferedEvent": "monitorCrossRefID primaryOldCall secondaryOldCall transferringDevice transferredToDevice transferredConnections " +
		"localConnectionInfo correlatorData userData chargingInfo cause servicesPermitted mediaCallCharacteristics callCharacteristics " +
		"callLinkageDataList languagePreferences deviceHistory extensions",
	"ConferencedEvent": "monitorCrossRefID primaryOldCall secondaryOldCall conferencingDevice addedParty conferenceConnections " +
		"localConnectionInfo correlatorData userData cause servicesPermitted mediaCallCharacteristics callCharacteristics " +
		"callLinkageDataList languagePreferences deviceHistory extensions",
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
