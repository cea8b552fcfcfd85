// Package ami is the codec of the Asterisk Manager Interface: messages of "Key: value" lines,
// ended by an empty one, over TCP or TLS. It reads with bounds, since the bytes are foreign,
// and writes nothing that Asterisk would take for something else. It knows no calls; the
// driver next door does.
package ami

import (
	"errors"
	"fmt"
	"strings"
)

// Header is one line of a message.
type Header struct{ Key, Value string }

// Message is what Asterisk sends: an event, a response, or a part of a list, which is an
// event with the action's id. Headers may repeat, and keep their order.
type Message []Header

// Get returns the first value of a key, whose case does not matter: Asterisk writes Uniqueid,
// UniqueID and uniqueid.
func (m Message) Get(key string) string {
	for i := range m {
		if len(m[i].Key) == len(key) && strings.EqualFold(m[i].Key, key) {
			return m[i].Value
		}
	}
	return ""
}

// All returns every value of a key.
func (m Message) All(key string) []string {
	var out []string
	for i := range m {
		if strings.EqualFold(m[i].Key, key) {
			out = append(out, m[i].Value)
		}
	}
	return out
}

// Event is the event's name, empty for a response.
func (m Message) Event() string { return m.Get("Event") }

// Variables returns the channel variables that the message carries for one of its channels,
// by the prefix of that channel's headers: "", "Dest", "Transferer" … (manager.conf,
// channelvars). Variables that are not set are in it, too, empty.
func (m Message) Variables(prefix string) map[string]string {
	var out map[string]string
	for i := range m {
		if !strings.EqualFold(m[i].Key, prefix+"ChanVariable") {
			continue
		}
		// Older ones write the channel's name before the variable's, in parentheses.
		name, value, found := strings.Cut(m[i].Value, "=")
		if _, after, ok := strings.Cut(name, ")"); ok {
			name = after
		}
		if !found {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = value
	}
	return out
}

// ErrText says that a text cannot stand in a line.
var ErrText = errors.New("holds a line break or another control character")

// LongestLine is what Asterisk reads of a line, without its end (manager.c, inbuf).
const LongestLine = 1023

// mostHeaders is how many lines Asterisk reads of an action (manager.h, AST_MAX_MANHEADERS).
const mostHeaders = 128

// TooLongError names the line that Asterisk would refuse.
type TooLongError struct{ Key string }

// Error implements error.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("%s is too long: Asterisk reads lines of %d bytes", e.Key, LongestLine)
}

// Marshal writes an action. Headers without a value are left out. Errors: ErrText, *TooLongError.
func Marshal(action, id string, headers ...Header) ([]byte, error) {
	if len(headers) > mostHeaders-2 {
		return nil, fmt.Errorf("%s has %d headers; Asterisk reads %d", action, len(headers), mostHeaders-2)
	}
	var b strings.Builder
	for _, h := range append([]Header{{"Action", action}, {"ActionID", id}}, headers...) {
		if h.Value == "" {
			continue
		}
		if strings.ContainsFunc(h.Key+h.Value, isControl) {
			return nil, fmt.Errorf("%s %w", h.Key, ErrText)
		}
		if len(h.Key)+len(": ")+len(h.Value) > LongestLine {
			return nil, &TooLongError{h.Key}
		}
		b.WriteString(h.Key)
		b.WriteString(": ")
		b.WriteString(h.Value)
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String()), nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// Assignment writes a variable for a header Variable, where Asterisk takes several, separated
// by commas.
func Assignment(name, value string) string {
	return name + "=" + strings.NewReplacer(`\`, `\\`, `,`, `\,`, `"`, `\"`).Replace(value)
}
