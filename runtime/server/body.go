package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// bodyBound is the largest request body, in bytes.
const bodyBound = 64 << 10

// depthBound is the deepest nesting of a request body.
const depthBound = 16

// readBody reads the whole body, within bounds, and refuses what is not one JSON
// value without duplicate keys, see checkBody. It puts the body back for whoever comes next.
func readBody(w http.ResponseWriter, r *http.Request) *Problem {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBound))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return withStatus(http.StatusRequestEntityTooLarge, opencti.InvalidRequest, fmt.Sprintf("the body is larger than %d bytes", bodyBound))
	}
	if err != nil {
		return withStatus(http.StatusBadRequest, opencti.InvalidRequest, "the body did not arrive whole")
	}
	if p := checkBody(r, b); p != nil {
		return p
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	r.ContentLength = int64(len(b))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	return nil
}

// checkBody refuses what is not the JSON that all requests have. Posted events may be XML,
// and Portrait's requests are, which is checked where it is read.
func checkBody(r *http.Request, b []byte) *Problem {
	if r.URL.Path == ingestPath {
		kind := r.Header.Get("Content-Type")
		if isXML(kind) {
			return nil
		}
		if !isJSON(kind) {
			return withStatus(http.StatusUnsupportedMediaType, opencti.InvalidRequest, "send Content-Type: application/json or application/xml")
		}
	}
	if len(bytes.TrimSpace(b)) == 0 || isPortrait(r.URL.Path) {
		return nil
	}
	if err := checkJSON(b); err != nil {
		return withStatus(http.StatusBadRequest, opencti.InvalidRequest, err.Error())
	}
	return nil
}

// checkJSON refuses what encoding/json would let pass: duplicate keys, a second value,
// deep nesting, text that is not UTF-8 or that no CTI server could be told. Its errors
// name members, never values.
func checkJSON(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("the body is not UTF-8")
	}
	c := jsonCheck{Decoder: json.NewDecoder(bytes.NewReader(b)), path: []string{"body"}}
	if err := c.value(); err != nil {
		return err
	}
	if _, err := c.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body holds more than one JSON value")
	}
	return nil
}

// jsonCheck is one pass over a body. The path is put together for errors alone: for each
// member it would cost the square of the body's size.
type jsonCheck struct {
	*json.Decoder
	path []string
}

// value checks the next value.
func (c *jsonCheck) value() error {
	t, err := c.Token()
	if err != nil {
		return c.notJSON(err)
	}
	switch t := t.(type) {
	case string:
		return c.text(t)
	case json.Delim:
		return c.members(t == '{')
	}
	return nil
}

// members checks what is inside an object or a list, and its end.
func (c *jsonCheck) members(isObject bool) error {
	if len(c.path) > depthBound {
		return fmt.Errorf("%s is nested deeper than %d levels", c.at(), depthBound)
	}
	seen := map[string]bool{}
	c.path = append(c.path, "")
	for c.More() {
		if isObject {
			if err := c.key(seen); err != nil {
				return err
			}
		}
		if err := c.value(); err != nil {
			return err
		}
	}
	c.path = c.path[:len(c.path)-1]
	if _, err := c.Token(); err != nil {
		return c.notJSON(err)
	}
	return nil
}

func (c *jsonCheck) key(seen map[string]bool) error {
	t, err := c.Token()
	if err != nil {
		return c.notJSON(err)
	}
	name, _ := t.(string)
	c.path[len(c.path)-1] = name
	if seen[name] {
		return fmt.Errorf("%s stands there twice", c.at())
	}
	seen[name] = true
	return c.text(name)
}

// text refuses characters that XML 1.0 cannot carry: a driver would have to send another
// text than the desktop meant. U+FFFD is what the decoder makes of half a surrogate pair.
func (c *jsonCheck) text(s string) error {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0xFFFD && r <= 0xFFFF {
			return fmt.Errorf("%s holds a control character or half a character", c.at())
		}
	}
	return nil
}

// nameBound is enough of a member's name, in bytes, to find it.
const nameBound = 64

// at says where the check stands, e.g. body.login.password.
func (c *jsonCheck) at() string {
	var names []string
	for _, name := range c.path {
		if len(name) > nameBound {
			name = strings.ToValidUTF8(name[:nameBound], "") + "…"
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ".")
}

func (c *jsonCheck) notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the body is not JSON: it ends too early")
	}
	return fmt.Errorf("the body is not JSON: something is wrong near byte %d", c.InputOffset())
}
