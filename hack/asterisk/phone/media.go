package phone

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// patience is how long a telephone waits for the server.
const patience = 5 * time.Second

// Directions of the sound in an offer.
const (
	sendRecv = "sendrecv"
	sendOnly = "sendonly"
)

// tonesPayload is the RTP payload type of tones in our offers.
const tonesPayload = 101

// tones are the events of RFC 4733, by their numbers.
const tones = "0123456789*#ABCD"

// media is the RTP side of a call: nothing but tones.
type media struct {
	socket  net.PacketConn
	running sync.WaitGroup

	mu      sync.Mutex
	far     net.Addr
	digits  strings.Builder
	last    uint32 // timestamp of the tone that was heard last
	version int
	seq     uint16
	stamp   uint32
}

func newMedia() (*media, error) {
	socket, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &media{socket: socket, stamp: 8000}
	m.running.Go(m.listen)
	return m, nil
}

func (m *media) close() {
	_ = m.socket.Close()
	m.running.Wait()
}

// offer describes this end, in SDP.
func (m *media) offer(direction string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.version++
	lines := []string{"v=0", fmt.Sprintf("o=- 1 %d IN IP4 127.0.0.1", m.version), "s=phone", "c=IN IP4 127.0.0.1", "t=0 0",
		fmt.Sprintf("m=audio %d RTP/AVP 0 %d", m.socket.LocalAddr().(*net.UDPAddr).Port, tonesPayload),
		"a=rtpmap:0 PCMU/8000", fmt.Sprintf("a=rtpmap:%d telephone-event/8000", tonesPayload), "a=" + direction, ""}
	return []byte(strings.Join(lines, "\r\n"))
}

// to takes the other end from its description.
func (m *media) to(sdp []byte) {
	host, port := "", 0
	for line := range strings.SplitSeq(string(sdp), "\n") {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "c=") && len(words) == 3:
			host = words[2]
		case strings.HasPrefix(line, "m=audio") && len(words) > 1:
			port, _ = strconv.Atoi(words[1])
		}
	}
	if ip := net.ParseIP(host); ip != nil && port != 0 {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.far = &net.UDPAddr{IP: ip, Port: port}
	}
}

// listen keeps the tones that come in.
func (m *media) listen() {
	packet := make([]byte, 1500)
	for {
		n, _, err := m.socket.ReadFrom(packet)
		if err != nil {
			return
		}
		if n >= 16 && packet[1]&0x7f == tonesPayload {
			m.hear(binary.BigEndian.Uint32(packet[4:]), packet[12])
		}
	}
}

// hear takes a tone once: its packets all have one timestamp.
func (m *media) hear(stamp uint32, event byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if stamp != m.last && int(event) < len(tones) {
		m.last = stamp
		m.digits.WriteByte(tones[event])
	}
}

func (m *media) heard() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.digits.String()
}

// press sends tones of a tenth of a second each.
func (m *media) press(ctx context.Context, digits string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for _, d := range digits {
		event := strings.IndexRune(tones, d)
		if event < 0 {
			return fmt.Errorf("%q is no tone", d)
		}
		for i := range 12 { // 5 packets, 3 that end it, 4 of silence
			if i < 8 {
				m.send(byte(event), i)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		m.mu.Lock()
		m.stamp += 2000
		m.mu.Unlock()
	}
	return nil
}

// send writes the i-th packet of a tone.
func (m *media) send(event byte, i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.far == nil {
		return
	}
	m.seq++
	packet := make([]byte, 16)
	packet[0], packet[1] = 0x80, tonesPayload
	if i == 0 {
		packet[1] |= 0x80
	}
	binary.BigEndian.PutUint16(packet[2:], m.seq)
	binary.BigEndian.PutUint32(packet[4:], m.stamp)
	binary.BigEndian.PutUint32(packet[8:], 0x4354494c)
	packet[12], packet[13] = event, 10
	if i >= 5 {
		packet[13] |= 0x80
	}
	binary.BigEndian.PutUint16(packet[14:], uint16(160*min(i+1, 6)))
	_, _ = m.socket.WriteTo(packet, m.far)
}
