package control

import (
	"net/http"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

func TestBehavioursAreListed(t *testing.T) {
	p := open(t)
	var got struct{ Behaviours []behaviour.Status }
	p.ask("GET", "/v1/behaviours", "", http.StatusOK, &got)
	if len(got.Behaviours) != len(behaviour.Table()) {
		t.Fatalf("%d behaviours, want %d", len(got.Behaviours), len(behaviour.Table()))
	}
	for _, b := range got.Behaviours {
		if b.Name == "" || b.What == "" || b.Number < 1 || b.Number > 20 || b.Active {
			t.Errorf("%+v", b)
		}
	}
}

func TestABehaviourIsBegunAndEnded(t *testing.T) {
	p := open(t)
	var begun behaviour.Begun
	p.ask("POST", "/v1/behaviours/eventsDoubled", `{"count":3}`, http.StatusOK, &begun)
	if begun.Name != "eventsDoubled" || !begun.Active || *begun.Left != 3 || begun.EndsAt == nil {
		t.Errorf("begun: %+v", begun)
	}
	p.ask("POST", "/v1/behaviours/latin1", ``, http.StatusOK, nil)
	p.wantActive("latin1", "eventsDoubled")
	p.ask("DELETE", "/v1/behaviours/eventsDoubled", "", http.StatusNoContent, nil)
	p.wantActive("latin1")
	p.ask("DELETE", "/v1/behaviours", "", http.StatusNoContent, nil)
	p.wantActive()
	p.ask("DELETE", "/v1/behaviours/rage", "", http.StatusNotFound, nil)
}

// wantActive looks which faults are going on.
func (p *port) wantActive(want ...string) {
	p.t.Helper()
	var got struct{ Behaviours []behaviour.Status }
	p.ask("GET", "/v1/behaviours", "", http.StatusOK, &got)
	active := map[string]bool{}
	for _, b := range got.Behaviours {
		if b.Active {
			active[b.Name] = true
		}
	}
	for _, name := range want {
		if !active[name] {
			p.t.Errorf("%s is not going on", name)
		}
	}
	if len(active) != len(want) {
		p.t.Errorf("%v are going on, want %v", active, want)
	}
}

func TestAScenarioShowsWhatItMade(t *testing.T) {
	p := open(t)
	var got struct {
		Result switchmodel.Agent
	}
	p.ask("POST", "/v1/behaviours/hotDesk", `{"agent":"4001","dn":"1002"}`, http.StatusOK, &got)
	if got.Result.ID != "4001" || got.Result.Device != "1002" {
		t.Errorf("result: %+v", got.Result)
	}
}

func TestQueuesShowWhoWaitsAndWhoServes(t *testing.T) {
	p := open(t)
	p.ask("POST", "/v1/phones/1001/logon", `{"agent":"4001"}`, http.StatusOK, nil)
	p.ask("POST", "/v1/calls", `{"from":"+4930123","queue":"support","withheld":true}`, http.StatusCreated, nil)
	var got struct{ Queues []switchmodel.Queue }
	p.ask("GET", "/v1/queues", "", http.StatusOK, &got)
	q := got.Queues[0]
	if q.Waiting != 1 || q.Calls[0].Call != "1" || q.Calls[0].From != "T1#1" || q.ByState["notReady"] != 1 || q.Agents[0].ID != "4001" {
		t.Errorf("queue: %+v", q)
	}
}
