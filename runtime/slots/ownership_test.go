package slots

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestAFreeSlotIsTakenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		start := time.Now()
		p := run(t, a, "a")
		synctest.Wait()
		if !p.mayAct() || !time.Now().Equal(start) {
			t.Fatalf("after %v it may not act", time.Since(start))
		}
		holder, _ := p.Holder()
		want := Holder{Identity: p.Identity(), Pod: "a", Address: "a:9443", Epoch: p.held()[0].epoch}
		if diff := cmp.Diff(want, holder); diff != "" {
			t.Error(diff)
		}
		if want.Epoch != start.UnixMilli() {
			t.Errorf("epoch %d, the clock says %d", want.Epoch, start.UnixMilli())
		}
		if first := a.history()[0]; first.epoch != want.Epoch || first.address != "a:9443" || first.pod != "a" {
			t.Errorf("epoch, address and pod are not in the update that acquires: %+v", first)
		}
	})
}

func TestAForeignLeaseIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.hold("uid-z/dead", 0)
		start := time.Now()
		p := run(t, a, "a")
		time.Sleep(LeaseDuration - time.Millisecond)
		synctest.Wait()
		if len(p.held()) > 0 || p.MayAct() == nil {
			t.Fatal("it did not wait")
		}
		if h, _ := p.Holder(); h.Identity != "uid-z/dead" {
			t.Errorf("meanwhile the holder is %+v", h)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if h := p.held(); len(h) != 1 || h[0].start.Sub(start) != LeaseDuration {
			t.Errorf("%+v", h)
		}
	})
}

// A holder that dies without a word is followed when its Lease has run out, not later.
func TestASilentHolderIsFollowedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		synctest.Wait()
		next := run(t, a, "b")
		time.Sleep(12 * time.Second)
		last := a.history()[len(a.history())-1].at
		p.client.cut(true)
		time.Sleep(LeaseDuration)
		synctest.Wait()
		if h := next.held(); len(h) != 1 || h[0].start.Sub(last) != LeaseDuration {
			t.Errorf("%+v; the last renewal was at %v", h, last)
		}
	})
}

// What is written at rest: a renewal every five seconds, and nothing else is asked.
func TestAtRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		standby := run(t, a, "b")
		time.Sleep(time.Second)
		gets := 0
		for _, c := range []*client{p.client, standby.client} {
			c.mu.Lock()
			c.before = func(_ context.Context, verb string) error {
				if verb == "get" {
					gets++
				}
				return nil
			}
			c.mu.Unlock()
		}
		before := len(a.history())
		time.Sleep(10 * time.Minute)
		if writes := len(a.history()) - before; writes != 120 || gets > 0 {
			t.Errorf("%d writes and %d readings in ten minutes", writes, gets)
		}
	})
}

func TestALeaseThatIsRenewedIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		holder := run(t, a, "a")
		synctest.Wait()
		standby := run(t, a, "b")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !holder.mayAct() || len(holder.held()) != 1 || len(standby.held()) > 0 {
			t.Errorf("holder %+v, standby %+v", holder.held(), standby.held())
		}
	})
}

func TestARestartedContainerTakesItsPodsLeaseBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		future := time.Now().Add(time.Hour).UnixMilli()
		a.hold("uid-a/former", future)
		start := time.Now()
		p := run(t, a, "a")
		synctest.Wait()
		if !p.mayAct() || time.Since(start) > 0 {
			t.Fatalf("after %v it may not act", time.Since(start))
		}
		if e := p.held()[0].epoch; e != future+1 {
			t.Errorf("epoch %d is not the next after %d: clocks may go back", e, future)
		}
	})
}

func TestAPodOfASimilarNameIsForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.hold("uid-a2/x", 0)
		p := run(t, a, "a")
		synctest.Wait()
		if p.mayAct() {
			t.Error("it took another pod's Lease")
		}
	})
}

func TestMayActEndsAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		synctest.Wait()
		p.client.cut(true)
		time.Sleep(Deadline - time.Nanosecond)
		if err := p.MayAct(); err != nil {
			t.Errorf("before the deadline: %v", err)
		}
		time.Sleep(time.Nanosecond)
		var refused *opencti.Error
		if err := p.MayAct(); !errors.As(err, &refused) || refused.Code != opencti.LinkDown {
			t.Errorf("at the deadline: %v", err)
		}
	})
}

func TestTheDeadlineCountsFromBeforeTheRenewalWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		synctest.Wait()
		p.client.mu.Lock()
		p.client.before = func(context.Context, string) error { time.Sleep(4 * time.Second); return nil }
		p.client.mu.Unlock()
		time.Sleep(renewPeriod + 4*time.Second) // one slow renewal has come through
		synctest.Wait()
		p.client.cut(true)
		time.Sleep(Deadline - 4*time.Second)
		if p.MayAct() == nil {
			t.Error("the time on the way counts for us")
		}
	})
}

func TestLosingAndCompetingAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		synctest.Wait()
		p.client.cut(true)
		time.Sleep(2*Deadline + retryPeriod)
		synctest.Wait()
		if p.isWorking() {
			t.Fatal("the work goes on without a Lease")
		}
		p.client.cut(false)
		time.Sleep(LeaseDuration + 3*retryPeriod)
		synctest.Wait()
		if h := p.held(); len(h) != 2 || !p.mayAct() || h[1].epoch <= h[0].epoch {
			t.Errorf("%+v", h)
		}
	})
}

func TestTheWorkEndsBeforeTheSlotIsGivenBack(t *testing.T) {
	for name, end := range map[string]func(*process){
		"the process stops": func(p *process) { go p.stop() },
		"the renewals failed": func(p *process) {
			p.client.cut(true)
			time.Sleep(Deadline + retryPeriod + time.Second)
			p.client.cut(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAPI()
				p := run(t, a, "a")
				p.lingers(3 * time.Second)
				synctest.Wait()
				end(p)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				ended := p.held()[0].end
				given := slices.IndexFunc(a.history(), func(w write) bool { return w.holder == "" })
				if given < 0 {
					t.Fatal("the slot was not given back")
				}
				if at := a.history()[given].at; at.Before(ended) {
					t.Errorf("given back %v before the work ended", ended.Sub(at))
				}
			})
		})
	}
}

func TestTheNextHolderNeedNotWaitForWhoGoesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		synctest.Wait()
		next := run(t, a, "b")
		synctest.Wait()
		p.stop()
		synctest.Wait()
		if !next.mayAct() {
			t.Error("the standby does not hold the slot at once")
		}
		if h := next.held(); h[0].epoch <= p.held()[0].epoch {
			t.Errorf("epoch %d after %d", h[0].epoch, p.held()[0].epoch)
		}
	})
}

func TestAStandbyStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.hold("uid-z/x", 0)
		p := run(t, a, "a")
		synctest.Wait()
		start := time.Now()
		p.stop()
		if time.Since(start) > 0 || len(a.history()) > 0 {
			t.Errorf("it took %v and wrote %v", time.Since(start), a.history())
		}
	})
}

// Somebody, an administrator or the operator, gives the Lease to another pod.
func TestALeaseThatIsTakenAwayIsLostAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		synctest.Wait()
		a.hold("uid-z/x", 0)
		time.Sleep(retryPeriod)
		synctest.Wait()
		if p.isWorking() || p.MayAct() == nil {
			t.Error("it goes on under another's Lease")
		}
		if a.get().Spec.HolderIdentity == nil || *a.get().Spec.HolderIdentity != "uid-z/x" {
			t.Error("it took the Lease back")
		}
	})
}

func TestALostAnswerDoesNotLoseTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		p := run(t, a, "a")
		p.client.mu.Lock()
		updates := 0
		p.client.after = func(_ context.Context, verb string) error {
			if verb == "update" {
				updates++
				if updates%2 == 1 {
					return errCut
				}
			}
			return nil
		}
		p.client.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if h := p.held(); len(h) != 1 || !p.mayAct() {
			t.Errorf("%+v", h)
		}
		if holder, _ := p.Holder(); holder.Epoch != p.held()[0].epoch {
			t.Errorf("the Lease has epoch %d, the work %d", holder.Epoch, p.held()[0].epoch)
		}
	})
}

func TestHolderWakesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.hold("uid-z/x", 7)
		p := run(t, a, "a")
		synctest.Wait()
		_, looked := p.Holder()
		if err := p.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-looked
		if h, _ := p.Holder(); h.Epoch != 7 {
			t.Errorf("%+v", h)
		}
		p.client.cut(true)
		if err := p.Refresh(t.Context()); !errors.Is(err, errCut) {
			t.Errorf("%v", err)
		}
	})
}

// Pods that come, go and crash, and an API server that fails, answers late, or does
// what was asked and loses the answer: never two owners, and no epoch twice.
func TestNeverTwoOwners(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newChaos(t, seed).run() })
		})
	}
}

type chaos struct {
	t     *testing.T
	r     *rand.Rand
	api   *api
	alive map[string]*process // by pod
	all   []*process
}

func newChaos(t *testing.T, seed uint64) *chaos {
	return &chaos{t: t, r: rand.New(rand.NewPCG(seed, 0)), api: newAPI(), alive: map[string]*process{}}
}

func (c *chaos) start(pod string) {
	p := run(c.t, c.api, pod)
	p.lingers(time.Duration(c.r.IntN(2000)) * time.Millisecond)
	c.alive[pod] = p
	c.all = append(c.all, p)
}

// crash ends a process as a kill does: nothing of it reaches the API server any more.
func (c *chaos) crash(pod string) {
	c.alive[pod].client.cut(true)
	delete(c.alive, pod)
}

func (c *chaos) disturb(pod string) {
	client, odds := c.alive[pod].client, c.r.IntN(100)
	seed := c.r.Uint64()
	fault := func() func(context.Context, string) error {
		r := rand.New(rand.NewPCG(seed, 1))
		return func(ctx context.Context, _ string) error {
			client.mu.Lock()
			fails, wait := r.IntN(100) < odds, time.Duration(r.IntN(1500))*time.Millisecond
			client.mu.Unlock()
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return ctx.Err()
			}
			if fails {
				return errCut
			}
			return nil
		}
	}
	client.mu.Lock()
	client.before, client.after = fault(), fault()
	client.mu.Unlock()
}

func (c *chaos) step() {
	pod := []string{"a", "b", "c"}[c.r.IntN(3)]
	if c.alive[pod] == nil {
		c.start(pod)
		return
	}
	switch c.r.IntN(8) {
	case 0:
		c.crash(pod)
	case 1:
		p := c.alive[pod]
		delete(c.alive, pod)
		p.client.cut(false)
		go p.stop()
	case 2, 3:
		c.disturb(pod)
	case 4:
		c.alive[pod].client.cut(true)
	default:
		c.alive[pod].client.mu.Lock()
		c.alive[pod].client.before, c.alive[pod].client.after = nil, nil
		c.alive[pod].client.mu.Unlock()
	}
}

func (c *chaos) run() {
	acted := 0
	for range 3 * 60 * 20 { // an hour
		if c.r.IntN(10) == 0 {
			c.step()
		}
		for range 10 {
			time.Sleep(100 * time.Millisecond)
			acted += c.check()
		}
		for _, p := range c.alive {
			if c.r.IntN(3) == 0 {
				go func() { _ = p.Refresh(c.t.Context()) }()
			}
		}
	}
	if acted == 0 {
		c.t.Error("nobody ever held the slot: the schedule shows nothing")
	}
	c.checkEpochs()
}

func (c *chaos) check() (owners int) {
	var who []string
	for _, p := range c.alive {
		if p.mayAct() {
			who = append(who, p.Identity())
		}
	}
	if len(who) > 1 {
		c.t.Fatalf("two owners: %v", who)
	}
	return len(who)
}

func (c *chaos) checkEpochs() {
	seen := map[int64]string{}
	last := int64(0)
	for _, w := range c.api.history() {
		if w.holder == "" {
			continue
		}
		if was, ok := seen[w.epoch]; ok && was != w.holder {
			c.t.Errorf("epoch %d is that of %s and of %s", w.epoch, was, w.holder)
		}
		if w.epoch < last {
			c.t.Errorf("epoch %d after %d", w.epoch, last)
		}
		seen[w.epoch], last = w.holder, w.epoch
	}
	terms := map[int64]bool{}
	for _, p := range c.all {
		for _, term := range p.held() {
			if terms[term.epoch] {
				c.t.Errorf("two terms of epoch %d", term.epoch)
			}
			terms[term.epoch] = true
		}
	}
}
