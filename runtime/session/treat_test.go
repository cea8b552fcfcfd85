package session

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// treating is a desk whose pool has these rules.
func treating(mode opencti.TelephonyMode, list ...opencti.TreatmentRule) *bench {
	return open(loggedIn(), treats(mode, list...))
}

func treats(mode opencti.TelephonyMode, list ...opencti.TreatmentRule) func(*Options) {
	return func(o *Options) { o.Policy.Mode, o.Policy.Treatments = mode, treatments(list...) }
}

var (
	atOnce    = opencti.TreatmentRule{Name: "at once", Answer: opencti.AnswerOnOffer}
	soon      = opencti.TreatmentRule{Name: "soon", Answer: opencti.AnswerAfterDelay, DelaySeconds: 3}
	onceBegun = opencti.TreatmentRule{Name: "once begun", Answer: opencti.AnswerOnInteraction, ScreenPop: &opencti.ScreenPop{Interaction: "Service"}}
	attaches  = opencti.TreatmentRule{Name: "attaches", AttachData: map[string]string{"caller": "call.ani"}}
)

// The offer tells the treatment, whatever the mode; what it does needs no permission.
func TestATreatedCall(t *testing.T) {
	for _, mode := range opencti.TelephonyModes() {
		for name, tc := range map[string]struct {
			rule opencti.TreatmentRule
			wait time.Duration
			want []string
		}{
			"at once":       {atOnce, 0, []string{"AnswerCall 7"}},
			"after a delay": {soon, 3 * time.Second, []string{"AnswerCall 7"}},
			"not yet":       {soon, 3*time.Second - 1, nil},
			"by hand":       {opencti.TreatmentRule{Name: "by hand"}, time.Minute, nil},
			"when begun":    {onceBegun, time.Minute, nil},
			"with data":     {attaches, 0, []string{"AttachData 7 555"}},
			"no rule holds": {opencti.TreatmentRule{Name: "vip", When: "call.ani == '1'", Answer: opencti.AnswerOnOffer}, time.Minute, nil},
		} {
			t.Run(name+" "+string(mode), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := treating(mode, tc.rule)
					defer b.Close()
					b.happen(opencti.Offering, "7", with{"ani": "555"})
					offer := b.told()[0]
					if rule := offer.Call.Treatment; name != "no rule holds" && (rule == nil || rule.Rule != tc.rule.Name) {
						t.Errorf("the offer tells %+v", rule)
					}
					time.Sleep(tc.wait)
					synctest.Wait()
					var got []string
					for _, r := range b.device.requests() {
						got = append(got, strings.TrimSpace(string(r.Activity)+" "+r.CallID+" "+r.Variables["caller"]))
						if r.DN != dn || r.AgentID != agentID || !strings.HasPrefix(r.ID, "treatment-") {
							t.Errorf("%+v", r)
						}
					}
					if diff := cmp.Diff(tc.want, got); diff != "" {
						t.Error(diff)
					}
				})
			})
		}
	}
}

// A call that goes on is not answered any more.
func TestADelayEndsWithTheOffer(t *testing.T) {
	for name, end := range map[string]func(*bench){
		"answered by hand": func(b *bench) { b.happen(opencti.Established, "7") },
		"given up":         func(b *bench) { b.happen(opencti.Abandoned, "7") },
		"used again":       func(b *bench) { b.happen(opencti.Diverted, "7"); b.happen(opencti.Initiated, "7") },
		"gone meanwhile":   func(b *bench) { b.sync(loggedIn()) },
		"closed":           func(b *bench) { b.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := treating(opencti.Full, soon)
				defer b.Close()
				b.happen(opencti.Offering, "7")
				time.Sleep(time.Second)
				end(b)
				time.Sleep(time.Minute)
				if asked := b.device.requests(); len(asked) > 0 {
					t.Errorf("%v", asked)
				}
			})
		})
	}
}

// A session that ends does not wait for what a treatment asked for.
func TestATreatmentEndsWithTheSession(t *testing.T) {
	b := treating(opencti.Full, atOnce)
	begun := make(chan struct{})
	b.device.do = func(ctx context.Context, _ opencti.Request) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}
	b.happen(opencti.Offering, "7")
	<-begun
	b.Close() // goleak sees whether it ends
}

func TestATreatmentFails(t *testing.T) {
	for name, tc := range map[string]struct {
		options []func(*Options)
		rule    opencti.TreatmentRule
		do      func(context.Context, opencti.Request) error
		code    opencti.ErrorCode
		done    string
	}{
		"the CTI server refuses": {nil, atOnce, func(context.Context, opencti.Request) error { return errors.New("no") }, opencti.Rejected, "AnswerCall:Rejected"},
		"the class cannot": {[]func(*Options){func(o *Options) { o.Class.Supported = []opencti.Activity{opencti.AnswerCall} }}, attaches, nil,
			opencti.NotSupportedByClass, "AttachData:NotSupportedByClass"},
		"this pod may not act": {[]func(*Options){func(o *Options) {
			o.MayAct = func() error { return opencti.Errorf(opencti.LinkDown, "not the holder") }
		}}, atOnce, nil, opencti.LinkDown, "AnswerCall:LinkDown"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(loggedIn(), append(tc.options, treats(opencti.Simple, tc.rule))...)
				defer b.Close()
				b.device.do = tc.do
				b.happen(opencti.Offering, "7", with{"ani": "555"})
				synctest.Wait()
				told := b.wantTold(t, "Offering 7 Offering", "RequestFailed")
				if f := told[1].Failed; f.Error.Code != tc.code || !strings.HasPrefix(f.RequestID, "treatment-") {
					t.Errorf("%+v", f)
				}
				if diff := cmp.Diff([]string{tc.done}, b.counts.done); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestARuleThatFails(t *testing.T) {
	b := treating(opencti.Full, opencti.TreatmentRule{Name: "fails", When: "int(call.ani) > 1", Answer: opencti.AnswerOnOffer})
	b.happen(opencti.Offering, "7", with{"ani": "many"})
	b.wantDropped(t, "EventPostProcessing")
	if e := b.wantTold(t, "Offering 7 Offering")[0]; e.Call.Treatment != nil {
		t.Errorf("%+v", e.Call.Treatment)
	}
}

// Data that comes late may bring the treatment that the offer did not get; one that it
// got stays.
func TestLateData(t *testing.T) {
	gold := opencti.TreatmentRule{Name: "gold", When: "call.variables['level'] == 'gold'"}
	b := treating(opencti.Simple, gold, opencti.TreatmentRule{Name: "silver", When: "call.variables['level'] == 'silver'"})
	level := func(l string) with { return with{"variables": map[string]string{"level": l}} }
	b.happen(opencti.Offering, "7")
	b.happen(opencti.CallInfo, "7", level("gold"))
	b.happen(opencti.CallInfo, "7", level("silver"))
	told := b.told()
	if told[0].Call.Treatment != nil || told[1].Call.Treatment.Rule != "gold" || told[2].Call.Treatment.Rule != "gold" {
		t.Errorf("%+v, %+v, %+v", told[0].Call, told[1].Call, told[2].Call)
	}
	b.happen(opencti.Offering, "8")
	b.happen(opencti.Established, "8")
	b.happen(opencti.CallInfo, "8", level("gold"))
	if c := b.state.calls["8"]; c.Treatment != nil {
		t.Errorf("it was answered: %+v", c.Treatment)
	}
}

// A transfer that is completed while it rings brings another caller.
func TestATransferIsTreatedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := treating(opencti.Full, opencti.TreatmentRule{Name: "colleague", When: "call.offeredBy == 'Consult'", Answer: opencti.AnswerAfterDelay, DelaySeconds: 5},
			opencti.TreatmentRule{Name: "customer", When: "call.offeredBy == 'Transfer'", ScreenPop: &opencti.ScreenPop{Interaction: "Service"}})
		defer b.Close()
		b.happen(opencti.Offering, "2", fromInside)
		b.perform(t, opencti.Request{Activity: opencti.AcceptInteraction, CallID: "2"})
		b.happen(opencti.Transferred, "2", goesOnAs("3"))
		told := b.told()
		if tr := told[2].Call.Treatment; told[0].Call.Treatment.Rule != "colleague" || tr.Rule != "customer" || !tr.Claimed {
			t.Errorf("%+v, then %+v", told[0].Call.Treatment, tr)
		}
		time.Sleep(time.Minute)
		if n := len(b.device.requests()); n > 0 {
			t.Error("it was answered by the treatment of the consult")
		}
	})
}

// A call that rang before this pod had the slot is treated when it is found.
func TestTreatmentAfterResync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(treats(opencti.Full, atOnce))
		defer b.Close()
		rings := loggedIn(callIn("7", opencti.Offering), callIn("8", opencti.Held))
		b.sync(rings)
		b.sync(rings)
		synctest.Wait()
		if c := b.told()[0].Snapshot.Calls; c[0].Treatment.Rule != "at once" || c[1].Treatment != nil {
			t.Errorf("%+v", c)
		}
		if diff := cmp.Diff([]string{"AnswerCall "}, asked(b)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAcceptInteraction(t *testing.T) {
	accept := opencti.Request{Activity: opencti.AcceptInteraction, CallID: "7", ID: "mine"}
	t.Run("the first has it", func(t *testing.T) {
		b := treating(opencti.Simple, onceBegun)
		b.happen(opencti.Offering, "7")
		b.told()
		for i, want := range []opencti.ErrorCode{"", opencti.SameState} {
			if e := b.perform(t, accept); e.Code != want {
				t.Errorf("%d: %+v", i, e)
			}
		}
		e := b.wantTold(t, "CallInfo 7 Offering")[0]
		want := &opencti.Treatment{Rule: "once begun", Answer: opencti.AnswerOnInteraction, ScreenPop: onceBegun.ScreenPop, Claimed: true}
		if diff := cmp.Diff(want, e.Call.Treatment); diff != "" || e.CausedBy != "mine" || len(e.Call.Capabilities) > 0 {
			t.Errorf("%+v %s", e, diff)
		}
	})
	t.Run("without a treatment", func(t *testing.T) {
		b := open(loggedIn(callIn("7", opencti.Offering)))
		b.perform(t, accept)
		if e := b.told()[0]; !cmp.Equal(e.Call.Treatment, &opencti.Treatment{Answer: opencti.AnswerManually, Claimed: true}) {
			t.Errorf("%+v", e.Call.Treatment)
		}
	})
	t.Run("it was answered at once", func(t *testing.T) {
		b := open(loggedIn(callIn("7", opencti.Offering)))
		b.happen(opencti.Established, "7")
		if e := b.perform(t, accept); e.Code != "" {
			t.Error(e)
		}
	})
	t.Run("the call is over", func(t *testing.T) {
		if e := open(loggedIn()).perform(t, accept); e.Code != opencti.NoSuchCall {
			t.Error(e)
		}
	})
	t.Run("it answers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := treating(opencti.Simple, onceBegun)
			defer b.Close()
			b.happen(opencti.Offering, "7")
			b.perform(t, accept)
			b.perform(t, accept)
			synctest.Wait()
			if diff := cmp.Diff([]string{"AnswerCall "}, asked(b)); diff != "" {
				t.Error(diff)
			}
			b.happen(opencti.Established, "7")
			told := b.wantTold(t, "Offering 7 Offering", "CallInfo 7 Offering", "Established 7 Established")
			if told[2].CausedBy != "mine" {
				t.Errorf("it is caused by %q", told[2].CausedBy)
			}
		})
	})
	t.Run("this pod may not", func(t *testing.T) {
		b := open(loggedIn(callIn("7", opencti.Offering)), func(o *Options) {
			o.MayAct = func() error { return opencti.Errorf(opencti.LinkDown, "not the holder") }
		})
		if e := b.perform(t, accept); e.Code != opencti.LinkDown {
			t.Errorf("%+v", e)
		}
	})
}
