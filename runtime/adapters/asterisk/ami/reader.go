package ami

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of what is read. The longest lines of a healthy Asterisk are variables of a few
// kilobytes, the longest messages attended transfers with a hundred and fifty lines.
const (
	lineBound    = 64 << 10
	messageBound = 256 << 10
	headersBound = 4096
)

// ErrTooLarge says that a message passes the bounds. The reader cannot go on.
var ErrTooLarge = errors.New("a message is larger than any that Asterisk sends")

// Reader reads messages. It is not safe for concurrent use.
type Reader struct{ lines *bufio.Reader }

// NewReader reads from r.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReaderSize(r, lineBound)} }

// greeting is how Asterisk begins, before its version.
const greeting = "Asterisk Call Manager/"

// Greeting reads the line with which Asterisk begins and returns the version of the interface.
func (r *Reader) Greeting() (version string, err error) {
	line, err := r.line()
	if err != nil {
		return "", err
	}
	if !bytes.HasPrefix(line, []byte(greeting)) {
		return "", errors.New("the greeting is not that of an Asterisk manager interface")
	}
	return text(line[len(greeting):]), nil
}

// Read returns the next message. Lines that are none of "Key: value" are left out: output of
// commands, greetings. Errors: io.EOF between messages, io.ErrUnexpectedEOF within, ErrTooLarge.
func (r *Reader) Read() (Message, error) {
	m := make(Message, 0, 32)
	size := 0
	for {
		line, err := r.line()
		if errors.Is(err, io.EOF) && size > 0 {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			if len(m) > 0 {
				return m, nil
			}
			size = 0
			continue // Asterisk ends some messages twice
		}
		if size += len(line); size > messageBound || len(m) >= headersBound {
			return nil, ErrTooLarge
		}
		if key, value, ok := bytes.Cut(line, []byte(":")); ok && len(key) > 0 {
			m = append(m, Header{keyText(key), text(bytes.TrimPrefix(value, []byte(" ")))})
		}
	}
}

// line reads a line without its end.
func (r *Reader) line() ([]byte, error) {
	line, err := r.lines.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, ErrTooLarge
	case errors.Is(err, io.EOF) && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, fmt.Errorf("read: %w", err)
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// keyText spares a copy for the keys that come all the time.
func keyText(key []byte) string {
	if known, ok := keys[string(key)]; ok {
		return known
	}
	return text(key)
}

var keys = func() map[string]string {
	out := map[string]string{}
	for _, k := range strings.Fields(`Event Response ActionID Message Privilege Timestamp SystemName Channel ChannelState ChannelStateDesc
		CallerIDNum CallerIDName ConnectedLineNum ConnectedLineName Language AccountCode Context Exten Priority Uniqueid Linkedid
		ChanVariable BridgeUniqueid BridgeType BridgeTechnology BridgeCreator BridgeName BridgeNumChannels BridgeVideoSourceMode
		DestChannel DestChannelState DestChannelStateDesc DestCallerIDNum DestCallerIDName DestConnectedLineNum
		DestConnectedLineName DestLanguage DestAccountCode DestContext DestExten DestPriority DestUniqueid DestLinkedid
		DestChanVariable Queue Interface MemberName StateInterface Membership Penalty CallsTaken LastCall LastPause LoginTime
		InCall Status Paused PausedReason Ringinuse Wrapuptime DialStatus Cause Cause-txt Variable Value`) {
		out[k] = k
	}
	return out
}()

// text is UTF-8 in any case: what is not is taken for ISO-8859-1, as old telephones write
// names.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]rune, 0, len(b))
	for _, c := range b {
		out = append(out, rune(c))
	}
	return string(out)
}
