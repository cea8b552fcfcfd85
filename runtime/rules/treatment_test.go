package rules

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func offered(change ...func(*opencti.Call)) *opencti.Call {
	c := &opencti.Call{
		CallID: "7", InteractionID: "i-7", State: opencti.Offering, CallType: opencti.Inbound, ANI: "+4930 123", DNIS: "5000",
		Queue: "support", OfferedBy: opencti.ByQueue, Variables: map[string]string{"tier": "gold", "account": "a&b=c/d"},
		Parties: []opencti.Party{{ID: "1", DN: "+4930 123", Role: opencti.RoleCustomer}}, Since: time.Unix(0, 0), StartedAt: time.Unix(0, 0),
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func compileTreatments(t testing.TB, list ...opencti.TreatmentRule) *Treatments {
	t.Helper()
	out, err := CompileTreatments(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func pop(address string) *opencti.ScreenPop { return &opencti.ScreenPop{URL: address} }

func TestTreatments(t *testing.T) {
	list := []opencti.TreatmentRule{
		{Name: "consult", When: "call.callType == 'CONSULT'", Answer: opencti.AnswerOnOffer},
		{Name: "gold", When: "call.variables.tier == 'gold' && call.queue == 'support'", Answer: opencti.AnswerAfterDelay, DelaySeconds: 3,
			ScreenPop: pop("https://crm.example/c?ani={call.ani}&a={call.variables.account}&q={call.queue}&none={call.variables.gone}{ {'x': 'y'}['x'] }"),
			AttachData: map[string]string{"tier": "call.variables.tier.upperAscii()", "agent": "session.agentId", "none": "call.variables.gone",
				"empty": "''"}},
		{Name: "known", When: "has(call.ani) && call.parties.exists(p, p.role == 'Customer')", ScreenPop: &opencti.ScreenPop{Interaction: "Service"}},
		{Name: "far", When: "call.variables.number > 'a' && int(call.variables.number) > 1"},
		{Name: "rest"},
	}
	for name, tc := range map[string]struct {
		call   *opencti.Call
		list   []opencti.TreatmentRule
		want   *opencti.Treatment
		attach map[string]string
		fails  string
	}{
		"no rules": {call: offered(), list: []opencti.TreatmentRule{}},
		"none holds": {call: offered(), list: []opencti.TreatmentRule{
			{Name: "other", When: "call.queue == 'sales'"}, {Name: "absent", When: "call.variables.gone == 'x'"}}},
		"the first that holds": {call: offered(func(c *opencti.Call) { c.CallType = opencti.Consult }),
			want: &opencti.Treatment{Rule: "consult", Answer: opencti.AnswerOnOffer}},
		"address, data, delay": {call: offered(), want: &opencti.Treatment{
			Rule: "gold", Answer: opencti.AnswerAfterDelay, DelaySeconds: 3,
			ScreenPop: pop("https://crm.example/c?ani=%2B4930%20123&a=a%26b%3Dc%2Fd&q=support&none=y"),
		}, attach: map[string]string{"tier": "GOLD", "agent": "4001"}},
		"interaction": {call: offered(func(c *opencti.Call) { c.Variables = nil }),
			want: &opencti.Treatment{Rule: "known", Answer: opencti.AnswerManually, ScreenPop: &opencti.ScreenPop{Interaction: "Service"}}},
		"number withheld": {call: offered(func(c *opencti.Call) { c.Variables, c.ANI = nil, "" }),
			want: &opencti.Treatment{Rule: "rest", Answer: opencti.AnswerManually}},
		"a rule that fails": {call: offered(func(c *opencti.Call) { c.Variables, c.ANI = map[string]string{"number": "x12345"}, "" }),
			fails: "rules: callTreatment[far].when: fails: a value is not what the expression takes it for"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.list == nil {
				tc.list = list
			}
			got, attach, err := compileTreatments(t, tc.list...).Of(tc.call, "1001", "4001")
			if said(err) != tc.fails {
				t.Fatalf("got %v, want %q", err, tc.fails)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("treatment (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.attach, attach); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
		})
	}
	var nobody *Treatments
	if got, _, err := nobody.Of(offered(), "1001", ""); got != nil || err != nil {
		t.Errorf("nil treats: %v, %v", got, err)
	}
}

func TestAddressesAreBounded(t *testing.T) {
	rules := compileTreatments(t, opencti.TreatmentRule{Name: "r", ScreenPop: pop("https://crm.example/?x={call.variables.x}")})
	long := offered(func(c *opencti.Call) { c.Variables = map[string]string{"x": strings.Repeat("&", addressBound/2)} })
	if got, _, err := rules.Of(long, "1001", ""); got != nil || said(err) != "rules: callTreatment[r].screenPop.url: fails: the address would be too long" {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestWrongTreatments holds every sentence that a person may read about a treatment.
func TestWrongTreatments(t *testing.T) {
	cases := map[string]opencti.TreatmentRule{
		"field that calls do not have": {When: "call.variabels.tier == 'gold'"},
		"field of a party":             {When: "call.parties.exists(p, p.rol == 'Customer')"},
		"variable of event rules":      {When: "event.x == 'y'"},
		"word that is never there":     {When: "call.offeredBy == 'queue'"},
		"no condition":                 {When: "call.ani"},
		"way to answer":                {Answer: "Sometimes"},
		"delay without AfterDelay":     {DelaySeconds: 5},
		"AfterDelay without delay":     {Answer: opencti.AnswerAfterDelay},
		"delay too long":               {Answer: opencti.AnswerAfterDelay, DelaySeconds: 61},
		"empty screen pop":             {ScreenPop: &opencti.ScreenPop{}},
		"screen pop with both":         {ScreenPop: &opencti.ScreenPop{URL: "https://x/", Interaction: "y"}},
		"data with a long name":        {AttachData: map[string]string{strings.Repeat("n", 65): "'x'"}},
		"data of the runtime":          {AttachData: map[string]string{"ctilink.from": "session.dn"}},
		"field of a party, far off":    {When: "call.parties.exists(p, p.colour == 'red')"},
		"field of a time":              {When: "call.since.year == 2026"},
		"data that is no text":         {AttachData: map[string]string{"n": "5"}},
	}
	for name, address := range map[string]string{
		"brace that is not closed":          "https://crm.example/?x={call.ani",
		"brace too many":                    "https://crm.example/?x={call.ani}}",
		"brace in a text":                   "https://crm.example/?x={call.ani + '}' + 5}",
		"no expression":                     "https://crm.example/?x={ }",
		"wrong expression":                  "https://crm.example/ä?x={call.ani}&y={call.any}",
		"expression that is no text":        "https://crm.example/?x={call.parties}",
		"another scheme":                    "javascript:alert({call.ani})",
		"no server":                         "/customers?x={call.ani}",
		"server from the call":              "https://{call.variables.server}/",
		"server that the call goes on":      "https://crm.example{call.variables.path}",
		"password in the open":              "https://user:secret@crm.example/",
		"backslash":                         `https://crm.example\@evil.example/`,
		"escape that is none":               "https://crm.example/%zz",
		"address from the call as a whole":  "{call.variables.url}",
		"expression over more than a line ": "https://crm.example/?x={call.ani +\n evnt.x}",
	} {
		cases["address: "+name] = opencti.TreatmentRule{ScreenPop: pop(address)}
	}
	var out strings.Builder
	for _, name := range sortedKeys(cases) {
		r := cases[name]
		r.Name = "r"
		_, err := CompileTreatments([]opencti.TreatmentRule{r})
		if err == nil {
			t.Errorf("%s compiles", name)
			continue
		}
		fmt.Fprintf(&out, "%s\n  %s\n", name, err)
	}
	golden(t, "wrong-treatments.txt", out.String())
}

// FuzzAddress: whatever a caller brings, the address leads to the server in the template.
func FuzzAddress(f *testing.F) {
	f.Add("https://crm.example/c?ani={call.ani}&v={call.variables.v}", "+4930 123")
	f.Add("http://crm.example/{call.variables.v}/{call.variables.v}#{call.queue}", "/../@evil.example?x#y")
	f.Add("https://crm.example", "x")
	f.Add("https://a/{'}'}", "\\\r\n\x00")
	f.Fuzz(func(t *testing.T, address, value string) {
		rules, err := CompileTreatments([]opencti.TreatmentRule{{Name: "r", ScreenPop: pop(address)}})
		if err != nil || address == "" {
			return
		}
		call := offered(func(c *opencti.Call) { c.ANI, c.Queue, c.Variables = value, value, map[string]string{"v": value} })
		got, _, err := rules.Of(call, value, value)
		if err != nil {
			return
		}
		want, err := url.Parse(rules.rules[0].url.texts[0])
		if err != nil {
			return // the template's own text is cut off in an escape
		}
		u, err := url.Parse(got.ScreenPop.URL)
		if err != nil || u.Host != want.Host || u.Scheme != want.Scheme || u.User != nil {
			t.Errorf("%q makes %q: %v, host %q", address, got.ScreenPop.URL, err, u.Host)
		}
	})
}
