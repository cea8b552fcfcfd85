package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func tree() opencti.RuleSet {
	return opencti.RuleSet{
		CallID: "event.callID",
		Identify: []opencti.Rule{
			{Name: "offered", On: "Delivered", When: "event.alertingDevice == session.dn", Then: opencti.Offering},
			{Name: "delivered", On: "Delivered", Then: opencti.Delivered},
			{Name: "abandoned", On: "Cleared", When: "call.known && call.state == 'Offering'", Then: opencti.Abandoned},
			{Name: "consult-over", On: "Cleared", When: "call.callType == 'CONSULT'", Then: opencti.PartyInfo},
			{Name: "released", On: "Cleared", Then: opencti.Released},
			{Name: "odd", On: "Odd", When: "event.number > 5", Then: opencti.Failed},
		},
		Filter: []opencti.Filter{{Name: "silent", When: "name == 'Delivered' && event.silent"}},
		Populate: map[opencti.EventType]map[string]string{
			opencti.TypeCallState: {
				"callId":         "event.callID",
				"ani":            "event.callingDevice",
				"dnis":           "has(event.called) ? event.called : ''",
				"variables":      "event.data",
				"otherDns":       "[event.callingDevice]",
				"parties":        "[{'id': '1', 'dn': event.callingDevice}]",
				"networkReached": "has(event.far)",
			},
		},
	}
}

func compileRules(t testing.TB, rs opencti.RuleSet) *Set {
	t.Helper()
	s, err := Compile(rs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func input(name string, fields map[string]any) *Input {
	return &Input{Raw: opencti.RawEvent{Name: name, Fields: fields}, DN: "1001", AgentID: "4001"}
}

func TestIdentify(t *testing.T) {
	s := compileRules(t, tree())
	for name, tc := range map[string]struct {
		in       *Input
		state    opencti.EventName
		callType opencti.CallType
		want     opencti.EventName
		found    bool
		fails    string
	}{
		"rings here":              {in: input("Delivered", map[string]any{"alertingDevice": "1001"}), want: opencti.Offering, found: true},
		"rings elsewhere":         {in: input("Delivered", map[string]any{"alertingDevice": "1002"}), want: opencti.Delivered, found: true},
		"an absent field":         {in: input("Delivered", map[string]any{}), want: opencti.Delivered, found: true},
		"cleared while offered":   {in: input("Cleared", nil), state: opencti.Offering, want: opencti.Abandoned, found: true},
		"cleared while connected": {in: input("Cleared", nil), state: opencti.Established, want: opencti.Released, found: true},
		"a consult is cleared":    {in: input("Cleared", nil), state: opencti.Held, callType: opencti.Consult, want: opencti.PartyInfo, found: true},
		"no rule":                 {in: input("Strange", nil)},
		"a value of another type": {in: input("Odd", map[string]any{"number": "six"}),
			fails: "rules: identify[odd].when: fails: an operator or function is given a value of the wrong type"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.State, tc.in.CallType = tc.state, tc.callType
			got, found, err := s.Identify(tc.in)
			if got != tc.want || found != tc.found || said(err) != tc.fails {
				t.Errorf("Identify = %q, %v, %v; want %q, %v, %q", got, found, err, tc.want, tc.found, tc.fails)
			}
		})
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSetEventTypeDecidesAlone(t *testing.T) {
	rs := tree()
	rs.SetEventType = "raw == 'Ring' ? 'Offering' : raw == 'Own' ? event.event : {'Down': 'Released'}[raw]"
	s := compileRules(t, rs)
	for name, tc := range map[string]struct {
		in    *Input
		want  opencti.EventName
		found bool
		fails string
	}{
		"named":                   {in: input("Ring", nil), want: opencti.Offering, found: true},
		"looked up":               {in: input("Down", nil), want: opencti.Released, found: true},
		"told by the event":       {in: input("Own", map[string]any{"event": "Held"}), want: opencti.Held, found: true},
		"told to be dropped":      {in: input("Own", map[string]any{"event": ""})},
		"a field is absent":       {in: input("Own", nil)},
		"identify is not asked":   {in: input("Delivered", map[string]any{"alertingDevice": "1001"})},
		"no event":                {in: input("Own", map[string]any{"event": "+4930"}), fails: "rules: setEventType: gives a text that is not the name of an event"},
		"an event of the runtime": {in: input("Own", map[string]any{"event": "LinkUp"}), fails: "rules: setEventType: gives a text that is not the name of an event"},
	} {
		t.Run(name, func(t *testing.T) {
			got, found, err := s.Identify(tc.in)
			if got != tc.want || found != tc.found || said(err) != tc.fails {
				t.Errorf("Identify = %q, %v, %v; want %q, %v, %q", got, found, err, tc.want, tc.found, tc.fails)
			}
		})
	}
}

func TestPopulate(t *testing.T) {
	s := compileRules(t, tree())
	in := input("Delivered", map[string]any{"callID": "7", "callingDevice": "555", "data": map[string]string{"a": "b"}})
	d, err := s.Populate(in, opencti.TypeCallState, opencti.Offering)
	if err != nil {
		t.Fatal(err)
	}
	far, known := d.Bool("networkReached")
	_, unheardOf := d.Bool("colour")
	got := []any{s.CallID(in), d.String("callId"), d.String("ani"), d.String("dnis"), d.Map("variables"), d.Strings("otherDns"), d.Maps("parties"), far, known, unheardOf}
	want := []any{"7", "7", "555", "", map[string]string{"a": "b"}, []string{"555"}, []map[string]string{{"id": "1", "dn": "555"}}, false, true, false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAbsentFields: what cannot be told is left alone, and nothing else is.
func TestAbsentFields(t *testing.T) {
	for name, tc := range map[string]struct {
		expression string
		want       string
	}{
		"absent":                              {"event.gone", ""},
		"absent, with a dot":                  {"event.gone.name", ""},
		"absent, by index":                    {"event['gone']", ""},
		"absent in an operand":                {"'x' + event.gone", ""},
		"absent in a function":                {"event.gone.lowerAscii()", ""},
		"absent in a list":                    {"[event.gone, 'x'][1]", ""},
		"absent in a map":                     {"{'a': event.gone}['a']", ""},
		"absent in a map of the event":        {"event.data.gone", ""},
		"beyond the end of a list":            {"event.list[3]", ""},
		"a side that is not taken":            {"has(event.gone) ? event.gone : 'x'", "x"},
		"a condition that cannot be told":     {"event.gone == 'a' ? 'x' : 'y'", ""},
		"and, of which one side is false":     {"event.gone == 'a' && 1 == 2 ? 'x' : 'y'", "y"},
		"or, of which one side is true":       {"event.gone == 'a' || 1 == 1 ? 'x' : 'y'", "x"},
		"has() of it":                         {"has(event.gone) || has(event.data.gone) ? 'x' : 'y'", "y"},
		"a loop over it":                      {"event.gone.exists(g, g == 'a') ? 'x' : 'y'", ""},
		"a loop in which it is":               {"event.list.exists(l, l == event.gone) ? 'x' : 'y'", ""},
		"a loop whose variable is like event": {"['a'].exists(event, event == 'a') ? 'x' : 'y'", "x"},
		"null":                                {"event.nothing", ""},
	} {
		t.Run(name, func(t *testing.T) {
			rs := opencti.RuleSet{Populate: map[opencti.EventType]map[string]string{opencti.TypeCallState: {"ani": tc.expression}}}
			in := input("X", map[string]any{"data": map[string]string{"a": "b"}, "list": []string{"l"}, "nothing": nil})
			d, err := compileRules(t, rs).Populate(in, opencti.TypeCallState, opencti.Offering)
			if got := d.String("ani"); err != nil || got != tc.want {
				t.Errorf("got %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	s := compileRules(t, tree())
	for name, tc := range map[string]struct {
		event  opencti.EventName
		fields map[string]any
		want   bool
		fails  string
	}{
		"silent":        {opencti.Delivered, map[string]any{"silent": true}, true, ""},
		"not silent":    {opencti.Delivered, map[string]any{"silent": false}, false, ""},
		"field absent":  {opencti.Delivered, map[string]any{}, false, ""},
		"another event": {opencti.Offering, map[string]any{"silent": true}, false, ""},
		"no truth": {opencti.Delivered, map[string]any{"silent": "yes"}, false,
			"rules: filter[silent].when: fails: an operator or function is given a value of the wrong type"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := s.Drops(input("Delivered", tc.fields), tc.event); said(err) != tc.fails || got != tc.want {
				t.Errorf("Drops = %v, %v; want %v, %q", got, err, tc.want, tc.fails)
			}
		})
	}
}

// TestARuleCannotHang: what takes long ends, and the next event is well again.
func TestARuleCannotHang(t *testing.T) {
	long := strings.Repeat("ab", 1<<15)
	for name, tc := range map[string]struct {
		when       string
		evil, good any
	}{
		"loop in a loop": {"event.x.all(a, event.x.all(b, a == b))", make([]string, 2000), make([]string, 20)},
		"search":         {"event.x.matches('(a|b|ab|ba)*c(a|b)*d[a-f]{20,40}x') || true", long, "abc"},
		"growing text":   {"(event.x" + strings.Repeat(" + event.x", 200) + ") != ''", long, "abc"},
		"growing list":   {"(event.x" + strings.Repeat(" + event.x", 200) + ") != []", make([]string, 2000), make([]string, 2)},
		"replacing":      {"event.x.replace('a', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb').replace('b', 'cccccccccccccccccccccccccccccccccccccc') != ''", long, "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			s := compileRules(t, opencti.RuleSet{Filter: []opencti.Filter{{Name: "slow", When: tc.when}}})
			if _, err := s.Drops(input("X", map[string]any{"x": tc.evil}), opencti.Offering); said(err) != "rules: filter[slow].when: fails: it takes too many steps" {
				t.Errorf("got %v", err)
			}
			if got, err := s.Drops(input("X", map[string]any{"x": tc.good}), opencti.Offering); err != nil || !got {
				t.Errorf("a small value: %v, %v", got, err)
			}
		})
	}
}

// TestFailuresTellNoValues: what ends up in a log holds no number, whatever failed.
func TestFailuresTellNoValues(t *testing.T) {
	const number = "x4930123456"
	for _, expression := range []string{
		"int(event.n) > 5", "event.n > 5", "1 / size(event.empty) > 1", "1 % size(event.empty) > 1", "timestamp(event.n).getSeconds() > 1",
		"duration(event.n) > duration('1s')", "event.n.charAt(400) == 'a'", "event.n.substring(90) == 'a'", "event.n",
		"'a'.matches(event.n + '[')", "int(event.n + '9') == 1",
	} {
		s := compileRules(t, opencti.RuleSet{Filter: []opencti.Filter{{Name: "f", When: expression}}})
		_, err := s.Drops(input("X", map[string]any{"n": number, "empty": ""}), opencti.Offering)
		if err == nil {
			t.Errorf("%s does not fail", expression)
		} else if strings.Contains(err.Error(), number) || strings.Contains(err.Error(), "30123") {
			t.Errorf("%s: %v", expression, err)
		}
	}
}
