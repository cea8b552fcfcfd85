package conditions

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/controllers/messages"
)

func TestSummarize(t *testing.T) {
	why, work := messages.Sentence{Reason: "R", Text: "m"}, messages.Sentence{Reason: "W", Text: "w"}
	stuck := messages.Sentence{Reason: "S", Text: "s", Stalled: true}
	for name, tc := range map[string]struct {
		verdict Verdict
		want    map[string]string
	}{
		"ready":           {Verdict{Ready: true, Why: why}, map[string]string{"Ready": "True R", "Reconciling": "False Ready", "Stalled": "False NotStalled"}},
		"ready and busy":  {Verdict{Ready: true, Why: why, Underway: work}, map[string]string{"Ready": "True R", "Reconciling": "True W", "Stalled": "False NotStalled"}},
		"waiting":         {Verdict{Why: why}, map[string]string{"Ready": "False R", "Reconciling": "True R", "Stalled": "False NotStalled"}},
		"at work":         {Verdict{Why: why, Underway: work}, map[string]string{"Ready": "False R", "Reconciling": "True W", "Stalled": "False NotStalled"}},
		"stalled":         {Verdict{Why: stuck}, map[string]string{"Ready": "False S", "Reconciling": "False S", "Stalled": "True S"}},
		"stalled at work": {Verdict{Why: stuck, Underway: work}, map[string]string{"Ready": "False S", "Reconciling": "False S", "Stalled": "True S"}},
	} {
		t.Run(name, func(t *testing.T) {
			var list []metav1.Condition
			Summarize(&list, 3, tc.verdict)
			got := map[string]string{}
			for _, c := range list {
				got[c.Type] = string(c.Status) + " " + c.Reason
				if c.ObservedGeneration != 3 || c.Reason == "" {
					t.Errorf("%s: generation %d, reason %q", c.Type, c.ObservedGeneration, c.Reason)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			before := append([]metav1.Condition(nil), list...)
			Summarize(&list, 3, tc.verdict)
			if diff := cmp.Diff(before, list); diff != "" {
				t.Errorf("the same verdict changed something:\n%s", diff)
			}
		})
	}
}

func TestPause(t *testing.T) {
	var list []metav1.Condition
	Summarize(&list, 1, Verdict{Ready: true, Why: messages.Sentence{Reason: "R", Text: "m"}})
	before := append([]metav1.Condition(nil), list...)
	Pause(&list, 2, messages.LinkPaused.Say())
	for kind, want := range map[string]string{"Ready": "True 1", "Stalled": "False 1", "Paused": "True 2", "Reconciling": "False 2"} {
		c := meta.FindStatusCondition(list, kind)
		if got := fmt.Sprintf("%s %d", c.Status, c.ObservedGeneration); got != want {
			t.Errorf("%s is %s, want %s", kind, got, want)
		}
	}
	Resume(&list)
	Summarize(&list, 1, Verdict{Ready: true, Why: messages.Sentence{Reason: "R", Text: "m"}})
	if diff := cmp.Diff(before, list); diff != "" {
		t.Errorf("a pause leaves traces (-before +after):\n%s", diff)
	}
}

func TestLongMessageIsCut(t *testing.T) {
	var list []metav1.Condition
	Set(&list, 1, "Ready", metav1.ConditionFalse, "R", strings.Repeat("é", maxMessage))
	got := meta.FindStatusCondition(list, "Ready").Message
	if len(got) > maxMessage || !utf8.ValidString(got) || !strings.HasSuffix(got, "é…") {
		t.Errorf("%d bytes, ends in %q", len(got), got[len(got)-5:])
	}
}

func TestChanged(t *testing.T) {
	list := func(status metav1.ConditionStatus, reason string) []metav1.Condition {
		return []metav1.Condition{{Type: "Ready", Status: status, Reason: reason}}
	}
	for name, tc := range map[string]struct {
		before, after []metav1.Condition
		want          bool
	}{
		"nothing at all": {},
		"new":            {nil, list("True", "R"), true},
		"the same":       {list("True", "R"), list("True", "R"), false},
		"status":         {list("True", "R"), list("False", "R"), true},
		"reason":         {list("False", "R"), list("False", "S"), true},
	} {
		if _, got := Changed(tc.before, tc.after, "Ready"); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
