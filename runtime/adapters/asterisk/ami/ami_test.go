package ami_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
)

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     ami.Message
		err      error // of the read after the last message
	}{
		{"event", "Event: Hangup\r\nCause: 16\r\nCause-txt: Normal Clearing\r\n\r\n",
			ami.Message{{Key: "Event", Value: "Hangup"}, {Key: "Cause", Value: "16"}, {Key: "Cause-txt", Value: "Normal Clearing"}}, io.EOF},
		{"empty values and colons", "Event: X\r\nPausedReason: \r\nNone:\r\nEventTV: 17:19:07\r\n\r\n",
			ami.Message{{Key: "Event", Value: "X"}, {Key: "PausedReason"}, {Key: "None"}, {Key: "EventTV", Value: "17:19:07"}}, io.EOF},
		{"bare line feeds, doubled end", "\n\r\nEvent: X\n\n\n", ami.Message{{Key: "Event", Value: "X"}}, io.EOF},
		{"lines that are no headers", "hello\r\n: value\r\nEvent: X\r\n\r\n", ami.Message{{Key: "Event", Value: "X"}}, io.EOF},
		{"Latin-1", "CallerIDName: M\xfcller\r\n\r\n", ami.Message{{Key: "CallerIDName", Value: "Müller"}}, io.EOF},
		{"UTF-8", "CallerIDName: Müller\r\n\r\n", ami.Message{{Key: "CallerIDName", Value: "Müller"}}, io.EOF},
		{"cut in a line", "Event: Hang", nil, io.ErrUnexpectedEOF},
		{"cut between lines", "Event: Hangup\r\n", nil, io.ErrUnexpectedEOF},
		{"endless line", "Event: " + strings.Repeat("x", 1<<17), nil, ami.ErrTooLarge},
		{"endless message", strings.Repeat("Key: "+strings.Repeat("x", 1<<10)+"\r\n", 1<<9), nil, ami.ErrTooLarge},
		{"endless headers", strings.Repeat("K:\r\n", 1<<13), nil, ami.ErrTooLarge},
		{"nothing", "", nil, io.EOF},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := ami.NewReader(strings.NewReader(tc.in))
			if tc.want != nil {
				got, err := r.Read()
				if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
					t.Fatalf("%v (-want +got):\n%s", err, diff)
				}
			}
			if _, err := r.Read(); !errors.Is(err, tc.err) {
				t.Errorf("then %v, want %v", err, tc.err)
			}
		})
	}
}

func TestGreeting(t *testing.T) {
	if v, err := ami.NewReader(strings.NewReader("Asterisk Call Manager/11.0.0\r\nEvent: X\r\n\r\n")).Greeting(); v != "11.0.0" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	for _, foreign := range []string{"HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH\r\n", "\r\n", "", strings.Repeat("x", 1<<17)} {
		if v, err := ami.NewReader(strings.NewReader(foreign)).Greeting(); err == nil {
			t.Errorf("%.20q is greeted as %q", foreign, v)
		}
	}
}

func TestMessage(t *testing.T) {
	m := ami.Message{{Key: "Event", Value: "DialBegin"}, {Key: "UniqueID", Value: "1"}, {Key: "ChanVariable", Value: "A=1=2"},
		{Key: "ChanVariable", Value: "B="}, {Key: "DestChanVariable", Value: "A=3"}, {Key: "ChanVariable", Value: "PJSIP/1(C)"},
		{Key: "ChanVariable(PJSIP/1-1)", Value: "D=4"}, {Key: "ChanVariable", Value: "(PJSIP/1-1)E=5"}}
	if got := m.Get("Uniqueid"); got != "1" || m.Event() != "DialBegin" || m.Get("Absent") != "" {
		t.Errorf("Uniqueid is %q of %s", got, m.Event())
	}
	if diff := cmp.Diff(map[string]string{"A": "1=2", "B": "", "E": "5"}, m.Variables("")); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"A": "3"}, m.Variables("Dest")); diff != "" {
		t.Errorf("variables of the other channel (-want +got):\n%s", diff)
	}
	if got := m.All("chanvariable"); len(got) != 4 {
		t.Errorf("%d lines, want 4", len(got))
	}
}

func TestMarshal(t *testing.T) {
	got, err := ami.Marshal("Setvar", "7", ami.Header{Key: "Variable", Value: "__CASE"}, ami.Header{Key: "Value", Value: "a: b, \"c\" ü"},
		ami.Header{Key: "Channel"})
	if want := "Action: Setvar\r\nActionID: 7\r\nVariable: __CASE\r\nValue: a: b, \"c\" ü\r\n\r\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, tc := range []struct {
		name string
		h    ami.Header
		want string
	}{
		{"another action", ami.Header{Key: "Value", Value: "x\r\n\r\nAction: Originate"}, "Value holds a line break"},
		{"line feed", ami.Header{Key: "Value", Value: "x\ny"}, "Value holds a line break"},
		{"NUL", ami.Header{Key: "Value", Value: "x\x00"}, "control character"},
		{"key", ami.Header{Key: "A\r\nB", Value: "x"}, "line break"},
		{"long", ami.Header{Key: "Value", Value: strings.Repeat("x", 1020)}, "Value is too long"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if b, err := ami.Marshal("Setvar", "7", tc.h); err == nil || !strings.Contains(err.Error(), tc.want) || b != nil {
				t.Errorf("%q, %v, want %q", b, err, tc.want)
			}
		})
	}
	if _, err := ami.Marshal("X", "1", make([]ami.Header, 200)...); err == nil {
		t.Error("200 headers were written")
	}
	if got, want := ami.Assignment("A", `x,y="\`), `A=x\,y=\"\\`; got != want {
		t.Errorf("assignment %q, want %q", got, want)
	}
}

// What we write is read as it was meant, whatever it is.
func FuzzMarshal(f *testing.F) {
	f.Add("Setvar", "__CASE", "a: b")
	f.Add("Redirect", "x\r\n\r\nAction: Logoff", "y")
	f.Fuzz(func(t *testing.T, action, key, value string) {
		if strings.TrimSpace(action) != action || action == "" || key == "" || strings.ContainsAny(key, ": ") {
			return
		}
		b, err := ami.Marshal(action, "1", ami.Header{Key: key, Value: value})
		if err != nil {
			return
		}
		r := ami.NewReader(strings.NewReader(string(b)))
		m, err := r.Read()
		if err != nil {
			t.Fatalf("%q is not read: %v", b, err)
		}
		if want := 2; value != "" && len(m) != want+1 || value == "" && len(m) != want {
			t.Errorf("%q is read as %q", b, m)
		}
		if m, err := r.Read(); !errors.Is(err, io.EOF) {
			t.Errorf("another message follows: %q, %v", m, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	recorded, err := filepath.Glob("../testdata/recorded/*.txt")
	if err != nil || len(recorded) == 0 {
		f.Fatalf("no recorded sessions: %v", err)
	}
	for _, path := range recorded {
		f.Add(received(f, path))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := ami.NewReader(strings.NewReader(string(in)))
		for {
			m, err := r.Read()
			if err != nil {
				return
			}
			if len(m) == 0 {
				t.Fatal("a message without headers")
			}
			for _, h := range m {
				if strings.ContainsAny(h.Key+h.Value, "\n") || h.Key == "" {
					t.Fatalf("header %q", h)
				}
			}
			_ = m.Variables("Dest")
		}
	})
}

// received is what Asterisk sent in a recorded session.
func received(t testing.TB, path string) []byte {
	t.Helper()
	session, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.SplitSeq(string(session), "\n") {
		if rest, ok := strings.CutPrefix(line, "< "); ok {
			out.WriteString(rest + "\r\n")
		} else if line == "" {
			out.WriteString("\r\n")
		}
	}
	return []byte(out.String())
}
