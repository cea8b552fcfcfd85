package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// recordingDrivers finds drivers whose raw events are written to a file as well, for
// "runtime rules test"; an empty name records nothing. The file holds numbers and call
// data: nobody else may read it.
func recordingDrivers(file string) (find func(string) (opencti.Driver, bool), done func() error, err error) {
	if file == "" {
		return adapters.Find, func() error { return nil }, nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--record-events: %w", err)
	}
	to := &recorder{json: json.NewEncoder(f)}
	to.json.SetEscapeHTML(false)
	return func(name string) (opencti.Driver, bool) {
		d, ok := adapters.Find(name)
		return recordingDriver{d, to}, ok
	}, f.Close, nil
}

// recorder writes a line for each event. For a moment there may be two connections.
type recorder struct {
	mu   sync.Mutex
	json *json.Encoder
}

// write drops what cannot be written: a full disk must not stop a call.
func (r *recorder) write(raw opencti.RawEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.json.Encode(recorded{Name: raw.Name, DN: raw.DN, AgentID: raw.AgentID, Fields: raw.Fields})
}

type recordingDriver struct {
	opencti.Driver
	to *recorder
}

// Connect implements opencti.Driver.
func (d recordingDriver) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	env.Sink = recordingSink{env.Sink, d.to}
	return d.Driver.Connect(ctx, env)
}

type recordingSink struct {
	opencti.Sink
	to *recorder
}

// HandleRaw implements opencti.Sink.
func (s recordingSink) HandleRaw(raw opencti.RawEvent) {
	s.to.write(raw)
	s.Sink.HandleRaw(raw)
}
