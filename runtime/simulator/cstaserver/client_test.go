package cstaserver

import (
	"context"
	"net"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// exchange is a switch with its server, at an address.
type exchange struct {
	*Server
	model   *switchmodel.Switch
	address string
}

func startExchange(t *testing.T, change func(*Config, *switchmodel.Config)) *exchange {
	t.Helper()
	cfg, modelConfig := DefaultConfig(), switchmodel.DefaultConfig()
	if change != nil {
		change(&cfg, &modelConfig)
	}
	model, err := switchmodel.New(modelConfig)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{Server: New(cfg, model, logr.Discard()), model: model, address: listener.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go model.Run(ctx)
	go func() { served <- x.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return x
}

// client is an application.
type client struct{ *cstatest.Client }

func dial(t *testing.T, x *exchange) *client  { return &client{cstatest.Dial(t, x.address)} }
func login(t *testing.T, x *exchange) *client { return &client{cstatest.Login(t, x.address)} }

var startSession, agentRequest, eventually = cstatest.StartSession, cstatest.AgentRequest, cstatest.Eventually

func answerAs[T wire.Message](c *client, request wire.Message) T {
	c.T.Helper()
	return cstatest.AnswerAs[T](c.Client, request)
}

func eventAs[T wire.Message](c *client) T {
	c.T.Helper()
	return cstatest.EventAs[T](c.Client)
}

func findEvent[T wire.Message](c *client) T {
	c.T.Helper()
	return cstatest.FindEvent[T](c.Client)
}

// refused sends a request that must be refused.
func (c *client) refused(request wire.Message, category, value string) {
	c.T.Helper()
	gotCategory, gotValue := answerAs[*wire.CSTAErrorCode](c, request).Value()
	if diff := cmp.Diff([]string{category, value}, []string{gotCategory, gotValue}); diff != "" {
		c.T.Errorf("%s (-want +got):\n%s", wire.Name(request), diff)
	}
}
