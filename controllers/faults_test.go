package controllers_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// TestOperatorStumblesAtEveryWrite cuts each reconcile off at each of its writes in
// turn: the request gets lost, or only its answer does, as when the operator dies
// right after it. Either way the link must become whole.
func TestOperatorStumblesAtEveryWrite(t *testing.T) {
	for name, answerOnly := range map[string]bool{"request lost": false, "answer lost": true} {
		t.Run(name, func(t *testing.T) {
			ns := newNamespace(t)
			faults := &stumble{answerOnly: answerOnly, seen: map[string]bool{}}
			config := rest.CopyConfig(operatorConfig)
			config.Wrap(func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) { return faults.send(next, r) })
			})
			create(t, classObject("stumble"))
			create(t, linkObject(ns, "support", "stumble"))
			create(t, poolObject(ns, "day", "support", "4001"))
			startOperatorWith(t, ns, config)
			agentsAre(t, ns, "support-0", "4001/day")
			serve(t, ns, "support")
			poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
			if n := len(versions(t, ns)); n != 14 {
				t.Errorf("%d objects, want 14", n)
			}
			// Nine kinds of children and the Secrets, three statuses.
			if n := faults.count(); n < 12 {
				t.Errorf("only %d writes were disturbed", n)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// stumble fails the first write to each address.
type stumble struct {
	answerOnly bool

	mu   sync.Mutex
	seen map[string]bool
}

var errStumble = errors.New("the connection broke")

func (s *stumble) send(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	if !s.hits(r) {
		return next.RoundTrip(r)
	}
	if s.answerOnly {
		answer, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		return nil, errors.Join(errStumble, answer.Body.Close())
	}
	return nil, errStumble
}

func (s *stumble) hits(r *http.Request) bool {
	write := r.Method == http.MethodPost || r.Method == http.MethodPatch
	leading := strings.Contains(r.URL.Path, operatorNamespace+"/leases")
	if !write || leading {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	where := r.Method + " " + r.URL.Path
	first := !s.seen[where]
	s.seen[where] = true
	return first
}

func (s *stumble) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}
