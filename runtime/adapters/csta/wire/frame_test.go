package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/costtest"
)

func TestReadFrame(t *testing.T) {
	for _, tc := range []struct {
		name   string
		stream string
		wantID int
		want   string
	}{
		{"request", "\x00\x00\x00\x0c0001<a/>", 1, "<a/>"},
		{"event", "\x00\x00\x00\x0c9999<a/>", 9999, "<a/>"},
		{"unsolicited request of some switches", "\x00\x00\x00\x0c0000<a/>", 0, "<a/>"},
		{"empty body", "\x00\x00\x00\x080042", 42, ""},
		{"largest", "\x00\x00\xff\xff9998" + strings.Repeat(" ", MaxBody), 9998, strings.Repeat(" ", MaxBody)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id, body, err := NewReader(strings.NewReader(tc.stream)).ReadFrame()
			if err != nil || id != tc.wantID || string(body) != tc.want {
				t.Errorf("ReadFrame() = %d, %d bytes, %v; want %d, %d bytes", id, len(body), err, tc.wantID, len(tc.want))
			}
		})
	}
}

// badStreams holds a stream for each kind of frame that is refused; the fuzzer starts from
// them.
var badStreams = []struct {
	name   string
	stream string
	want   error
}{
	{"end between frames", "", io.EOF},
	{"cut in the header", "\x00\x00\x00", ErrCutShort},
	{"cut before the body", "\x00\x00\x00\x0c0001", ErrCutShort},
	{"cut in the body", "\x00\x00\x00\x0c0001<a", ErrCutShort},
	{"cut in the second frame", "\x00\x00\x00\x0c0001<a/>\x00\x00\x00\x0c0002<a", ErrCutShort},
	{"largest length and nothing behind it", "\x00\x00\xff\xff0001", ErrCutShort},
	{"TLS instead of a frame", "\x16\x03\x01\x02\x00\x01", ErrCutShort},
	{"TLS instead of a frame, longer", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", ErrFormat},
	{"SOAP instead of a frame", "POST / HTTP/1.1\r\n\r\n", ErrFormat},
	{"second byte", "\x00\x01\x00\x0c0001<a/>", ErrFormat},
	{"shorter than its header", "\x00\x00\x00\x070001<a/>", ErrLength},
	{"length zero", "\x00\x00\x00\x000001<a/>", ErrLength},
	{"length one", "\x00\x00\x00\x010001<a/>", ErrLength},
	{"invoke id of NULs", "\x00\x00\x00\x0c\x00\x00\x00\x01<a/>", ErrInvokeID},
	{"length that is one too short", "\x00\x00\x00\x0b0001<a/>\x00\x00\x00\x0c0002<b/>", ErrFormat},
	{"length that is one too long", "\x00\x00\x00\x0d0001<a/>\x00\x00\x00\x0c0002<b/>", ErrInvokeID},
	{"invoke id of letters", "\x00\x00\x00\x0c00x1<a/>", ErrInvokeID},
	{"negative invoke id", "\x00\x00\x00\x0c-001<a/>", ErrInvokeID},
}

func TestReadFrameRefuses(t *testing.T) {
	for _, tc := range badStreams {
		t.Run(tc.name, func(t *testing.T) {
			if err := readAll([]byte(tc.stream)); !errors.Is(err, tc.want) {
				t.Errorf("ReadFrame() error = %v, want %v", err, tc.want)
			}
		})
	}
}

// readAll reads frames until one is refused.
func readAll(stream []byte) error {
	r := NewReader(bytes.NewReader(stream))
	for {
		if _, _, err := r.ReadFrame(); err != nil {
			return err
		}
	}
}

func TestReadFrameCostsWhatTheStreamIsLong(t *testing.T) {
	for name, frame := range map[string]string{"empty frames": "\x00\x00\x00\x080001", "large claims": "\x00\x00\xff\xff0001"} {
		t.Run(name, func(t *testing.T) {
			costtest.Linear(t, func(size int) []byte { return bytes.Repeat([]byte(frame), size/len(frame)) },
				func(stream []byte) { _ = readAll(stream) })
		})
	}
}

func TestReadFramePassesOnTheStreamsError(t *testing.T) {
	broken := errors.New("reset by peer")
	for _, sent := range []string{"", "\x00\x00\x00", "\x00\x00\x00\x0c0001<a"} {
		r := NewReader(io.MultiReader(strings.NewReader(sent), failing{broken}))
		if _, _, err := r.ReadFrame(); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: error = %v, want %v", len(sent), err, broken)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWriteFrame(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for id, body := range []string{"<first/>", "<second/>"} {
		if err := w.WriteFrame(id+1, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := b.String(), "\x00\x00\x00\x100001<first/>\x00\x00\x00\x110002<second/>"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestWriteFrameRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		id   int
		size int
		want error
	}{
		{"one byte too many", 1, MaxBody + 1, ErrTooLarge},
		{"five digits", 10000, 1, ErrInvokeID},
		{"negative", -1, 1, ErrInvokeID},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b bytes.Buffer
			err := NewWriter(&b).WriteFrame(tc.id, make([]byte, tc.size))
			if !errors.Is(err, tc.want) || b.Len() != 0 {
				t.Errorf("WriteFrame() = %v after %d bytes, want %v after none", err, b.Len(), tc.want)
			}
		})
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x0c0001<a/>\x00\x00\x00\x089999"))
	for _, tc := range badStreams {
		f.Add([]byte(tc.stream))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		costtest.Bounded(t, stream, func(b []byte) { _ = readAll(b) })
		r := NewReader(bytes.NewReader(stream))
		var again bytes.Buffer
		w := NewWriter(&again)
		for {
			id, body, err := r.ReadFrame()
			if err != nil {
				break
			}
			if len(body) > MaxBody || id < 0 || id > EventInvokeID {
				t.Fatalf("out of bounds: invoke id %d, %d bytes", id, len(body))
			}
			if err := w.WriteFrame(id, body); err != nil {
				t.Fatalf("a frame that was read cannot be written: %v", err)
			}
		}
		if !bytes.HasPrefix(stream, again.Bytes()) {
			t.Fatal("frames written again differ from those read")
		}
	})
}
