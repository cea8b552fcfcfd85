//go:build asterisk

package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/hack/asterisk/control"
	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx/pbxtest"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/walk"
)

// queue is the one that agents log in to.
const queue = "8001"

// open starts Asterisk, its telephones and a pod.
func open(t *testing.T, agents int, changes ...string) (*world.World, desktop.Link) {
	t.Helper()
	w, err := world.New(t.Context(), world.Options{Tree: pbxtest.Tree(t), Agents: agents, Verbose: pbxtest.Verbosity()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	config := w.Config()
	for i := 0; i < len(changes); i += 2 {
		config[changes[i]] = changes[i+1]
	}
	return w, linkOf(t, start(t, "pod", config, agents))
}

func newControl(t *testing.T, w *world.World) desktop.Switch {
	t.Helper()
	s := httptest.NewServer(control.Handler(w, queue))
	t.Cleanup(s.Close)
	return desktop.Switch{URL: s.URL, HTTP: &http.Client{Timeout: 20 * time.Second}}
}

// Agents' whole days, as against ctisim.
func TestWalks(t *testing.T) {
	w, link := open(t, 2, "wrapUpTime", "2s")
	at := newControl(t, w)
	walker := func(i int) *walk.Walk {
		return &walk.Walk{Agent: walk.Agent{ID: agentID(i), DN: number(i), Password: "unused", Queue: queue}, Link: link, Switch: at, Say: t.Logf}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := walker(0).Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := (&walk.Team{Alice: walker(0), Bob: walker(1)}).Run(ctx); err != nil {
		t.Fatal(err)
	}
}
