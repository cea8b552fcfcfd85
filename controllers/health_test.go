package controllers_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// healths are the words of Argo CD for those of kstatus.
var healths = map[status.Status]string{
	status.CurrentStatus: "Healthy", status.InProgressStatus: "Progressing",
	status.FailedStatus: "Degraded", status.TerminatingStatus: "Progressing",
}

// clean complains when kstatus or Argo CD see an object otherwise than its own
// conditions say, or when a message was left unfilled. Every status that a test
// waits for comes by here.
func clean(o client.Object, list []metav1.Condition) error {
	kstatus, err := kstatusOf(o)
	if err != nil {
		return err
	}
	health, err := healthOf(o)
	if err != nil {
		return err
	}
	paused := meta.IsStatusConditionTrue(list, v1alpha1.ConditionPaused)
	if want := healths[kstatus]; health != want && !paused {
		return fmt.Errorf("%s: Argo CD says %s where kstatus says %s", o.GetName(), health, kstatus)
	}
	isTrue := func(kind string) bool { return meta.IsStatusConditionTrue(list, kind) }
	current := observedGeneration(o) == o.GetGeneration()
	switch {
	case !o.GetDeletionTimestamp().IsZero(), paused:
	case kstatus == status.CurrentStatus && (!isTrue(v1alpha1.ConditionReady) || !current):
		return fmt.Errorf("%s: kstatus says Current of an object that is not ready", o.GetName())
	case current && isTrue(v1alpha1.ConditionStalled) != (kstatus == status.FailedStatus):
		return fmt.Errorf("%s: kstatus says %s, Stalled is %v", o.GetName(), kstatus, isTrue(v1alpha1.ConditionStalled))
	}
	for _, c := range list {
		if strings.ContainsAny(c.Message, "{}") || c.Message == "" {
			return fmt.Errorf("%s: message of %s is %q", o.GetName(), c.Type, c.Message)
		}
	}
	return nil
}

func observedGeneration(o client.Object) int64 {
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return -1
	}
	n, _, _ := unstructured.NestedInt64(u, "status", "observedGeneration")
	return n
}

func kstatusOf(o client.Object) (status.Status, error) {
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return "", err
	}
	r, err := status.Compute(&unstructured.Unstructured{Object: u})
	if err != nil {
		return "", err
	}
	return r.Status, nil
}

var healthScript = sync.OnceValues(func() ([]byte, error) {
	return os.ReadFile(filepath.Join("..", "config", "argocd", "health.lua"))
})

// healthOf runs the script as Argo CD does: the object is the global obj, and what
// it returns has a status and a message.
func healthOf(o client.Object) (string, error) {
	script, err := healthScript()
	if err != nil {
		return "", err
	}
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return "", err
	}
	l := lua.NewState()
	defer l.Close()
	l.SetGlobal("obj", luaValue(l, u))
	if err := l.DoString(string(script)); err != nil {
		return "", err
	}
	answer, ok := l.Get(-1).(*lua.LTable)
	if !ok || answer.RawGetString("message").Type() != lua.LTString {
		return "", errors.New("the script returned no table with a message")
	}
	return answer.RawGetString("status").String(), nil
}

func luaValue(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		t := l.NewTable()
		for _, e := range v {
			t.Append(luaValue(l, e))
		}
		return t
	case map[string]any:
		t := l.NewTable()
		for k, e := range v {
			t.RawSetString(k, luaValue(l, e))
		}
		return t
	}
	return lua.LNil
}

// TestHealth provokes each answer of the script.
func TestHealth(t *testing.T) {
	condition := func(kind string, status metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: "R", Message: "m"}
	}
	for name, tc := range map[string]struct {
		conditions []metav1.Condition
		observed   int64
		deleted    bool
		want       string
		kstatus    status.Status
	}{
		"ready":         {conditions: []metav1.Condition{condition("Ready", "True")}, observed: 2, want: "Healthy", kstatus: status.CurrentStatus},
		"unknown":       {conditions: []metav1.Condition{condition("Ready", "Unknown")}, want: "Progressing", kstatus: status.InProgressStatus},
		"old":           {conditions: []metav1.Condition{condition("Ready", "True")}, observed: 1, want: "Progressing", kstatus: status.InProgressStatus},
		"rolling out":   {conditions: []metav1.Condition{condition("Ready", "True"), condition("Reconciling", "True")}, observed: 2, want: "Progressing", kstatus: status.InProgressStatus},
		"stalled":       {conditions: []metav1.Condition{condition("Ready", "False"), condition("Stalled", "True")}, observed: 2, want: "Degraded", kstatus: status.FailedStatus},
		"paused":        {conditions: []metav1.Condition{condition("Ready", "True"), condition("Paused", "True")}, observed: 1, want: "Suspended", kstatus: status.InProgressStatus},
		"being deleted": {conditions: []metav1.Condition{condition("Ready", "False"), condition("Stalled", "True")}, observed: 2, deleted: true, want: "Progressing", kstatus: status.TerminatingStatus},
	} {
		t.Run(name, func(t *testing.T) {
			o := linkObject("ns", "support", "c")
			o.Generation, o.Status.Conditions, o.Status.ObservedGeneration = 2, tc.conditions, tc.observed
			if tc.deleted {
				o.DeletionTimestamp = new(metav1.Now())
			}
			health, err := healthOf(o)
			if err != nil || health != tc.want {
				t.Errorf("health is %s, %v; want %s", health, err, tc.want)
			}
			if got, err := kstatusOf(o); err != nil || got != tc.kstatus {
				t.Errorf("kstatus is %s, %v; want %s", got, err, tc.kstatus)
			}
		})
	}
}
