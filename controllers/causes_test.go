package controllers_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// says waits until a condition of a link has a reason and exactly this message.
func says(t *testing.T, namespace, link, kind, reason, message string) {
	t.Helper()
	eventually(t, func() error {
		l := get(t, namespace, link, &v1alpha1.CTILink{})
		if err := clean(l, l.Status.Conditions); err != nil {
			return err
		}
		c := meta.FindStatusCondition(l.Status.Conditions, kind)
		if c == nil {
			return fmt.Errorf("there is no condition %s", kind)
		}
		if diff := cmp.Diff([]string{reason, message}, []string{c.Reason, c.Message}); diff != "" {
			return errors.New(kind + " (-want +got):\n" + diff)
		}
		return nil
	})
}

// reportSaying is report with the pod's own message.
func reportSaying(t *testing.T, namespace, slot, kind, reason, message string) {
	t.Helper()
	report(t, namespace, slot, metav1.ConditionTrue, v1alpha1.ReasonConnected, func(s *v1alpha1.CTISlotStatus) {
		meta.SetStatusCondition(&s.Conditions, metav1.Condition{
			Type: kind, Status: metav1.ConditionFalse, Reason: reason, Message: message, ObservedGeneration: s.ObservedGeneration})
	})
}

// TestLinkSaysWhatToMend provokes what a pod can report, reads the exact sentence
// in the link, and sees it mended.
func TestLinkSaysWhatToMend(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("mend", func(s *v1alpha1.ImplementationClassSpec) {
		s.Parameters = append(s.Parameters, v1alpha1.Parameter{Name: "timeout", Type: "duration"})
	}))
	create(t, linkObject(ns, "support", "mend", func(s *v1alpha1.CTILinkSpec) {
		s.ConfigFrom = []v1alpha1.ConfigSource{
			{SecretRef: &v1alpha1.LocalObjectReference{Name: "login"}}, {ConfigMapRef: &v1alpha1.LocalObjectReference{Name: "site"}}}
	}))
	serve(t, ns, "support")

	const sources = `Secret "login" or ConfigMap "site"`
	refuses := func(key, problem string) string {
		return "Not connected: " + (&opencti.ConfigError{Key: key, Problem: problem}).Error()
	}
	missing := opencti.CheckConfig([]opencti.Parameter{{Name: "password", Required: true}}, nil).Error()
	for name, tc := range map[string]struct {
		kind, reason, pod string
		want              string
	}{
		"switch does not answer": {v1alpha1.ConditionConnected, v1alpha1.ReasonDisconnected, "",
			"The CTI server does not answer slot support-0, which keeps trying; check host and port in spec.config, that the server runs, and the network between."},
		"switch refuses the password": {v1alpha1.ConditionConnected, v1alpha1.ReasonAuthFailed, "login hunter2 refused",
			"The CTI server refuses the login of slot support-0; correct user and password in " + sources + "."},
		"switch gives too few rights": {v1alpha1.ConditionConnected, v1alpha1.ReasonForbidden, "hunter2 may not",
			`The CTI server lets the user of slot support-0 in, but not do what class "mend" needs; give the user these rights there.`},
		"switch has no licence": {v1alpha1.ConditionConnected, v1alpha1.ReasonLicence, "",
			"The CTI server has no licence left for slot support-0; free one or add licences there."},
		"key missing": {v1alpha1.ConditionConnected, v1alpha1.ReasonInvalidConfig, missing,
			`Config key "password" is missing: ` + sources + " does not exist or lacks it; add the key there."},
		"key malformed": {v1alpha1.ConditionApplied, v1alpha1.ReasonInvalidConfig, refuses("timeout", "must be a duration"),
			`Config key "timeout" is malformed: class "mend" wants type duration; correct it in ` + sources + "."},
		"key does not fit": {v1alpha1.ConditionConnected, v1alpha1.ReasonInvalidConfig, refuses("timeout", "does not fit the server: hunter2"),
			`Config key "timeout" does not fit the CTI server that slot support-0 met; CTISlot support-0 says how, correct it in spec.config or in ` + sources + "."},
		"key unknown": {v1alpha1.ConditionApplied, v1alpha1.ReasonInvalidConfig, refuses("hunter2", "is not a parameter of this class"),
			`Class "mend" does not take a key that ` + sources + " has; CTISlot support-0 names the key, remove it."},
		"key that the driver does not know": {v1alpha1.ConditionApplied, v1alpha1.ReasonInvalidConfig, refuses("timeout", "is not a parameter of this class"),
			`Class "mend" declares parameter "timeout", which its driver "csta" does not know; remove it from spec.parameters of the class, or use an image whose driver has it.`},
		"rule that the image cannot run": {v1alpha1.ConditionApplied, v1alpha1.ReasonInvalidRules, "hunter2",
			"The runtime image of slot support-0 cannot run a rule that the operator takes for good; use an operator and a runtime image of one version. CTISlot support-0 names the rule."},
		"no driver": {v1alpha1.ConditionApplied, v1alpha1.ReasonUnknownDriver, "",
			`The runtime image has no driver of the name that class "mend" asks for; correct spec.driver of the class, or use an image that has it.`},
	} {
		t.Run(name, func(t *testing.T) {
			reportSaying(t, ns, "support-0", tc.kind, tc.reason, tc.pod)
			says(t, ns, "support", v1alpha1.ConditionReady, tc.reason, tc.want)
			report(t, ns, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected)
			linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		})
	}
}

func TestPausedLink(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("paused"))
	create(t, linkObject(ns, "support", "paused"))
	serve(t, ns, "support")
	good := get(t, ns, "support-0", &v1alpha1.CTISlot{})

	change(t, ns, "support", func(l *v1alpha1.CTILink) {
		l.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
		l.Spec.Config["mode"] = "fast"
	})
	linkIs(t, ns, "support", v1alpha1.ConditionPaused, metav1.ConditionTrue, v1alpha1.ReasonPaused)
	l := get(t, ns, "support", &v1alpha1.CTILink{})
	if !meta.IsStatusConditionTrue(l.Status.Conditions, v1alpha1.ConditionReady) || l.Status.ObservedGeneration == l.Generation {
		t.Errorf("a pause changed what the status says of the last generation: %v", l.Status)
	}
	create(t, poolObject(ns, "day", "support", "4001"))
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	if got := get(t, ns, "support-0", &v1alpha1.CTISlot{}); got.ResourceVersion != good.ResourceVersion {
		t.Errorf("a paused link was reconciled: %v", got.Spec)
	}

	change(t, ns, "support", func(l *v1alpha1.CTILink) { delete(l.Annotations, v1alpha1.AnnotationPaused) })
	agentsAre(t, ns, "support-0", "4001/day")
	serve(t, ns, "support")
	l = get(t, ns, "support", &v1alpha1.CTILink{})
	if meta.FindStatusCondition(l.Status.Conditions, v1alpha1.ConditionPaused) != nil {
		t.Error("the pause left its condition behind")
	}
}

func TestPausedPool(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("paused-pool"))
	create(t, linkObject(ns, "support", "paused-pool"))
	create(t, poolObject(ns, "day", "support", "4001", "4002"))
	agentsAre(t, ns, "support-0", "4001/day", "4002/day")
	pool := func(f func(*v1alpha1.AgentPool)) {
		p := get(t, ns, "day", &v1alpha1.AgentPool{})
		before := p.DeepCopy()
		f(p)
		if err := admin.Patch(t.Context(), p, client.MergeFrom(before)); err != nil {
			t.Fatal(err)
		}
	}
	pool(func(p *v1alpha1.AgentPool) {
		p.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
		p.Spec.Agents = []v1alpha1.Agent{{ID: "4009"}}
	})
	poolIs(t, ns, "day", v1alpha1.ConditionPaused, metav1.ConditionTrue, v1alpha1.ReasonPaused)
	// Another pool is reconciled all the same.
	create(t, poolObject(ns, "night", "support", "4003"))
	agentsAre(t, ns, "support-0", "4001/day", "4002/day", "4003/night")
	pool(func(p *v1alpha1.AgentPool) { delete(p.Annotations, v1alpha1.AnnotationPaused) })
	agentsAre(t, ns, "support-0", "4003/night", "4009/day")
	serve(t, ns, "support")
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

// TestRollout plays the Deployment controller: the link stays ready and counts.
func TestRollout(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("rollout"))
	create(t, linkObject(ns, "support", "rollout"))
	serve(t, ns, "support")
	change(t, ns, "support", func(l *v1alpha1.CTILink) { l.Spec.Runtime.PriorityClassName = "high" })

	counts := func(n int) string {
		return fmt.Sprintf("%d of 2 pods of slot support-0 are new: priority class changed.", n)
	}
	says(t, ns, "support", v1alpha1.ConditionReconciling, v1alpha1.ReasonRollingOut, counts(0))
	for _, step := range []struct{ replicas, updated, want int32 }{{3, 1, 1}, {3, 2, 2}} {
		rolled(t, ns, "support-0", step.replicas, step.updated)
		says(t, ns, "support", v1alpha1.ConditionReconciling, v1alpha1.ReasonRollingOut, counts(int(step.want)))
		linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	}
	rolled(t, ns, "support-0", 2, 2)
	linkIs(t, ns, "support", v1alpha1.ConditionReconciling, metav1.ConditionFalse, v1alpha1.ReasonReady)

	// A pod that is replaced for reasons of its own is no rollout.
	rolled(t, ns, "support-0", 1, 1)
	touch(t, ns, "support-0", 3)
	linkIs(t, ns, "support", v1alpha1.ConditionReconciling, metav1.ConditionFalse, v1alpha1.ReasonReady)
	wantEvents(t, ns, "CTILink", "The pods of slot support-0 are replaced one by one: priority class changed.")
}

func rolled(t *testing.T, namespace, slot string, replicas, updated int32) {
	t.Helper()
	d := get(t, namespace, slot, &appsv1.Deployment{})
	before := d.DeepCopy()
	ready := min(replicas, 2)
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation,
		Replicas: replicas, UpdatedReplicas: updated, ReadyReplicas: ready, AvailableReplicas: ready}
	if err := admin.Status().Patch(t.Context(), d, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// TestChangesAreTold: what a change of the document does, once each.
func TestChangesAreTold(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("told-changes"))
	create(t, linkObject(ns, "support", "told-changes"))
	serve(t, ns, "support")

	create(t, poolObject(ns, "day", "support", "4001", "4002"))
	hot := "Slot support-0 takes over a change while it works: agents added: 2."
	says(t, ns, "support", v1alpha1.ConditionReconciling, v1alpha1.ReasonProgressing, hot)
	serve(t, ns, "support")
	change(t, ns, "support", func(l *v1alpha1.CTILink) { l.Spec.Config["mode"] = "fast" })
	reconnect := "Slot support-0 connects to the CTI server anew: config key mode changed."
	says(t, ns, "support", v1alpha1.ConditionReconciling, v1alpha1.ReasonReconnecting, reconnect)
	touch(t, ns, "support-0", 1)
	serve(t, ns, "support")
	wantEvents(t, ns, "CTILink", hot, reconnect)
}
