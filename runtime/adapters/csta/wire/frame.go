package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Invoke ids of ECMA-323 Annex J.2: a requester counts from 1 to MaxInvokeID, the
// answer repeats its request's, events carry EventInvokeID.
const (
	MaxInvokeID   = 9998
	EventInvokeID = 9999
)

const (
	headerSize = 8
	// MaxFrame is what the length field can say, header included.
	MaxFrame = 65535
	// MaxBody is the largest XML that fits a frame.
	MaxBody = MaxFrame - headerSize
)

// After any of these the stream has lost its frames: close the connection.
var (
	ErrFormat   = errors.New("frame does not begin with two zero bytes")
	ErrLength   = errors.New("frame length is less than its header")
	ErrInvokeID = errors.New("invoke id is not four digits")
	ErrCutShort = errors.New("stream ended inside a frame")
	ErrTooLarge = errors.New("message does not fit a frame")
)

// Reader reads frames from a stream. It is not for concurrent use.
type Reader struct {
	r      io.Reader
	header [headerSize]byte
	body   []byte
}

// NewReader reads frames from r, with two reads a frame: r should be buffered.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// ReadFrame returns the next frame's invoke id and XML, valid until the next call.
// At the end of the stream, between two frames, the error is io.EOF.
func (r *Reader) ReadFrame() (invokeID int, body []byte, err error) {
	if n, err := io.ReadFull(r.r, r.header[:]); err != nil {
		if n == 0 {
			return 0, nil, err
		}
		return 0, nil, cutShort(err)
	}
	length, invokeID, err := parseHeader(r.header)
	if err != nil {
		return 0, nil, err
	}
	if cap(r.body) < length {
		r.body = make([]byte, length)
	}
	body = r.body[:length]
	if _, err := io.ReadFull(r.r, body); err != nil {
		return 0, nil, cutShort(err)
	}
	return invokeID, body, nil
}

// parseHeader returns the length of the body that follows and the invoke id.
func parseHeader(h [headerSize]byte) (length, invokeID int, err error) {
	if h[0] != 0 || h[1] != 0 {
		return 0, 0, fmt.Errorf("%w: %#02x %#02x", ErrFormat, h[0], h[1])
	}
	length = int(binary.BigEndian.Uint16(h[2:4])) - headerSize
	if length < 0 {
		return 0, 0, fmt.Errorf("%w: %d", ErrLength, length+headerSize)
	}
	for _, digit := range h[4:] {
		if digit < '0' || digit > '9' {
			return 0, 0, fmt.Errorf("%w: %q", ErrInvokeID, h[4:])
		}
		invokeID = invokeID*10 + int(digit-'0')
	}
	return length, invokeID, nil
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCutShort
	}
	return err
}

// Writer writes frames to a stream, one Write each. It is not for concurrent use.
type Writer struct {
	w   io.Writer
	buf []byte
}

// NewWriter writes frames to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// WriteFrame writes body under invokeID. ErrTooLarge and ErrInvokeID write nothing and
// leave the stream whole.
func (w *Writer) WriteFrame(invokeID int, body []byte) error {
	if len(body) > MaxBody {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), MaxBody)
	}
	if invokeID < 0 || invokeID > EventInvokeID {
		return fmt.Errorf("%w: %d", ErrInvokeID, invokeID)
	}
	w.buf = append(w.buf[:0], 0, 0)
	w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(len(body)+headerSize))
	w.buf = fmt.Appendf(w.buf, "%04d", invokeID)
	w.buf = append(w.buf, body...)
	_, err := w.w.Write(w.buf)
	return err
}
