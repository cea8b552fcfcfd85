package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
)

// An agent who was left logged in at one telephone logs in at another, in one request; the
// colleague who then sits at the first one does, too.
func TestTakeOverWithALogin(t *testing.T) {
	f := newFloor(t, func(f *floor) { f.dn = "" })
	open := func(agent, dn, more string, status int) (o server.Opened) {
		f.do("POST", "/v1/sessions", fmt.Sprintf(`{"agentId":%q,"dn":%q,"login":{"password":%q}%s}`, agent, dn, f.settings.AgentPassword, more), status, &o)
		return o
	}
	open("4001", "1001", "", http.StatusCreated)
	f.listen("4001")
	open("4001", "1002", "", http.StatusConflict)
	open("4001", "1002", `,"takeOver":true`, http.StatusCreated)
	f.until(opencti.LoggedOut)
	if said, err := io.ReadAll(f.events); err != nil || !strings.Contains(string(said), `"code":"SessionTakenOver"`) {
		t.Errorf("%v, the old desk's stream ends with %s", err, said)
	}
	open("4002", "1002", `,"takeOver":true`, http.StatusCreated)
	if in := f.sim.Switch.Agents(); len(in) != 1 || in[0].ID != "4002" || in[0].Device != "1002" {
		t.Errorf("the switch has %+v, want agent 4002 alone, at 1002", in)
	}
}
