package asterisk_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

var update = flag.Bool("update", false, "write the golden files")

// What desktops are told of the recorded sessions: through the mirror, the class's rules and
// sessions of both telephones, with the clock of the recording.
func TestRecordedSessions(t *testing.T) {
	paths, err := filepath.Glob("testdata/recorded/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recorded sessions: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			got := strings.Join(replay(t, path), "\n") + "\n"
			golden := filepath.Join("testdata/golden", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// desks are sessions of telephones, fed by a mirror.
type desks struct {
	t        *testing.T
	mirror   *mirror.Mirror
	sessions map[string]*session.Session
	seen     map[string]uint64
	lines    []string
	order    uint64
}

// There are two recorded Asterisks: an older one, and from 40 on that of hack/asterisk.
var (
	recorded = mirror.Naming{Endpoint: "PJSIP/{dn}", Member: "PJSIP/{dn}", Trunks: []string{"PJSIP/2*"},
		HoldContext: "agents", HoldExtension: "hold", Data: []string{"CTI_CASE", "CTI_CUSTOMER"}}
	recordedHere = mirror.Naming{Endpoint: "PJSIP/{dn}", Member: "PJSIP/{dn}", Trunks: []string{"PJSIP/trunk*"},
		HoldContext: "ctilink", HoldExtension: "hold", ConsultContext: "ctilink-consult", Data: []string{"CTI_CASE", "CTI_CUSTOMER"}}
)

func newDesks(t *testing.T, naming mirror.Naming, dns ...string) *desks {
	t.Helper()
	about := asterisk.Driver{}.Describe()
	compiled, err := rules.Compile(about.Rules)
	if err != nil {
		t.Fatal(err)
	}
	d := &desks{t: t, sessions: map[string]*session.Session{}, seen: map[string]uint64{}, mirror: mirror.New(naming)}
	for _, dn := range dns {
		s := session.New(session.Options{DN: dn, AgentID: "4" + dn, Rules: compiled, Class: session.Class{Supported: about.Activities()},
			MayAct: func() error { return nil }, Log: slog.New(slog.DiscardHandler)})
		s.BeginSync()
		s.EndSync(nil, opencti.DeviceSnapshot{})
		d.sessions[dn], d.seen[dn] = s, s.Events.Last().Sequence
		t.Cleanup(func() { s.Close() })
	}
	return d
}

// apply takes an event of Asterisk's, after what was due before it.
func (d *desks) apply(m ami.Message, at time.Time) {
	d.t.Helper()
	for due := d.mirror.Next(); !due.IsZero() && !due.After(at); due = d.mirror.Next() {
		d.hand(d.mirror.Tick(due), "time", due)
	}
	d.hand(d.mirror.Apply(m, at), m.Event(), at)
}

// hand gives changes to the sessions and writes down what they tell.
func (d *desks) hand(changes []mirror.Change, event string, at time.Time) {
	d.t.Helper()
	for _, c := range changes {
		s := d.sessions[c.DN]
		if s == nil {
			continue
		}
		d.order++
		s.HandleEvent(opencti.RawEvent{Name: c.Name, DN: c.DN, Fields: asterisk.FieldsOf(c, event), Order: d.order, Received: at})
		last := s.Events.Last().Sequence
		if last == d.seen[c.DN] {
			continue
		}
		entries, ok, err := s.Events.After(d.t.Context(), d.seen[c.DN])
		if err != nil || !ok {
			d.t.Fatalf("events of %s: %v, %v", c.DN, ok, err)
		}
		d.seen[c.DN] = last
		for _, e := range entries {
			ev := new(session.Event)
			if err := json.Unmarshal(e.JSON, ev); err != nil {
				d.t.Fatal(err)
			}
			if ev.Snapshot == nil {
				d.lines = append(d.lines, c.DN+" "+told(ev))
			}
		}
	}
}

// told writes an event in a line.
func told(e *session.Event) string {
	words := []string{string(e.Name)}
	word := func(name, value string) {
		if value != "" {
			words = append(words, name+"="+value)
		}
	}
	if e.Ended {
		words = append(words, "ended")
	}
	word("cause", e.Cause)
	word("role", string(e.Role))
	if a := e.Agent; a != nil {
		word("reason", a.ReasonCode)
		word("pending", string(a.PendingState))
		word("pendingReason", a.PendingReasonCode)
		for _, q := range a.Queues {
			word(q.Name, string(q.State))
		}
	}
	if c := e.Call; c != nil {
		if e.Name == opencti.Conferenced {
			word("state", string(c.State)) // Held, where another made it
		}
		word("call", c.CallID)
		word("interaction", c.InteractionID)
		word("type", string(c.CallType))
		word("original", string(c.OriginalCallType))
		word("by", string(c.OfferedBy))
		word("ani", c.ANI)
		word("dnis", c.DNIS)
		word("queue", c.Queue)
		for _, p := range c.Parties {
			words = append(words, fmt.Sprintf("[%s %s %s]", p.DN, p.State, p.Role))
		}
		for _, name := range slices.Sorted(maps.Keys(c.Variables)) {
			word(name, c.Variables[name])
		}
	}
	return strings.Join(words, " ")
}

var switchName = regexp.MustCompile(`(?:ccswitch|centre)-\d+\.`)

// replay returns what the requests of the recording were, and what desktops were told.
func replay(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	naming := recorded
	if filepath.Base(path) >= "40" {
		naming = recordedHere
	}
	d := newDesks(t, naming, "1001", "1002")
	at := time.Unix(1795190000, 0)
	for block := range strings.SplitSeq(switchName.ReplaceAllString(string(text), "#"), "\n\n") {
		if asked, ok := strings.CutPrefix(block, "> Action: "); ok {
			d.note(asked)
			continue
		}
		m := message(block)
		if stamp, err := strconv.ParseFloat(m.Get("Timestamp"), 64); err == nil {
			at = time.UnixMicro(int64(stamp * 1e6))
		}
		if m.Event() != "" {
			d.apply(m, at)
		}
	}
	for due := d.mirror.Next(); !due.IsZero(); due = d.mirror.Next() {
		d.hand(d.mirror.Tick(due), "time", due)
	}
	return d.lines
}

// note writes a request of the recording down, if it does something.
func (d *desks) note(asked string) {
	lines := strings.Split(strings.Split(asked, "\n< ")[0], "\n> ")
	switch lines[0] {
	case "CoreShowChannels", "Getvar", "QueueStatus", "QueueSummary", "Login", "Ping", "Logoff":
		return
	}
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "ActionID: ") })
	d.lines = append(d.lines, "> "+strings.Join(lines, ", "))
}

func message(block string) ami.Message {
	var m ami.Message
	for line := range strings.SplitSeq(block, "\n") {
		if key, value, ok := strings.Cut(strings.TrimPrefix(line, "< "), ":"); ok {
			m = append(m, ami.Header{Key: key, Value: strings.TrimPrefix(value, " ")})
		}
	}
	return m
}
