package conformance_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// dropping swallows the events of a name.
func dropping(name string) *faulty {
	return &faulty{raw: func(e opencti.RawEvent, tell func(opencti.RawEvent)) {
		if e.Name != name {
			tell(e)
		}
	}}
}

// doubling tells the events of a name twice; again says how the second is changed.
func doubling(name string, again func(*opencti.RawEvent)) *faulty {
	return &faulty{raw: func(e opencti.RawEvent, tell func(opencti.RawEvent)) {
		e.Order *= 2
		tell(e)
		if e.Name == name {
			again(&e)
			tell(e)
		}
	}}
}

// swapping tells an event after the one that follows it.
func swapping(name string) *faulty {
	var held *opencti.RawEvent
	return &faulty{raw: func(e opencti.RawEvent, tell func(opencti.RawEvent)) {
		if e.Name == name && held == nil {
			held = &e
			return
		}
		tell(e)
		if held != nil {
			late := *held
			late.Order, held = e.Order+1, nil
			tell(late)
		}
	}}
}

// losing takes a field out of all events.
func losing(field string) *faulty {
	return &faulty{raw: func(e opencti.RawEvent, tell func(opencti.RawEvent)) {
		e.Fields = maps.Clone(e.Fields)
		delete(e.Fields, field)
		tell(e)
	}}
}

// answering gives an error instead of the driver's own.
func answering(code opencti.ErrorCode) *faulty {
	return &faulty{perform: func(ctx context.Context, r opencti.Request, do func(context.Context, opencti.Request) error) error {
		if err := do(ctx, r); err != nil {
			return opencti.Errorf(code, "wrong")
		}
		return nil
	}}
}

// renaming lets a rule say another event.
func renaming(rule string, then opencti.EventName) *faulty {
	return &faulty{rules: func(rs *opencti.RuleSet) {
		for i := range rs.Identify {
			if rs.Identify[i].Name == rule {
				rs.Identify[i].Then = then
			}
		}
	}}
}

// A kit is believed once it has found what is wrong.
func TestSeededFaultsAreFound(t *testing.T) {
	for name, tc := range map[string]struct {
		faulty   *faulty
		row      conformance.Row
		scenario string
		want     string // in a failure
	}{
		"an event is dropped":            {dropping("Held"), "HoldCall", "holds", "expected Held"},
		"an ending is dropped":           {dropping("ConnectionCleared"), "HangUpCall", "hangs up", "expected Released"},
		"an agent's event is dropped":    {dropping("AgentReady"), "SetAgentReady", "becomes", "expected Available"},
		"one that nobody waits for":      {dropping("AgentNotReady"), "LoginAgent", "logs in", "as the snapshot says"},
		"an event is doubled":            {doubling("Established", func(e *opencti.RawEvent) { e.Order++ }), "AnswerCall", "answers", "Established once"},
		"an event is doubled as it was":  {doubling("Held", func(*opencti.RawEvent) {}), "HoldCall", "holds", "an Order above"},
		"two events are swapped":         {swapping("Delivered"), "MakeCall", "outside", "expected Delivered"},
		"an ending comes too early":      {renaming("held-here", opencti.Released), "HoldCall", "holds", "expected Held"},
		"another's event is told as own": {renaming("rings-there", opencti.Offering), "MakeCall", "colleague", "expected Delivered"},
		"abandoned is told as released":  {renaming("abandoned", opencti.Released), conformance.RowCaller, "gives up", "expected Abandoned"},
		"failing is told as an end":      {renaming("failed", opencti.Released), "MakeCall", "busy", "expected Failed"},
		"call data is lost":              {losing("variables"), conformance.RowCaller, "gives up", "variables.customer 4711"},
		"parties are lost":               {losing("parties"), "AnswerCall", "answers", "with parties"},
		"a field that rules cannot read": {odd(), conformance.RowCaller, "gives up", "a plain value"},
		"two goroutines tell":            {twoAtOnce(), conformance.RowCaller, "gives up", "two at a time"},
		"any refusal is Rejected":        {answering(opencti.Rejected), "LoginAgent", "refused", "expected AuthenticationFailed"},
		"a call that is gone: Rejected":  {answering(opencti.Rejected), conformance.RowDriver, "not there", "for a call that is gone"},
		"a request waits in vain":        {waiting(opencti.HoldCall), conformance.RowDriver, "does not wait", "HoldCall back at once"},
		"the snapshot has no calls":      {&faulty{snapshot: func(s *opencti.DeviceSnapshot) { s.Calls = nil }}, conformance.RowDriver, "snapshot", "a snapshot with call"},
		"the snapshot has no data":       {&faulty{snapshot: withoutData}, conformance.RowDriver, "snapshot", "customer=4711"},
		"the snapshot disagrees":         {&faulty{snapshot: allHeld}, "RetrieveCall", "retrieves", "as the snapshot says"},
		"detaching logs the agent out":   {&faulty{detach: detachLoggingOut}, conformance.RowDriver, "detaches", "logged in after Detach"},
		"subscribing does nothing":       {&faulty{subscribe: nothing}, conformance.RowDriver, "subscribes", "an event of 1001"},
		"a lost connection is not told":  {&faulty{done: make(chan struct{})}, conformance.RowDriver, "loses", "Done closed"},
		"connecting leaves a goroutine":  {&faulty{connect: leak(t)}, conformance.RowDriver, "closes", "no goroutine left"},
		"connecting never succeeds":      {&faulty{connect: refuse(opencti.LinkDown)}, conformance.RowOpen, "Snapshot", "a session of agent"},
		"the new callId is lost":         {losing("newCallID"), "TransferCall", "after a word", "in the snapshot"},
		"the lineage is lost":            {asking(func(r *opencti.Request) { r.Lineage = opencti.Lineage{} }), "TransferInitiate", "consults a colleague", "interactionId"},
		"a consult's data is lost":       {asking(func(r *opencti.Request) { r.Variables = nil }), "TransferInitiate", "consults a colleague", "with the data"},
		"another party is dropped":       {asking(func(r *opencti.Request) { r.Party = "1001" }), "DropParty", "by its number", "DropParty"},
		"lost events are not told":       {&faulty{deaf: true}, conformance.RowServer, "messages", "expected Snapshot"},
		"a late failure is not told":     {&faulty{deaf: true}, conformance.RowServer, "accepted", "expected RequestFailed"},
		"do not disturb is not told":     {dropping("DoNotDisturb"), "SetDoNotDisturb", "at the telephone", "expected Snapshot"},
		"a disturb that nobody told of":  {disturbedLater(), conformance.RowOpen, "opens with a Snapshot", "do-not-disturb true, as the snapshot says"},
		"the old desk is not told":       {renaming("agent-logged-off", opencti.CallInfo), conformance.RowOpen, "take-over", "cannot be logged out"},
		"an agent is let in nowhere":     {loginOnce(), conformance.RowOpen, "take-over", "LoginAgent accepted at the new telephone"},
		"a wrong password is Rejected":   {&faulty{connect: refuse(opencti.Rejected)}, conformance.RowDriver, "does not connect", "expected AuthenticationFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.want != "no goroutine left" { // which sees those of other tests
				t.Parallel()
			}
			b := bench(t)
			tc.faulty.Driver = b.Driver
			b.Driver, b.Only, b.Scenario, b.Patience = tc.faulty, []conformance.Row{tc.row}, tc.scenario, 500*time.Millisecond
			r, err := conformance.Run(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.Findings, func(f *conformance.Finding) bool { return strings.Contains(f.String(), tc.want) }) || r.Green {
				t.Errorf("no failure says %q:\n%s", tc.want, text(r))
			}
		})
	}
}

func text(r *conformance.Report) string {
	var out strings.Builder
	r.Text(&out)
	return out.String()
}

// asking changes every request.
func asking(change func(*opencti.Request)) *faulty {
	return &faulty{perform: func(ctx context.Context, r opencti.Request, do func(context.Context, opencti.Request) error) error {
		change(&r)
		return do(ctx, r)
	}}
}

// odd adds a field that CEL does not know.
func odd() *faulty {
	return &faulty{raw: func(e opencti.RawEvent, tell func(opencti.RawEvent)) {
		e.Fields = maps.Clone(e.Fields)
		e.Fields["odd"] = struct{}{}
		tell(e)
	}}
}

// twoAtOnce tells an event while another one is told.
func twoAtOnce() *faulty {
	return &faulty{raw: func(e opencti.RawEvent, tell func(opencti.RawEvent)) {
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { tell(e) })
		}
		all.Wait()
	}}
}

// waiting does not look at the context of an activity.
func waiting(a opencti.Activity) *faulty {
	return &faulty{perform: func(ctx context.Context, r opencti.Request, do func(context.Context, opencti.Request) error) error {
		if r.Activity == a {
			time.Sleep(2500 * time.Millisecond) // the fault itself
		}
		return do(ctx, r)
	}}
}

func nothing(context.Context, opencti.Device) error { return nil }

func refuse(code opencti.ErrorCode) func(context.Context) error {
	return func(context.Context) error { return opencti.Errorf(code, "no") }
}

func withoutData(s *opencti.DeviceSnapshot) {
	for i := range s.Calls {
		s.Calls[i].Variables = nil
	}
}

// disturbedLater says so from the second snapshot on.
func disturbedLater() *faulty {
	asked := false
	return &faulty{snapshot: func(s *opencti.DeviceSnapshot) { s.DoNotDisturb, asked = asked, true }}
}

// loginOnce lets an agent log in at one telephone only.
func loginOnce() *faulty {
	var first string
	return &faulty{perform: func(ctx context.Context, r opencti.Request, do func(context.Context, opencti.Request) error) error {
		if r.Activity == opencti.LoginAgent && first != "" && r.DN != first {
			return opencti.Errorf(opencti.DeviceInUse, "no")
		}
		if r.Activity == opencti.LoginAgent {
			first = r.DN
		}
		return do(ctx, r)
	}}
}

func allHeld(s *opencti.DeviceSnapshot) {
	for i := range s.Calls {
		s.Calls[i].State = opencti.Held
	}
}

func detachLoggingOut(ctx context.Context, d opencti.Device) error {
	_ = opencti.Perform(ctx, d, opencti.Request{Activity: opencti.LogoutAgent, AgentID: "4001", DN: "1001"})
	return d.Detach(ctx)
}

func leak(t *testing.T) func(context.Context) error {
	return func(context.Context) error { go func() { <-t.Context().Done() }(); return nil }
}

// A driver that says yes and does nothing is found, whatever the activity.
func TestDoingNothingIsFound(t *testing.T) {
	for _, a := range (csta.Driver{}).Describe().Activities() {
		if s, _ := opencti.SpecOf(a); s.BySession() || a == opencti.GetStatistics {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			b := bench(t)
			b.Only, b.Patience = []conformance.Row{conformance.Row(a)}, 300*time.Millisecond
			b.Driver = &faulty{Driver: csta.Driver{}, perform: func(ctx context.Context, r opencti.Request, do func(context.Context, opencti.Request) error) error {
				if r.Activity == a {
					return nil
				}
				return do(ctx, r)
			}}
			r, err := conformance.Run(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			// On a busy machine it may be found so early that the row is not reached.
			if got := r.Result(conformance.Row(a)); got == conformance.Passed {
				t.Errorf("%s that does nothing is %s", a, got)
			}
		})
	}
}

// needed says whether a desktop cannot do without an event. That the other party has left
// is soon followed by the end here.
func needed(e opencti.RawEvent) bool {
	return slices.Contains([]string{"Delivered", "Established", "Held", "Retrieved", "Transfered", "Conferenced"}, e.Name) ||
		e.Name == "ConnectionCleared" && e.Fields["deviceID"] == e.DN
}

// Whichever event is dropped, it is missed.
func TestEveryDroppedEventIsFound(t *testing.T) {
	for row, scenario := range map[conformance.Row]string{
		"TransferCall": "after a word", "ConferenceCall": "three in a call", "CancelTransfer": "back to the first", "HangUpCall": "hangs up",
	} {
		all, r := withoutEvent(t, row, scenario, 0)
		if !r.Green || len(all) == 0 {
			t.Errorf("nothing dropped of %q:\n%s", all, text(r))
		}
		for n, name := range all {
			t.Run(fmt.Sprintf("%s/%d %s", row, n+1, name), func(t *testing.T) {
				t.Parallel()
				if _, r := withoutEvent(t, row, scenario, n+1); r.Green {
					t.Error("nobody missed it")
				}
			})
		}
	}
}

// withoutEvent plays a scenario and drops the n-th event that is needed, from 1; it lists
// those that came.
func withoutEvent(t *testing.T, row conformance.Row, scenario string, n int) (came []string, r *conformance.Report) {
	t.Helper()
	b := bench(t)
	b.Driver = &faulty{Driver: b.Driver, raw: func(e opencti.RawEvent, tell func(opencti.RawEvent)) {
		if needed(e) {
			if came = append(came, e.Name+" of "+e.DN); len(came) == n {
				return
			}
		}
		tell(e)
	}}
	b.Only, b.Scenario = []conformance.Row{row}, scenario
	if n > 0 {
		b.Patience = 300 * time.Millisecond // what is dropped does not come later either
	}
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return came, r
}
