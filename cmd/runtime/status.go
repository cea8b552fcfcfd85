package main

import (
	"context"
	"errors"
	"sort"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

const (
	// countsInterval is how often numbers alone may cause a write.
	countsInterval = 30 * time.Second
	// settle gathers changes that come together into one write.
	settle = 100 * time.Millisecond
	// statusTimeout bounds one write.
	statusTimeout = 5 * time.Second
)

// report keeps the slot's status true while this pod holds it: what a person waits
// for at once, counts at most every 30 seconds, nothing while nothing changes.
func (p *pod) report(ctx context.Context, l *link.Link, epoch int64) {
	p.mu.Lock()
	written := p.document.Status
	p.mu.Unlock()
	var last time.Time
	for {
		st, changed := l.Status()
		want, news := p.status(st, epoch)
		delivers, sinkChanged := p.sink.status()
		if delivers != nil {
			want.Conditions = append(want.Conditions, condition(want.ObservedGeneration, v1alpha1.ConditionEventSink, *delivers))
		}
		wait := time.Duration(0)
		if onlyCounts(written, want) {
			wait = time.Until(last.Add(countsInterval))
		}
		if wait <= 0 {
			if next, err := p.write(ctx, written, want); err == nil {
				written, last = next, time.Now()
			} else if ctx.Err() == nil {
				p.log.Warn("Cannot write the slot's status", "error", err)
				wait = time.Second
			}
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
			p.leave(written, epoch)
			return
		case <-changed:
		case <-news:
		case <-sinkChanged:
		case <-timer:
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(settle):
		}
	}
}

func (p *pod) write(ctx context.Context, old, want v1alpha1.CTISlotStatus) (v1alpha1.CTISlotStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	return p.slot.WriteStatus(ctx, old, want)
}

// leave says that nobody holds the slot, when this pod goes in an orderly way. It
// must not do so once the slot is another's.
func (p *pod) leave(written v1alpha1.CTISlotStatus, epoch int64) {
	if p.ownership.MayAct() != nil {
		return
	}
	want := v1alpha1.CTISlotStatus{
		ObservedGeneration: written.ObservedGeneration, Epoch: epoch, Connection: v1alpha1.ConnectionDisconnected,
		Conditions: conditions(written.ObservedGeneration,
			verdict{metav1.ConditionUnknown, v1alpha1.ReasonPending, "Waiting for a pod to take the slot"},
			verdict{metav1.ConditionFalse, v1alpha1.ReasonDisconnected, "The pod that held the slot has gone; the next one connects"}),
	}
	if _, err := p.write(context.Background(), written, want); err != nil {
		p.log.Warn("Cannot write the slot's status", "error", err)
	}
}

// status is what the slot's status should say, and a channel closed at the next
// document.
func (p *pod) status(st link.Status, epoch int64) (v1alpha1.CTISlotStatus, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := v1alpha1.CTISlotStatus{
		ObservedGeneration: st.Generation, Holder: p.name, Epoch: epoch, Connection: st.Connection, Sessions: int32(st.Sessions),
	}
	for pool, n := range st.SessionsByPool {
		if pool != "" {
			out.SessionsByPool = append(out.SessionsByPool, v1alpha1.PoolSessions{Pool: pool, Sessions: int32(n)})
		}
	}
	sort.Slice(out.SessionsByPool, func(i, j int) bool { return out.SessionsByPool[i].Pool < out.SessionsByPool[j].Pool })
	if p.refused != nil && st.Generation == 0 {
		// No document was ever in force: there is nothing to connect with.
		st.Connection, st.Problem = v1alpha1.ConnectionDisconnected, p.refused
		out.Connection = st.Connection
	}
	out.Conditions = conditions(p.document.Generation, applied(p.refused, st), connected(st))
	if st.Closed {
		out.Conditions = append(out.Conditions, condition(p.document.Generation, v1alpha1.ConditionClosed,
			verdict{metav1.ConditionTrue, v1alpha1.ReasonClosed, "Every session is closed"}))
	}
	return out, p.news
}

// verdict is one condition without its type.
type verdict struct {
	status          metav1.ConditionStatus
	reason, message string
}

// applied says whether the newest document, and what is mounted, is in force.
func applied(refused error, st link.Status) verdict {
	if refused == nil {
		refused = st.Refused
	}
	if refused == nil {
		return verdict{metav1.ConditionTrue, v1alpha1.ReasonApplied, "The newest configuration is in force"}
	}
	reason, message := why(refused)
	if st.Generation == 0 {
		return verdict{metav1.ConditionFalse, reason, "No configuration is in force, this one does not work: " + message}
	}
	return verdict{metav1.ConditionFalse, reason, "The last good configuration stays in force, the new one does not work: " + message}
}

// connected says whether the CTI server is connected.
func connected(st link.Status) verdict {
	switch st.Connection {
	case v1alpha1.ConnectionConnected:
		return verdict{metav1.ConditionTrue, v1alpha1.ReasonConnected, "Connected to the CTI server"}
	case v1alpha1.ConnectionConnecting:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonConnecting, "Connecting to the CTI server"}
	}
	reason, message := why(st.Problem)
	return verdict{metav1.ConditionFalse, reason, "Not connected: " + message}
}

// why puts an error into words of our own, with what to mend: what the CTI server
// says stays in the log.
func why(err error) (reason, message string) {
	var config *opencti.ConfigError
	if errors.As(err, &config) {
		return v1alpha1.ReasonInvalidConfig, config.Error()
	}
	if wrong := rules.First(err); wrong != nil {
		return v1alpha1.ReasonInvalidRules, "this runtime image cannot run a rule, " + wrong.Where() + ": " + wrong.What()
	}
	switch e := opencti.AsError(err); {
	case e != nil && e.Code == opencti.AuthenticationFailed:
		return v1alpha1.ReasonAuthFailed, "the CTI server refuses the user or password; correct them in spec.config or in the Secret of spec.configFrom"
	case e != nil && e.Code == opencti.Forbidden:
		return v1alpha1.ReasonForbidden, "the CTI server lets this user in, but not do what the class needs; give the user these rights there"
	case e != nil && e.Code == opencti.LicenceExhausted:
		return v1alpha1.ReasonLicence, "the CTI server has no licence left for this link; free one or add licences there"
	case e != nil && e.Code == opencti.InvalidRequest:
		return v1alpha1.ReasonUnknownDriver, "this runtime image does not have the class's driver; use an image that has it"
	}
	return v1alpha1.ReasonDisconnected, "the CTI server cannot be reached; check its address in spec.config, and that it runs"
}

// conditions makes the slot's conditions; Ready is the worst of the others.
func conditions(generation int64, applied, connected verdict) []metav1.Condition {
	ready := verdict{metav1.ConditionTrue, v1alpha1.ReasonReady, "The slot works"}
	for _, v := range []verdict{applied, connected} {
		if v.status != metav1.ConditionTrue {
			ready = verdict{metav1.ConditionFalse, v.reason, v.message}
			break
		}
	}
	return []metav1.Condition{
		condition(generation, v1alpha1.ConditionReady, ready), condition(generation, v1alpha1.ConditionApplied, applied),
		condition(generation, v1alpha1.ConditionConnected, connected),
	}
}

func condition(generation int64, kind string, v verdict) metav1.Condition {
	return metav1.Condition{Type: kind, Status: v.status, Reason: v.reason, Message: v.message, ObservedGeneration: generation}
}

// onlyCounts says whether two statuses differ in nothing but numbers.
func onlyCounts(a, b v1alpha1.CTISlotStatus) bool {
	if a.Holder != b.Holder || a.Epoch != b.Epoch || a.Connection != b.Connection || a.ObservedGeneration != b.ObservedGeneration ||
		len(a.Conditions) != len(b.Conditions) {
		return false
	}
	for i, c := range a.Conditions {
		d := b.Conditions[i]
		if c.Type != d.Type || c.Status != d.Status || c.Reason != d.Reason || c.Message != d.Message || c.ObservedGeneration != d.ObservedGeneration {
			return false
		}
	}
	return true
}
