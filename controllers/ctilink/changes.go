package ctilink

import (
	"context"
	"strconv"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// versions are the generations of a slot's document and of its Deployment.
type versions struct{ document, pods int64 }

// update is what a reconcile does to one slot.
type update struct {
	change plan.Change
	// was is what the cache showed before; zero for a slot that is being made.
	was versions
	// now is what was applied; zero when it could not be.
	now versions
}

// news says whether the update changed something just now.
func (u update) news() bool {
	if u.was == (versions{}) {
		return false
	}
	if u.change.Effect == plan.Roll {
		return u.now.pods > u.was.pods
	}
	return u.change.Effect != plan.Nothing && u.now.document > u.was.document
}

// classify says what the plan is about to do to each slot that exists already.
func (r *Reconciler) classify(ctx context.Context, s *scope) (ctrl.Result, error) {
	s.updates = map[string]*update{}
	for _, next := range s.plan.Slots {
		s.updates[next.Name] = &update{}
	}
	if !s.applicable() {
		return ctrl.Result{}, nil
	}
	for i, next := range s.plan.Slots {
		key := client.ObjectKey{Namespace: s.link.Namespace, Name: next.Name}
		slot, d := &v1alpha1.CTISlot{}, &appsv1.Deployment{}
		for _, o := range []client.Object{slot, d} {
			if err := r.Client.Get(ctx, key, o); client.IgnoreNotFound(err) != nil {
				return ctrl.Result{}, err
			}
		}
		if slot.Generation == 0 || d.Generation == 0 {
			continue // it is being made
		}
		template, err := s.plan.Template(i)
		if err != nil {
			return ctrl.Result{}, err
		}
		*s.updates[next.Name] = update{
			change: plan.Classify(slot.Spec, next.Spec, d.Spec.Template, template),
			was:    versions{slot.Generation, d.Generation},
		}
	}
	return ctrl.Result{}, nil
}

// tell tells people once what a change does to those who work.
func (r *Reconciler) tell(_ context.Context, s *scope) (ctrl.Result, error) {
	s.told = map[string]told{}
	for name, u := range s.updates {
		key := client.ObjectKey{Namespace: s.link.Namespace, Name: name}
		if u.news() && r.changes.note(key, told{u.change, u.now}) {
			said := announcement(name, u.change)
			r.Recorder.Eventf(s.link, nil, corev1.EventTypeNormal, said.Reason, "Apply", "%s", said.Text)
		}
		s.told[name] = r.changes.last(key)
	}
	return ctrl.Result{}, nil
}

func announcement(slot string, c plan.Change) messages.Sentence {
	m := messages.HotChange
	switch c.Effect {
	case plan.Roll:
		m = messages.RollChange
	case plan.Reconnect:
		m = messages.ReconnectChange
	}
	return m.Say("slot", slot, "why", c.String())
}

// underway is the work being done on a slot, if there is any.
func (s *scope) underway() messages.Sentence {
	for _, slot := range s.observed {
		last := s.told[slot.Name]
		pods := slot.pods
		started := last.change.Effect == plan.Roll && last.pods == slot.podsGeneration
		if pods.Replicas > pods.UpdatedReplicas || started && pods.ObservedGeneration < slot.podsGeneration {
			replaced := pods.UpdatedReplicas
			if pods.ObservedGeneration < slot.podsGeneration {
				replaced = 0 // it still speaks of the template before
			}
			why := "pod template changed"
			if last.change.Effect == plan.Roll {
				why = last.change.String()
			}
			return messages.RollingOut.Say("slot", slot.Name, "why", why,
				"new", strconv.Itoa(int(replaced)), "all", strconv.Itoa(int(plan.Replicas(s.link))))
		}
		if slot.Status.ObservedGeneration < s.newest(slot) && last.document == s.newest(slot) && last.change.Effect != plan.Roll {
			return announcement(slot.Name, last.change)
		}
	}
	return messages.Sentence{}
}

// told is the last change of a slot that people were told of.
type told struct {
	change plan.Change
	versions
}

// changes remembers what was told: a cache that lags behind shows the same change
// twice.
type changes struct {
	mu    sync.Mutex
	known map[client.ObjectKey]told
}

// note says whether a change is new.
func (c *changes) note(slot client.ObjectKey, t told) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[client.ObjectKey]told{}
	}
	if c.known[slot].versions == t.versions {
		return false
	}
	c.known[slot] = t
	return true
}

func (c *changes) last(slot client.ObjectKey) told {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[slot]
}

// forget drops what is known of the slots of a link that is gone.
func (c *changes) forget(link client.ObjectKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, client.ObjectKey{Namespace: link.Namespace, Name: plan.SlotName(link.Name, 0)})
}
