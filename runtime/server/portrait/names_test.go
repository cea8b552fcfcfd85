package portrait

import (
	"strings"
	"testing"
)

const theirs = `
# A trace of a client of 2009.
MAKECALL      = MakeCall
DESTINATION   = Number
CLIENTID      = Client
AVAILABLE     = Ready
SETAGENTSTATE = SetAgentState
STATE         = AgentState
CALLID        = Call
INCOMINGCALL  = IncomingCall
RESPONSE      = Reply
STATUS        = Result
OK            = Success
`

func names2009(t *testing.T) Names {
	t.Helper()
	n, err := ReadNames(strings.NewReader(theirs))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheDeploymentsNames(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Names = names2009(t) })
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
	schema := string(names2009(t).Schema())
	for _, want := range []string{`<xs:element name="MakeCall">`, `<xs:enumeration value="Ready"/>`, `<xs:element name="Number" type="Asked.DESTINATION"/>`} {
		if !strings.Contains(schema, want) {
			t.Errorf("the schema has no %s", want)
		}
	}
}

func TestNamesThatAreWrong(t *testing.T) {
	for file, says := range map[string]string{
		"MAKECALL":                       "line 1: write OURS = theirs",
		"\nMAKECAL = x":                  `line 2: "MAKECAL" is no name`,
		"MAKECALL = a\nMAKECALL = b":     "line 2: MAKECALL stands there twice",
		"MAKECALL = 1x":                  "cannot be an element",
		"MAKECALL = a b":                 "cannot be an element",
		"MAKECALL =":                     "cannot be an element",
		"MAKECALL = x\nACCEPTCALL = x":   "ACCEPTCALL and MAKECALL would both be x",
		"MAKECALL = ACCEPTCALL":          "ACCEPTCALL and MAKECALL would both be ACCEPTCALL",
		"MAKECALL = a:b":                 "cannot be an element",
		strings.Repeat("x", 70) + " = a": "…",
		strings.Repeat("x", 1<<17):       "read names file",
	} {
		if _, err := ReadNames(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: %v, want %q", file, err, says)
		}
	}
	if _, err := ReadNames(strings.NewReader("MAKECALL = ACCEPTCALL\nACCEPTCALL = MAKECALL\n")); err != nil {
		t.Errorf("names may change places: %v", err)
	}
}
