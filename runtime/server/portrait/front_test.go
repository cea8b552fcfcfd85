package portrait

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

func TestSchemaIsThatOfTheTables(t *testing.T) { golden(t, schemaFile, Schema(names.Names{})) }

// The validator must see what is wrong, else it holds nothing. Where it cannot be had, all
// else is tested without it.
func TestTheValidatorIsHere(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("no message is validated: xmllint is not here; apt-get install libxml2-utils")
	}
	for document, want := range map[string]bool{
		"<ACCEPTCALL><CLIENTID>x</CLIENTID></ACCEPTCALL>": true,
		"<ACCEPTCALL/>": false,
		"<ACCEPTCALL><CLIENTID>x</CLIENTID><ACK>0</ACK></ACCEPTCALL>": false,
		"<RESPONSE><STATUS>OK</STATUS></RESPONSE>":                    true,
		"<RESPONSE/>": false,
	} {
		cmd := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", schemaFile, "-")
		cmd.Stdin = strings.NewReader(document)
		if err := cmd.Run(); (err == nil) != want {
			t.Errorf("%s: %v", document, err)
		}
	}
}

// An old client's day: register, log on, become available, take a call and hang up.
func TestADay(t *testing.T) {
	b := newBench(t)
	c := b.register("<DN>1001</DN>")
	b.does("AGENTINITIALIZE", c, "<AGENTPASSWORD>pw</AGENTPASSWORD>")
	if r := b.last(); r.Activity != opencti.LoginAgent || r.AgentPassword != "pw" {
		t.Errorf("%+v", r)
	}
	b.happen(opencti.LoggedIn, "")
	b.does("SETAGENTSTATE", c, "<STATE>AVAILABLE</STATE>")
	b.events(c, "")
	b.happen(opencti.Offering, "c1", map[string]any{"ani": "0301", "variables": map[string]string{"customerId": "4711"}})
	a := b.events(c, "<WAIT>5</WAIT>", "INCOMINGCALL c1")
	if call := a.Events[0].Call; call.ANI != "0301" || len(call.Data) != 1 || call.Data[0].Value != "4711" {
		t.Errorf("%s", a.Body)
	}
	b.does("ACCEPTCALL", c, "")
	if r := b.last(); r.Activity != opencti.AnswerCall || r.CallID != "c1" {
		t.Errorf("%+v", r)
	}
	b.happen(opencti.Established, "c1")
	b.events(c, "<WAIT>5</WAIT>", "ESTABLISHCALL c1")
	b.does("RELEASECALL", c, "")
	b.happen(opencti.Released, "c1")
	b.happen(opencti.Offering, "c2")
	b.happen(opencti.Abandoned, "c2")
	b.events(c, "<WAIT>5</WAIT>", "INCOMINGCALL c2", "CALLABANDONED c2")
	b.does("AGENTUNINITIALIZE", c, "")
	b.does("CTICLIENTUNINITIALIZE", c, "")
	if _, open := b.link.Session("4001"); open {
		t.Error("the session is open")
	}
}
