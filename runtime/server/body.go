package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// bodyBound is the largest request body, in bytes.
const bodyBound = 64 << 10

// depthBound is the deepest nesting of a request body.
const depthBound = 16

// readBody reads the whole body, within bounds, and refuses what is not one JSON
// value without duplicate keys. It puts the body back for whoever comes next.
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
	if len(bytes.TrimSpace(b)) > 0 {
		if err := checkJSON(b); err != nil {
			return withStatus(http.StatusBadRequest, opencti.InvalidRequest, err.Error())
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	r.ContentLength = int64(len(b))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	return nil
}

// checkJSON refuses what encoding/json would let pass: duplicate keys, a second
// value, deep nesting.
func checkJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := checkValue(d, "body", 0); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("the body holds more than one JSON value")
	}
	return nil
}

func checkValue(d *json.Decoder, path string, depth int) error {
	t, err := d.Token()
	if err != nil {
		return notJSON(d, err)
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == depthBound {
		return fmt.Errorf("%s is nested deeper than %d levels", path, depthBound)
	}
	seen := map[string]bool{}
	for d.More() {
		at := path
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return notJSON(d, err)
			}
			name, _ := key.(string)
			if seen[name] {
				return fmt.Errorf("%s.%s stands there twice", path, name)
			}
			seen[name], at = true, path+"."+name
		}
		if err := checkValue(d, at, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return notJSON(d, err)
	}
	return nil
}

func notJSON(d *json.Decoder, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the body is not JSON: it ends too early")
	}
	return fmt.Errorf("the body is not JSON: something is wrong near byte %d", d.InputOffset())
}
