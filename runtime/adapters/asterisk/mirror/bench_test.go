package mirror_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
)

// queueCall is a queue call from its arrival to its end, of the i-th agent.
func queueCall(i int) []ami.Message {
	var out []ami.Message
	headers := func(prefix, name, uid string, state int) string {
		return fmt.Sprintf("%[1]sChannel: %[2]s; %[1]sChannelState: %[4]d; %[1]sCallerIDNum: 1; %[1]sUniqueid: %[3]s; %[1]sLinkedid: c%[5]d", prefix, name, uid, state, i)
	}
	customer, agent, member := fmt.Sprintf("PJSIP/trunk-%d", i), fmt.Sprintf("PJSIP/%d-1", 1000+i), fmt.Sprintf("Queue: q; Interface: PJSIP/%d; MemberName: %d", 1000+i, i)
	from := func(state int) string { return headers("", customer, fmt.Sprintf("c%d", i), state) }
	to := func(prefix string, state int) string { return headers(prefix, agent, fmt.Sprintf("a%d", i), state) }
	for _, text := range []string{
		"Newchannel; " + from(4), "Newstate; " + from(6), "QueueCallerJoin; Queue: q; " + from(6), "Newchannel; " + to("", 0),
		"AgentCalled; Queue: q; " + from(6) + "; " + to("Dest", 0), "DialBegin; " + from(6) + "; " + to("Dest", 0),
		"Newstate; " + to("", 5), "QueueMemberStatus; Status: 6; " + member, "Newstate; " + to("", 6), "DialEnd; DialStatus: ANSWER; " + from(6) + "; " + to("Dest", 6),
		"QueueMemberStatus; Status: 2; " + member, "QueueCallerLeave; Queue: q; " + from(6),
		fmt.Sprintf("BridgeEnter; BridgeUniqueid: b%d; ", i) + to("", 6), fmt.Sprintf("BridgeEnter; BridgeUniqueid: b%d; ", i) + from(6),
		fmt.Sprintf("BridgeLeave; BridgeUniqueid: b%d; ", i) + to("", 6), fmt.Sprintf("BridgeLeave; BridgeUniqueid: b%d; ", i) + from(6),
		"Hangup; " + to("", 6), "Hangup; " + from(6), "QueueMemberStatus; Status: 1; " + member,
	} {
		m := ami.Message{}
		for h := range strings.SplitSeq("Event: "+text, "; ") {
			key, value, _ := strings.Cut(h, ": ")
			m = append(m, ami.Header{Key: key, Value: value})
		}
		out = append(out, m)
	}
	return out
}

// BenchmarkQueueCall makes calls of events, while others are talked on: what they cost must not
// grow with those.
func BenchmarkQueueCall(b *testing.B) {
	for _, others := range []int{0, 2000} {
		b.Run(fmt.Sprintf("beside %d others", others), func(b *testing.B) {
			m := mirror.New(mirror.Naming{Endpoint: "PJSIP/{dn}", Member: "PJSIP/{dn}", Trunks: []string{"PJSIP/trunk*"}})
			now := time.Unix(1795190000, 0)
			for i := 1; i <= others; i++ {
				for _, msg := range queueCall(i)[:14] {
					m.Apply(msg, now)
				}
			}
			call, told := queueCall(0), 0
			b.ReportAllocs()
			for b.Loop() {
				for _, msg := range call {
					told += len(m.Apply(msg, now))
					m.Next()
				}
			}
			if told < 3*b.N {
				b.Errorf("%d changes in %d calls", told, b.N)
			}
		})
	}
}
