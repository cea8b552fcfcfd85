package csta

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// The switch of these tests is the codec at the other end of a pipe, in a time of its own.
type clockwork struct {
	started time.Time
	resets  chan time.Duration // since the start
	resetBy wire.Message       // nil: silence

	duration int                    // of the session, in seconds; 0: 60
	slow     func(net.Conn, []byte) // writes what follows the first answer, if set
}

func (s *clockwork) serve(socket net.Conn) {
	frames, out := wire.NewReader(bufio.NewReader(socket)), wire.NewWriter(socket)
	for {
		id, body, err := frames.ReadFrame()
		if err != nil {
			return
		}
		m, err := wire.Unmarshal(body)
		if err != nil {
			return
		}
		var answer wire.Message
		switch m.(type) {
		case *wire.StartApplicationSession:
			answer = &wire.StartApplicationSessionPosResponse{SessionID: "S1", Duration: cmp.Or(s.duration, 60)}
		case *wire.StopApplicationSession:
			answer = &wire.StopApplicationSessionPosResponse{}
		case *wire.ResetApplicationSessionTimer:
			s.resets <- time.Since(s.started)
			answer = s.resetBy
			if s.slow != nil {
				s.slow(socket, frame(id, `<ResetApplicationSessionTimerPosResponse/>`))
			}
		}
		if answer == nil {
			continue
		}
		if body, err = wire.Marshal(answer, ""); err != nil || out.WriteFrame(id, body) != nil {
			return
		}
	}
}

// connectTo opens a session over a pipe.
func connectTo(t *testing.T, s *clockwork) *connection {
	t.Helper()
	ours, theirs := net.Pipe()
	s.started, s.resets = time.Now(), make(chan time.Duration, 16)
	go s.serve(theirs)
	var config Config
	if err := opencti.DecodeConfig(map[string]string{"address": "switch:1"}, &config); err != nil {
		t.Fatal(err)
	}
	c := newConnection(ours, config, opencti.Environment{})
	if err := c.startSession(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSignsOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &clockwork{resetBy: &wire.ResetApplicationSessionTimerPosResponse{Duration: 20}}
		c := connectTo(t, s)
		for _, want := range []time.Duration{30 * time.Second, 40 * time.Second, 50 * time.Second} {
			if got := <-s.resets; got != want {
				t.Errorf("a sign of life after %v, want %v", got, want)
			}
		}
		if err := c.Close(context.Background()); err != nil || c.Err() != nil {
			t.Errorf("Close() = %v, Err() = %v; want nil", err, c.Err())
		}
	})
}

func TestNoSignOfLifeFromTheSwitch(t *testing.T) {
	for name, answer := range map[string]wire.Message{
		"silence":         nil,
		"session unknown": &wire.ResetApplicationSessionTimerNegResponse{ErrorCode: wire.SessionError{Defined: wire.SessionInvalidID}},
		"nonsense":        &wire.HoldCallResponse{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := connectTo(t, &clockwork{resetBy: answer})
				<-c.Done()
				var e *opencti.Error
				if !errors.As(c.Err(), &e) || e.Code != opencti.LinkDown {
					t.Errorf("Err() = %v, want LinkDown", c.Err())
				}
				if err := c.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A peer that does not read must not hold up those who send.
func TestSwitchThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConnection(ours, Config{ResponseTimeout: 5 * time.Second, OutstandingRequests: 2}, opencti.Environment{})
		err := c.startSession(t.Context())
		var e *opencti.Error
		if !errors.As(err, &e) || e.Code != opencti.LinkDown && e.Code != opencti.Timeout {
			t.Errorf("startSession() = %v, want LinkDown or Timeout", err)
		}
		c.fail(nil)
		c.running.Wait()
		_ = theirs.Close()
	})
}
