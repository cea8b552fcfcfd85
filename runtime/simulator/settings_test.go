package simulator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

func file(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ctisim.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	got, err := Load(file(t, `
extensions: [20000-21999]
agents: [40000-41999]
queues:
- {id: "5000", name: support}
- {id: "5001", name: sales, agents: [40000-40009]}
application: {user: pega, password: geheim}
wrapUpTime: 0s
callsPerMinute: 90.5
survivingLinkage: consult
conferenceParties: 3
`))
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultSettings()
	want.Extensions = []switchmodel.Range{{First: "20000", Last: "21999"}}
	want.Agents = []switchmodel.Range{{First: "40000", Last: "41999"}}
	want.Queues = []Queue{{ID: "5000", Name: "support"}, {ID: "5001", Name: "sales", Agents: []switchmodel.Range{{First: "40000", Last: "40009"}}}}
	want.Application = Application{User: "pega", Password: "geheim"}
	want.WrapUpTime = 0
	want.CallsPerMinute = 90.5
	want.SurvivingLinkage, want.ConferenceParties = switchmodel.ConsultLinkage, 3
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if m := got.model(); m.SurvivingLinkage != want.SurvivingLinkage || m.ConferenceParties != want.ConferenceParties {
		t.Errorf("the switch has %q and %d", m.SurvivingLinkage, m.ConferenceParties)
	}
	if agents := got.model().Queues[0].Agents; !cmp.Equal(agents, want.Agents) {
		t.Errorf("a queue without agents of its own is served by %v", agents)
	}
}

func TestBadSettingsNameTheField(t *testing.T) {
	tests := map[string]struct{ tc, want string }{
		"misspelt":                {"ringtime: 3s", `unknown field "ringtime"`},
		"twice":                   {"seed: 1\nseed: 2", "seed"},
		"no duration":             {"ringTime: soon", "invalid duration"},
		"no range":                {"agents: [x]", "want digits"},
		"no password":             {"agentPassword: ''", "agentPassword: is missing"},
		"no user":                 {"application: {user: ''}", "application: "},
		"neither side":            {"survivingLinkage: both", "survivingLinkage: "},
		"no conference":           {"conferenceParties: 2", "conferenceParties: "},
		"no ring time":            {"ringTime: 0s", "ringTime: "},
		"answers before it rings": {"agentAnswerDelay: -1s", "agentAnswerDelay: "},
		"no number":               {"doNotDisturbTo: somebody", "doNotDisturbTo: "},
		"impatient":               {"callsPerMinute: 1\npatience: 0s", "patience: "},
		"queue no queue":          {"queues: [{id: '5000'}]", "queues[0].name: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := Load(file(t, test.tc))
			if err == nil {
				err = s.Validate()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestDurationsAreWrittenAsTheyAreRead(t *testing.T) {
	text, err := Duration(90 * time.Second).MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got Duration
	if err := got.UnmarshalText(text); err != nil || got != Duration(90*time.Second) {
		t.Errorf("%s is read as %v, %v", text, got, err)
	}
}
