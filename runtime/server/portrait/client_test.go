package portrait

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

const patient = "<WAIT>20</WAIT>"

func ack(id string) string { return "<ACK>" + id + "</ACK>" }

func TestAcknowledging(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.events(c, "")
	b.happen(opencti.Offering, "c1")
	b.happen(opencti.Abandoned, "c1")
	one := b.events(c, patient, "INCOMINGCALL c1", "CALLABANDONED c1")
	b.happen(opencti.Offering, "c2")
	two := b.events(c, patient, "INCOMINGCALL c2")
	b.happen(opencti.Established, "c2")
	b.events(c, patient, "ESTABLISHCALL c2")

	// The answer was lost: the client says what it has.
	b.events(c, patient+ack(two.Last), "ESTABLISHCALL c2")
	b.events(c, ack(two.Last), "ESTABLISHCALL c2")
	// What was acknowledged does not come back but from the start.
	for name, id := range map[string]string{"acknowledged": one.Last, "to come": "7-99", "of another epoch": "6-1", "nonsense": "nonsense"} {
		if a := b.send(request("GETEVENTS", c, ack(id))); a.Error.Code != "InvalidRequest" || a.Error.Element != "ACK" {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	b.events(c, ack("0"), "ESTABLISHCALL c2")
	b.events(c, ack("0"), "ESTABLISHCALL c2")
	b.events(c, "")
}

// A client that has a part of an answer says the id of the event.
func TestAcknowledgingInTheMiddle(t *testing.T) {
	b := newBench(t)
	b.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{ringing("c1")}})
	c := b.register("")
	b.happen(opencti.Abandoned, "c1")
	b.happen(opencti.Offering, "c2")
	s, _ := b.link.Session("4001")
	eventually(t, "all happened", func() bool { calls := s.Snapshot().Calls; return len(calls) == 1 && calls[0].CallID == "c2" })
	a := b.events(c, "", "INCOMINGCALL c1", "CALLABANDONED c1", "INCOMINGCALL c2")
	b.events(c, ack(a.Events[0].ID), "CALLABANDONED c1", "INCOMINGCALL c2")
	b.events(c, "")
}

// Whatever happens after the registration is told, before the first GETEVENTS as well.
func TestFromTheRegistrationOn(t *testing.T) {
	b := newBench(t)
	b.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{ringing("c1")}})
	c := b.register("")
	b.happen(opencti.Abandoned, "c1")
	b.happen(opencti.Offering, "c2")
	b.happen(opencti.Abandoned, "c2")
	s, _ := b.link.Session("4001")
	eventually(t, "all happened", func() bool { return len(s.Snapshot().Calls) == 0 && s.Events.Last().Sequence >= 4 })
	want := []string{"INCOMINGCALL c1", "CALLABANDONED c1", "INCOMINGCALL c2", "CALLABANDONED c2"}
	b.events(c, "", want...)
	b.events(c, ack("0"), want...) // the answer was lost
	b.events(c, "")
	b.events(c, ack("0"))
}

func TestANewerPollAnswersTheOlderOneEmpty(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.events(c, "")
	older := make(chan answerTo)
	go func() { older <- b.send(request("GETEVENTS", c, patient)) }()
	eventually(t, "the older one waits", func() bool { return b.polls(c) == 2 })
	newer := make(chan answerTo)
	go func() { newer <- b.send(request("GETEVENTS", c, patient)) }()
	if a := <-older; a.Outcome != statusOK || len(a.Events) != 0 {
		t.Errorf("%s", a.Body)
	}
	b.happen(opencti.Offering, "c1")
	if got := (<-newer).told(); !slices.Equal(got, []string{"INCOMINGCALL c1"}) {
		t.Errorf("%v", got)
	}
}

// polls says how often a client asked.
func (b *bench) polls(handle string) int {
	id, _, _, _ := parseHandle(handle)
	c, done := b.front.clients.enter(id)
	defer done()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.polls
}

// A client that goes away while it waits has not got what came then.
func TestAPollThatIsGivenUpTakesNothing(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.events(c, "")
	id, _, _, _ := parseHandle(c)
	client, done := b.front.clients.enter(id)
	defer done()
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	b.happen(opencti.Offering, "c1")
	if told, _, err := client.poll(ctx, 0, ""); err != nil || len(told) != 0 {
		t.Errorf("%v %v", told, err)
	}
	b.events(c, patient, "INCOMINGCALL c1")
}

func TestWaiting(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	begun := time.Now()
	b.events(c, "")
	b.events(c, "<WAIT>1</WAIT>")
	if took := time.Since(begun); took < time.Second {
		t.Errorf("it waited for %v", took)
	}
	for _, wait := range []string{"31", "-1", "x", "1.5"} {
		if a := b.send(request("GETEVENTS", c, "<WAIT>"+wait+"</WAIT>")); a.Status != http.StatusBadRequest || a.Error.Element != "WAIT" {
			t.Errorf("%s: %s", wait, a.Body)
		}
	}
}

// The server bounds how long a request may take to arrive; waiting is not arriving.
func TestWaitingLongerThanTheServersReadTimeout(t *testing.T) {
	b := newBench(t)
	s := httptest.NewUnstartedServer(b.front)
	s.Config.ReadTimeout = 200 * time.Millisecond
	s.Start()
	defer s.Close()
	b.url = s.URL
	c := b.register("")
	b.events(c, "")
	begun := time.Now()
	b.events(c, "<WAIT>1</WAIT>")
	if took := time.Since(begun); took < time.Second {
		t.Errorf("it waited for %v", took)
	}
}

// Two clients of an agent hear everything, each in its own time.
func TestTwoClients(t *testing.T) {
	b := newBench(t)
	one, two := b.register(""), b.register("<EXTRAEVENTS>true</EXTRAEVENTS>")
	b.events(one, "")
	b.events(two, "", "STATENOW")
	b.happen(opencti.Offering, "c1")
	b.events(one, patient, "INCOMINGCALL c1")
	b.events(two, patient, "INCOMINGCALL c1")
	b.does("CTICLIENTUNINITIALIZE", one, "")
	b.happen(opencti.Held, "c1")
	b.events(two, patient, "CALLHELD c1")
	b.does("CTICLIENTUNINITIALIZE", one, "") // it is ended
	if _, open := b.link.Session("4001"); !open {
		t.Fatal("the other client lost its session")
	}
	b.does("CTICLIENTUNINITIALIZE", two, "")
	if _, open := b.link.Session("4001"); open {
		t.Error("the session is open")
	}
}

// Who was silent is a lost desktop, until it reconnects; then calls that are there are told.
func TestSilence(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.pass(DefaultSocketTimeout - time.Second)
	b.events(c, "")
	b.pass(DefaultSocketTimeout + time.Second)
	b.happen(opencti.Offering, "c1")
	for _, name := range []string{"GETEVENTS", "ACCEPTCALL"} {
		if a := b.send(request(name, c, "")); a.Error.First != reconnect || a.Error.Code != "InvalidState" {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	b.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{ringing("c1")}})
	a := b.does(reconnect, c, "")
	if len(a.Snapshot.Calls) != 1 || a.Snapshot.Calls[0].ID != "c1" || !slices.Contains(a.Snapshot.Calls[0].Can, "ACCEPTCALL") {
		t.Errorf("%s", a.Body)
	}
	b.events(c, "", "INCOMINGCALL c1")
	b.does("ACCEPTCALL", c, "")
}

// Silence is that between requests: a request that waits is none.
func TestAWaitingClientIsNotSilent(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.events(c, "")
	got := make(chan answerTo)
	go func() { got <- b.send(request("GETEVENTS", c, patient)) }()
	eventually(t, "it waits", func() bool { return b.polls(c) == 2 })
	b.pass(DefaultSocketTimeout + time.Second)
	b.register("") // others make the front look around
	b.happen(opencti.Offering, "c1")
	if a := <-got; len(a.Events) != 1 {
		t.Errorf("%s", a.Body)
	}
	b.events(c, "")
}

// Another pod takes over: the client's id is enough to go on.
func TestReconnectWhereTheSessionIsUnknown(t *testing.T) {
	b := newBench(t)
	c := b.register("<EXTRAEVENTS>1</EXTRAEVENTS>")
	b.does("GETEVENTS", c, "")
	b.hold(8)
	b.front = New(b.front.o)
	b.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{talking("c1")}})
	a := b.send(request("HOLDCALL", c, ""))
	if a.Error.First != reconnect {
		t.Errorf("%s", a.Body)
	}
	a = b.does(reconnect, c, "")
	if len(a.Snapshot.Calls) != 1 || a.Snapshot.Link != "LinkUp" {
		t.Errorf("%s", a.Body)
	}
	b.events(c, "", "STATENOW")
	b.does("HOLDCALL", c, "")
}

// While the CTI server is away, reconnecting says so, and helps afterwards.
func TestDownTime(t *testing.T) {
	b := newBench(t)
	c := b.register("<EXTRAEVENTS>1</EXTRAEVENTS>")
	b.events(c, "", "STATENOW")
	again := make(chan struct{})
	b.cti.OnConnect = func(ctx context.Context, _ linktest.Config) error {
		select {
		case <-again:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.cti.Connection(1).Break(errors.New("gone"))
	b.events(c, patient, "LINKSTATECHANGED")
	if a := b.send(request(reconnect, c, "")); a.Error.Code != "LinkDown" || a.Error.Retryable != "true" {
		t.Errorf("%s", a.Body)
	}
	b.cti.Set("1001", opencti.DeviceSnapshot{Calls: []opencti.Call{ringing("c1")}})
	close(again)
	b.cti.Connection(2)
	eventually(t, "the link is up", func() bool {
		return strings.Contains(b.send(request("GETEVENTS", c, ack("0"))).Body, "<LINKSTATE>LinkUp</LINKSTATE>")
	})
	a := b.does(reconnect, c, "")
	if a.Snapshot.Link != "LinkUp" || len(a.Snapshot.Calls) != 1 {
		t.Errorf("%s", a.Body)
	}
	b.events(c, "", "STATENOW", "INCOMINGCALL c1")
}

// A session that is closed ends who waits in it.
func TestAClosedSession(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.events(c, "")
	got := make(chan answerTo)
	go func() { got <- b.send(request("GETEVENTS", c, patient)) }()
	eventually(t, "it waits", func() bool { return b.polls(c) == 2 })
	if err := b.link.Close(t.Context(), "4001"); err != nil {
		t.Fatal(err)
	}
	if a := <-got; a.Error.First != reconnect {
		t.Errorf("%s", a.Body)
	}
	if a := b.send(request("ACCEPTCALL", c, "")); a.Error.First != reconnect {
		t.Errorf("%s", a.Body)
	}
}

// Who fell behind the log hears what is so now.
func TestFallingBehind(t *testing.T) {
	b := newBench(t)
	c := b.register("")
	b.happen(opencti.Offering, "old")
	b.events(c, patient, "INCOMINGCALL old")
	for i := range 150 {
		b.happen(opencti.Offering, fmt.Sprint("n", i))
		b.happen(opencti.Abandoned, fmt.Sprint("n", i))
	}
	b.happen(opencti.Diverted, "old")
	b.happen(opencti.Offering, "new")
	s, _ := b.link.Session("4001")
	eventually(t, "all happened", func() bool { return s.Events.Last().Sequence >= 303 })
	b.events(c, "", "INCOMINGCALL new", "CALLABANDONED old")
	b.events(c, "")
}

// A client that registered for its device becomes its agent's when the agent logs on.
func TestTheAgentComesWithTheLogOn(t *testing.T) {
	b := newBench(t)
	a := b.send("<CTICLIENTINITIALIZE><DN>1001</DN></CTICLIENTINITIALIZE>")
	c := a.ClientID
	b.events(c, "")
	b.refuse = opencti.Errorf(opencti.AuthenticationFailed, "wrong password")
	if a := b.send(request("AGENTINITIALIZE", c, "<AGENTID>4001</AGENTID>")); a.Error.Code != "AuthenticationFailed" {
		t.Errorf("%s", a.Body)
	}
	if _, open := b.link.Session("4001"); open {
		t.Error("a log-on that failed left a session")
	}
	b.refuse = nil
	logged := b.does("AGENTINITIALIZE", c, "<AGENTID>4001</AGENTID><AGENTPASSWORD>pw</AGENTPASSWORD>")
	if logged.ClientID == "" || logged.ClientID == c || b.last().AgentID != "4001" {
		t.Errorf("%s, asked %+v", logged.Body, b.last())
	}
	if _, open := b.link.Session("1001"); open {
		t.Error("the session of the device alone is open")
	}
	b.happen(opencti.Offering, "c1")
	b.events(c, patient, "INCOMINGCALL c1")
	b.hold(8)
	b.front = New(b.front.o)
	b.does(reconnect, logged.ClientID, "")
	if _, open := b.link.Session("4001"); !open {
		t.Error("not restored")
	}
	b.hold(9)
	b.front = New(b.front.o)
	b.does(reconnect, c, "<AGENTID>4001</AGENTID>") // the id of before the log-on
	if _, open := b.link.Session("4001"); !open {
		t.Error("not restored")
	}
}

// Pages are reloaded: who is logged on is logged on.
func TestLoggedOnAlready(t *testing.T) {
	b := newBench(t)
	b.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
	b.does("AGENTINITIALIZE", b.register(""), "")
	if len(b.asked) != 0 {
		t.Errorf("asked %+v", b.asked)
	}
}

func TestTakeOver(t *testing.T) {
	b := newBench(t)
	if _, _, err := b.Open(t.Context(), Opening{DN: "1003", AgentID: "4003"}); err != nil {
		t.Fatal(err)
	}
	a := b.send("<CTICLIENTINITIALIZE><DN>1001</DN></CTICLIENTINITIALIZE>")
	if a.Outcome != statusOK {
		t.Fatal(a.Body)
	}
	if a := b.send("<CTICLIENTINITIALIZE><AGENTID>4009</AGENTID><DN>1009</DN></CTICLIENTINITIALIZE>"); a.Error.Code != "Forbidden" {
		t.Errorf("%s", a.Body)
	}
	if a := b.send("<CTICLIENTINITIALIZE/>"); a.Error.Code != "InvalidRequest" {
		t.Errorf("%s", a.Body)
	}
}

func TestClientsAreBounded(t *testing.T) {
	b := newBench(t)
	for range clientsBound {
		b.register("")
	}
	const one = "<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>"
	if a := b.send(one); a.Error.Code != "Overloaded" || a.Error.Retryable != "true" {
		t.Errorf("%s", a.Body)
	}
	b.pass(DefaultSocketTimeout + time.Second)
	if a := b.send(one); a.Outcome != statusOK || len(b.front.clients.by) != 1 {
		t.Errorf("%s; %d are remembered", a.Body, len(b.front.clients.by))
	}
}
