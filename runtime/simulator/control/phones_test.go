package control

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// at does something at a telephone and shows its calls: id, its own state, and
// how many parties there are.
func (p *port) at(dn, action, body string) []string {
	p.t.Helper()
	var phone switchmodel.Phone
	p.ask("POST", "/v1/phones/"+dn+"/"+action, body, http.StatusOK, &phone)
	return states(phone)
}

func states(phone switchmodel.Phone) []string {
	calls := []string{}
	for _, c := range phone.Calls {
		calls = append(calls, fmt.Sprintf("%s %s of %d", c.ID, c.StateAt(phone.Device), len(c.Connections)))
	}
	return calls
}

func TestWhatPeopleDo(t *testing.T) {
	type steps []struct {
		dn, action, body string
		want             []string
	}
	tests := map[string]steps{
		"answer, hold, retrieve, digits, hang up": {
			{"1001", "answer", "", []string{"1 connected of 2"}},
			{"1001", "hold", "{}", []string{"1 hold of 2"}},
			{"1001", "retrieve", `{"callId":"1"}`, []string{"1 connected of 2"}},
			{"1001", "digits", `{"digits":"12#"}`, []string{"1 connected of 2"}},
			{"1001", "hangup", "", []string{}},
		},
		"off-hook, dial, hang up": {
			{"1001", "hangup", `{"callId":"1"}`, []string{}},
			{"1001", "offhook", "", []string{"2 initiated of 1"}},
			{"1001", "dial", `{"to":"1002"}`, []string{"2 connected of 2"}},
			{"1001", "hangup", "", []string{}},
		},
		"consult and transfer": {
			{"1001", "answer", "", []string{"1 connected of 2"}},
			{"1001", "consult", `{"to":"1002"}`, []string{"1 hold of 2", "2 connected of 2"}},
			{"1002", "answer", "", []string{"2 connected of 2"}},
			{"1001", "alternate", "", []string{"1 connected of 2", "2 hold of 2"}},
			{"1001", "transfer", "", []string{}},
		},
		"consult, back, consult, conference": {
			{"1001", "answer", "", []string{"1 connected of 2"}},
			{"1001", "consult", `{"to":"1002"}`, []string{"1 hold of 2", "2 connected of 2"}},
			{"1001", "reconnect", "", []string{"1 connected of 2"}},
			{"1001", "consult", `{"to":"1003"}`, []string{"1 hold of 2", "3 connected of 2"}},
			{"1001", "conference", "", []string{"4 connected of 3"}},
		},
		"give away, ringing and answered": {
			{"1001", "giveaway", `{"to":"1002"}`, []string{}},
			{"1002", "answer", "", []string{"1 connected of 2"}},
			{"1002", "giveaway", `{"to":"5000"}`, []string{}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			p.ask("POST", "/v1/calls", `{"from":"+4930123","to":"1001"}`, http.StatusCreated, nil)
			for _, step := range tc {
				if diff := cmp.Diff(step.want, p.at(step.dn, step.action, step.body)); diff != "" {
					t.Fatalf("%s at %s (-want +got):\n%s", step.action, step.dn, diff)
				}
			}
		})
	}
}

func TestFeaturesAtTheTelephone(t *testing.T) {
	p := open(t)
	p.at("1001", "mute", `{"on":true}`)
	p.at("1001", "dnd", `{"on":true}`)
	var phone switchmodel.Phone
	p.ask("GET", "/v1/phones/1001", "", http.StatusOK, &phone)
	if !phone.Muted || !phone.DoNotDisturb {
		t.Errorf("phone: %+v", phone)
	}
	p.at("1001", "dnd", `{"on":false}`)
	p.ask("GET", "/v1/phones/1001", "", http.StatusOK, &phone)
	if !phone.Muted || phone.DoNotDisturb {
		t.Errorf("phone: %+v", phone)
	}
	var bad problem
	p.ask("GET", "/v1/phones/1999", "", http.StatusNotFound, &bad)
	if bad.Field != "dn" {
		t.Errorf("no such telephone: %+v", bad)
	}
}

func TestBadPhoneRequestsNameTheField(t *testing.T) {
	tests := map[string]struct {
		path, tc string
		status   int
		want     string
	}{
		"no such action":       {"1001/juggle", "", 404, "action"},
		"no such telephone":    {"1999/hold", "", 404, "dn"},
		"an agent is no phone": {"4001/hold", "", 404, "dn"},
		"misspelt":             {"1001/dial", `{"too":"1002"}`, 400, "too"},
		"no JSON":              {"1001/dial", `to=1002`, 400, ""},
		"yes for true":         {"1001/mute", `{"on":"yes"}`, 400, "on"},
		"nobody to dial":       {"1001/dial", "", 422, "to"},
		"nobody to consult":    {"1001/consult", `{"to":""}`, 422, "to"},
		"neither on nor off":   {"1001/dnd", "{}", 422, "on"},
		"no digits":            {"1001/digits", "{}", 422, "digits"},
		"digits to answer":     {"1001/answer", `{"digits":"1"}`, 422, "digits"},
		"which call to hold":   {"1001/hold", `{"callId":"1"}`, 422, "callId"},
		"dial oneself":         {"1003/dial", `{"to":"1003"}`, 422, "to"},
		"letters for digits":   {"1001/digits", `{"digits":"x"}`, 422, "digits"},
		"give away to nowhere": {"1001/giveaway", `{"to":"9999"}`, 422, "to"},
		"give away to busy":    {"1001/giveaway", `{"to":"1002"}`, 409, "to"},
		"nothing to answer":    {"1001/answer", "", 409, ""},
		"nothing to transfer":  {"1001/transfer", "", 409, ""},
		"dial while one talks": {"1001/dial", `{"to":"1002"}`, 409, ""},
	}
	p := open(t)
	p.ask("POST", "/v1/calls", `{"from":"+4930123","to":"1001"}`, http.StatusCreated, nil)
	p.at("1001", "answer", "")
	p.at("1002", "dnd", `{"on":true}`)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p.t = t
			var got problem
			p.ask("POST", "/v1/phones/"+test.path, test.tc, test.status, &got)
			if got.Field != test.want || got.Detail == "" || got.Status != test.status {
				t.Errorf("got %+v, want field %q", got, test.want)
			}
		})
	}
}
