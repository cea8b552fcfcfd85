package portrait

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

var names2009 = map[string]string{
	"MAKECALL": "MakeCall", "DESTINATION": "Number", "CLIENTID": "Client", "AVAILABLE": "Ready", "SETAGENTSTATE": "SetAgentState",
	"STATE": "AgentState", "CALLID": "Call", "INCOMINGCALL": "IncomingCall", "RESPONSE": "Reply", "STATUS": "Result", "OK": "Success",
}

func of2009(t *testing.T) names.Names {
	t.Helper()
	n, err := names.New(names2009)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// vocabulary is every name that the tables have.
func vocabulary() []string {
	all := append([]string{"ITEM", "RESPONSE", statusOK, statusFail}, states...)
	for _, m := range messages {
		all = append(all, m.name)
	}
	for _, e := range elements {
		all = append(all, e.name)
	}
	for _, e := range events {
		all = append(all, e.name)
	}
	all = namesOf(all, itemFields)
	all = namesOf(all, partyFields)
	all = namesOf(all, popFields)
	all = namesOf(all, treatmentFields)
	all = namesOf(all, callFields)
	all = namesOf(all, otherFields)
	all = namesOf(all, queueFields)
	all = namesOf(all, agentFields)
	all = namesOf(all, reasonFields)
	all = namesOf(all, snapshotFields)
	all = namesOf(all, statisticsFields)
	all = namesOf(all, errorFields)
	all = namesOf(all, answerFields)
	all = namesOf(all, eventFields)
	slices.Sort(all)
	return slices.Compact(all)
}

func namesOf[T any](all []string, fields []field[T]) []string {
	for _, f := range fields {
		all = append(all, f.name)
	}
	return all
}

// What a manifest may rename is what the tables have.
func TestNamesAreThoseOfTheTables(t *testing.T) {
	if diff := cmp.Diff(vocabulary(), names.Table()); diff != "" {
		t.Errorf("runtime/server/portrait/names/table.go (-tables +file):\n%s", diff)
	}
}

func TestTheDeploymentsNames(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Settings = func() Settings { return Settings{Names: of2009(t)} } })
	b.foreign = true
	c := b.sendAs("text/xml", []byte("<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>"))
	_, rest, _ := strings.Cut(c.Body, "<Client>")
	id, _, _ := strings.Cut(rest, "</Client>")
	if !strings.Contains(c.Body, "<Reply>") || !strings.Contains(c.Body, "<Result>Success</Result>") || id == "" || strings.Contains(c.Body, "<CAN>MAKECALL") {
		t.Fatal(c.Body)
	}
	a := b.sendAs("text/xml", []byte("<MakeCall><Client>"+id+"</Client><Number>1003</Number></MakeCall>"))
	if !strings.Contains(a.Body, "<REQUEST>MakeCall</REQUEST>") || !strings.Contains(a.Body, "Success") || b.last().DestinationNumber != "1003" {
		t.Errorf("%s", a.Body)
	}
	b.happen("Offering", "c1")
	a = b.sendAs("text/xml", []byte("<GETEVENTS><Client>"+id+"</Client><WAIT>20</WAIT></GETEVENTS>"))
	if !strings.Contains(a.Body, "<IncomingCall>") || !strings.Contains(a.Body, "<Call>c1</Call>") {
		t.Errorf("%s", a.Body)
	}
	for document, element := range map[string]string{
		"<MAKECALL/>": "MAKECALL", "<MakeCall><DESTINATION>1</DESTINATION></MakeCall>": "DESTINATION", "<MakeCall><Client>x</Client></MakeCall>": "Number",
		"<SetAgentState><AgentState>AVAILABLE</AgentState></SetAgentState>": "AgentState",
	} {
		if a := b.sendAs("text/xml", []byte(document)); !strings.Contains(a.Body, "<ELEMENT>"+element+"</ELEMENT>") {
			t.Errorf("%s: %s", document, a.Body)
		}
	}
	schema := string(Schema(of2009(t)))
	for _, want := range []string{`<xs:element name="MakeCall">`, `<xs:enumeration value="Ready"/>`, `<xs:element name="Number" type="Asked.DESTINATION"/>`} {
		if !strings.Contains(schema, want) {
			t.Errorf("the schema has no %s", want)
		}
	}
	b.url += "?" + StandardNames
	b.foreign = false
	b.register("") // by the table's names, whatever the deployment's are
}

// What the deployment decides is in force from the next request on, for clients that are
// registered, too.
func TestSettingsChangeAtWork(t *testing.T) {
	var now Settings
	b := newBench(t, func(o *Options) { o.Settings = func() Settings { return now } })
	c := b.register("")
	now = Settings{Names: of2009(t), SocketTimeout: DefaultSocketTimeout / 2}
	b.foreign = true
	const ask = "<GETEVENTS><Client>%</Client></GETEVENTS>"
	if a := b.sendAs("text/xml", []byte(strings.Replace(ask, "%", c, 1))); !strings.Contains(a.Body, "Success") {
		t.Errorf("%s", a.Body)
	}
	b.pass(DefaultSocketTimeout - 1)
	if a := b.sendAs("text/xml", []byte(strings.Replace(ask, "%", c, 1))); !strings.Contains(a.Body, reconnect) {
		t.Errorf("the shorter time is not in force: %s", a.Body)
	}
}
