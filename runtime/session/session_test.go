package session

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	dn      = "1001"
	agentID = "4001"
	epoch   = 1767225600000
)

// tree is a class whose raw events have the names of the normalised ones.
func tree() opencti.RuleSet {
	names := []opencti.EventName{
		opencti.Offering, opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Established, opencti.Held, opencti.Retrieved,
		opencti.Conferenced, opencti.Transferred, opencti.Diverted, opencti.Failed, opencti.Abandoned, opencti.Released,
		opencti.LoggedIn, opencti.Available, opencti.Busy, opencti.AfterCallWork, opencti.Unavailable, opencti.LoggedOut,
		opencti.PartyInfo, opencti.CallInfo, opencti.SnapshotEvent,
	}
	set := opencti.RuleSet{
		CallID: "event.callId",
		Identify: []opencti.Rule{
			{Name: "cleared-offer", On: "Cleared", When: "call.state == 'Offering'", Then: opencti.Abandoned},
			{Name: "cleared", On: "Cleared", When: "call.known", Then: opencti.Released},
			{Name: "bad", On: "Bad", When: "event.number + 'text' == ''", Then: opencti.Offering},
		},
		Filter: []opencti.Filter{{Name: "unwanted", When: "event.unwanted"}, {Name: "fails", When: "event.filterFails + 1 == 2"}},
		Populate: map[opencti.EventType]map[string]string{
			opencti.TypeAgentState: fields(opencti.PopulateFields(opencti.TypeAgentState)...),
			opencti.TypeSnapshot:   fields(opencti.PopulateFields(opencti.TypeSnapshot)...),
		},
	}
	for _, t := range []opencti.EventType{opencti.TypeCallState, opencti.TypeCallInfo, opencti.TypePartyInfo} {
		set.Populate[t] = fields(opencti.PopulateFields(t)...)
	}
	set.Populate[opencti.TypeCallState]["interactionId"] = "has(event.convertFails) ? event.convertFails + 'x' : event.interactionId"
	for _, n := range names {
		set.Identify = append(set.Identify, opencti.Rule{Name: string(n), On: string(n), Then: n})
	}
	return set
}

func fields(names ...string) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		out[n] = "event." + n
	}
	return out
}

var compiled = sync.OnceValue(func() *rules.Set {
	s, err := rules.Compile(tree())
	if err != nil {
		panic(err)
	}
	return s
})

// device stands for the CTI server: it accepts, unless do says otherwise.
type device struct {
	mu    sync.Mutex
	asked []opencti.Request
	do    func(context.Context, opencti.Request) error
}

var _ interface {
	opencti.Device
	opencti.AgentStateControl
	opencti.CallControl
	opencti.ToneControl
	opencti.TransferControl
	opencti.ConferenceControl
	opencti.CallDataControl
	opencti.AlternateControl
	opencti.DeclineControl
	opencti.MuteControl
	opencti.DisturbControl
} = (*device)(nil)

func (d *device) Subscribe(context.Context) error { return nil }
func (d *device) Snapshot(context.Context) (opencti.DeviceSnapshot, error) {
	return opencti.DeviceSnapshot{}, nil
}
func (d *device) Detach(context.Context) error { return nil }
func (d *device) Close(context.Context) error  { return nil }

func (d *device) perform(ctx context.Context, r opencti.Request) error {
	d.mu.Lock()
	d.asked = append(d.asked, r)
	do := d.do
	d.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx, r)
}

func (d *device) LoginAgent(c context.Context, r opencti.Request) error       { return d.perform(c, r) }
func (d *device) LogoutAgent(c context.Context, r opencti.Request) error      { return d.perform(c, r) }
func (d *device) SetAgentReady(c context.Context, r opencti.Request) error    { return d.perform(c, r) }
func (d *device) SetAgentNotReady(c context.Context, r opencti.Request) error { return d.perform(c, r) }
func (d *device) AnswerCall(c context.Context, r opencti.Request) error       { return d.perform(c, r) }
func (d *device) HoldCall(c context.Context, r opencti.Request) error         { return d.perform(c, r) }
func (d *device) RetrieveCall(c context.Context, r opencti.Request) error     { return d.perform(c, r) }
func (d *device) MakeCall(c context.Context, r opencti.Request) error         { return d.perform(c, r) }
func (d *device) HangUpCall(c context.Context, r opencti.Request) error       { return d.perform(c, r) }
func (d *device) SendDTMF(c context.Context, r opencti.Request) error         { return d.perform(c, r) }
func (d *device) TransferInitiate(c context.Context, r opencti.Request) error { return d.perform(c, r) }
func (d *device) TransferCall(c context.Context, r opencti.Request) error     { return d.perform(c, r) }
func (d *device) CancelTransfer(c context.Context, r opencti.Request) error   { return d.perform(c, r) }
func (d *device) BlindTransfer(c context.Context, r opencti.Request) error    { return d.perform(c, r) }
func (d *device) ConferenceInitiate(c context.Context, r opencti.Request) error {
	return d.perform(c, r)
}
func (d *device) ConferenceCall(c context.Context, r opencti.Request) error   { return d.perform(c, r) }
func (d *device) CancelConference(c context.Context, r opencti.Request) error { return d.perform(c, r) }
func (d *device) DropParty(c context.Context, r opencti.Request) error        { return d.perform(c, r) }
func (d *device) AttachData(c context.Context, r opencti.Request) error       { return d.perform(c, r) }
func (d *device) AlternateCall(c context.Context, r opencti.Request) error    { return d.perform(c, r) }
func (d *device) DeclineCall(c context.Context, r opencti.Request) error      { return d.perform(c, r) }
func (d *device) MuteCall(c context.Context, r opencti.Request) error         { return d.perform(c, r) }
func (d *device) UnmuteCall(c context.Context, r opencti.Request) error       { return d.perform(c, r) }
func (d *device) SetDoNotDisturb(c context.Context, r opencti.Request) error  { return d.perform(c, r) }

// queueStatistics is a connection that knows its queues.
type queueStatistics struct{ opencti.Connection }

func (*queueStatistics) QueueStatistics(context.Context, string) (opencti.QueueStatistics, error) {
	return opencti.QueueStatistics{}, nil
}

func (d *device) requests() []opencti.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// counts is an Observer.
type counts struct {
	mu      sync.Mutex
	dropped []string
	done    []string
}

func (c *counts) EventHandled(opencti.EventName, time.Duration) {}
func (c *counts) EventDropped(step string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped = append(c.dropped, step)
}
func (c *counts) ActivityDone(a opencti.Activity, code opencti.ErrorCode, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = append(c.done, string(a)+":"+string(code))
}

// bench is a session with all that it touches.
type bench struct {
	*Session
	device *device
	counts *counts
	read   uint64 // cursor of told
	order  uint64
	truth  opencti.DeviceSnapshot // what the CTI server says when it is asked anew
	asked  atomic.Int32           // how often it was
	gone   atomic.Bool            // it cannot be reached
}

// Lost loses the CTI server.
func (b *bench) Lost() {
	b.gone.Store(true)
	b.Session.Lost()
}

// Resync implements Backstage.
func (b *bench) Resync(_ context.Context, s *Session) error {
	if b.gone.Load() {
		return opencti.Errorf(opencti.LinkDown, "lost")
	}
	b.asked.Add(1)
	s.BeginSync()
	s.EndSync(b.device, b.truth)
	return nil
}

// QueueStatistics implements Backstage.
func (b *bench) QueueStatistics(_ context.Context, queue string) (opencti.QueueStatistics, error) {
	if queue != "5000" {
		return opencti.QueueStatistics{}, opencti.Errorf(opencti.InvalidQueue, "there is no queue %s", queue)
	}
	return opencti.QueueStatistics{Queue: queue, CallsWaiting: 3}, nil
}

// supported is what device and backstage can do.
func supported() []opencti.Activity {
	return opencti.Description{Device: (*device)(nil), Connection: (*queueStatistics)(nil)}.Activities()
}

// newBench makes a session that waits for its first sync.
func newBench(options ...func(*Options)) *bench {
	b := &bench{device: &device{}, counts: &counts{}}
	o := Options{
		DN: dn, AgentID: agentID, Epoch: epoch, Rules: compiled(),
		Class: Class{Supported: supported()}, Backstage: b, MayAct: func() error { return nil },
		Observer: b.counts, Log: slog.New(slog.DiscardHandler),
	}
	for _, set := range options {
		set(&o)
	}
	b.Session = New(o)
	return b
}

// open makes a session in step with a CTI server that says so.
func open(snap opencti.DeviceSnapshot, options ...func(*Options)) *bench {
	b := newBench(options...)
	b.sync(snap)
	b.told()
	return b
}

// loggedIn is what the server says of an agent who is available.
func loggedIn(calls ...opencti.Call) opencti.DeviceSnapshot {
	return opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}, Calls: calls}
}

func callIn(id string, state opencti.EventName) opencti.Call {
	return opencti.Call{CallID: id, State: state, CallType: opencti.Inbound, ANI: "555" + id}
}

func (b *bench) sync(snap opencti.DeviceSnapshot) {
	b.truth = snap
	b.gone.Store(false)
	b.BeginSync()
	b.EndSync(b.device, snap)
}

// with is a field of a raw event.
type with map[string]any

// happen brings a raw event of a call (or none, when callID is empty).
func (b *bench) happen(name opencti.EventName, callID string, more ...with) {
	b.order++
	raw := opencti.RawEvent{Name: string(name), DN: dn, Order: b.order, Received: time.Now(), Fields: map[string]any{}}
	if callID != "" {
		raw.Fields["callId"] = callID
	}
	for _, m := range more {
		for k, v := range m {
			raw.Fields[k] = v
		}
	}
	b.HandleEvent(raw)
}

// told gives the events since it was last asked, as a desktop reads them.
func (b *bench) told() []Event {
	if b.Events.Last().Sequence == b.read {
		return nil
	}
	entries, ok, err := b.Events.After(context.Background(), b.read)
	if !ok || err != nil {
		panic("the log does not go back that far")
	}
	out := make([]Event, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.JSON, &out[i]); err != nil {
			panic(err)
		}
		b.read = e.ID.Sequence
	}
	return out
}

// line is an event in short.
func line(e Event) string {
	s := string(e.Name)
	if e.Call != nil {
		s += " " + e.Call.CallID + " " + string(e.Call.State)
	}
	if e.Ended {
		s += " ended"
	}
	return s
}

func lines(events []Event) []string {
	var out []string
	for _, e := range events {
		out = append(out, line(e))
	}
	return out
}
