//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/test/desktop"
)

// mistake is what a person does wrong, or what is wrong around him, and how the
// object where he looks tells him.
type mistake struct {
	name string
	// make are the objects; the last one is where the person looks. With last, that
	// one is there before the others.
	make []client.Object
	last bool
	// spoil makes the mistake when all is well; nil where the objects are the mistake.
	spoil func(t *testing.T)
	want  telling
	mend  func(t *testing.T)
}

// telling is what the object says, and how tools see it: Failed when a person has to
// do something.
type telling struct {
	Condition, Status, Reason, Message string
	KStatus                            status.Status
}

const failed, inProgress, current = status.FailedStatus, status.InProgressStatus, status.CurrentStatus

// Every mistake is told in the object where a person looks, in one sentence, and is
// over by itself once it is mended.
var mistakes = []mistake{
	{
		name: "the class does not exist",
		make: []client.Object{link("no-class", withClass("asterix"))},
		want: telling{"Accepted", "False", "ClassNotFound", `spec.implementationClass names "asterix", which does not exist; apply that ImplementationClass or name another.`, failed},
		mend: edit(link("no-class"), withClass("simulator")),
	},
	{
		name: "the Secret does not exist",
		make: []client.Object{link("no-secret", withClass("csta"), withSecret("late-switch"))},
		want: telling{"Connected", "False", "InvalidConfig", `Config key "address" is missing: Secret "late-switch" does not exist or lacks it; add the key there.`, failed},
		mend: create(secret("late-switch", "address", "ctisim:4721", "username", "ctilink", "password", password)),
	},
	{
		name: "the Secret lacks a key",
		make: []client.Object{secret("half-switch", "username", "ctilink", "password", password), link("no-key", withClass("csta"), withSecret("half-switch"))},
		want: telling{"Connected", "False", "InvalidConfig", `Config key "address" is missing: Secret "half-switch" does not exist or lacks it; add the key there.`, failed},
		mend: edit(secret("half-switch"), withKey("address", "ctisim:4721")),
	},
	{
		name: "a key of the Secret is malformed",
		make: []client.Object{secret("odd-switch", "responseTimeout", "soon", "password", password), link("odd-key", withSecret("odd-switch"))},
		want: telling{"Connected", "False", "InvalidConfig", `Config key "responseTimeout" is malformed: class "simulator" wants type duration; correct it in Secret "odd-switch".`, failed},
		mend: edit(secret("odd-switch"), withKey("responseTimeout", "3s")),
	},
	{
		// Once the class is there, the admission policy refuses such a link.
		name: "a config key is unknown",
		make: []client.Object{extending("comes-late", "simulator"), link("unknown-key", withClass("comes-late"), withConfig("colour", "blue"))},
		last: true,
		want: telling{"Accepted", "False", "InvalidConfig", `spec.config.colour is not a parameter of this class; it takes address, agentStatePoll, applicationId, declineTo, microphone, outstandingRequests, password, protocolVersion, requestsPerSecond, responseTimeout, secondaryAddress, sessionDuration, tls, tlsCA, tlsCertificate, tlsKey, tlsServerName, username.`, failed},
		mend: edit(link("unknown-key"), withoutConfig),
	},
	{
		name: "a config key is malformed",
		make: []client.Object{extending("comes-later", "simulator"), link("malformed-key", withClass("comes-later"), withConfig("responseTimeout", "soon"))},
		last: true,
		want: telling{"Accepted", "False", "InvalidConfig", `spec.config.responseTimeout must be a duration such as 500ms, 5s or 1m30s.`, failed},
		mend: edit(link("malformed-key"), withConfig("responseTimeout", "3s")),
	},
	{
		name: "the switch does not answer",
		make: []client.Object{link("no-answer", withConfig("address", "ctisim:1"))},
		want: telling{"Connected", "False", "Disconnected", `The CTI server does not answer slot no-answer-0, which keeps trying; check host and port in spec.config, that the server runs, and the network between.`, inProgress},
		mend: edit(link("no-answer"), withoutConfig),
	},
	{
		name: "the switch refuses the password",
		make: []client.Object{secret("wrong-login", "password", "wrong"), link("refused", withSecret("wrong-login"))},
		want: telling{"Connected", "False", "AuthenticationFailed", `The CTI server refuses the login of slot refused-0; correct user and password in Secret "wrong-login".`, failed},
		mend: edit(secret("wrong-login"), withKey("password", password)),
	},
	{
		name: "the image lacks the class's driver",
		make: []client.Object{ofDriver("telepathy", "simulator", "telepathy"), link("no-driver", withClass("telepathy"))},
		want: telling{"Connected", "False", "UnknownDriver", `The runtime image has no driver of the name that class "telepathy" asks for; correct spec.driver of the class, or use an image that has it.`, failed},
		mend: edit(extending("telepathy", ""), withDriver("")),
	},
	{
		name: "an agent is claimed twice",
		make: []client.Object{pool("claims-twice", linkName, "4001")},
		want: telling{"Accepted", "False", "AgentConflict", `spec.agents[0].id claims an agent of the older AgentPool "support-agents" (agents claimed twice: 1); list each agent in one pool only.`, failed},
		mend: edit(pool("claims-twice", "", ""), withAgent("4998")),
	},
	{
		name: "the pool's link does not exist",
		make: []client.Object{pool("no-link", "nowhere", "4999")},
		want: telling{"Accepted", "False", "LinkNotFound", `spec.linkRef.name names CTILink "nowhere", which does not exist in this namespace; apply it or name another.`, failed},
		mend: edit(pool("no-link", "", ""), withLink(linkName)),
	},
	{
		name: "a class extends itself, by way of another",
		make: []client.Object{extending("loop-a", "loop-b"), extending("loop-b", "loop-a")},
		want: telling{"Accepted", "False", "ExtendsLoop", `spec.extends makes a loop (loop-b, loop-a, loop-b); let one of these classes extend another, or none.`, failed},
		mend: edit(extending("loop-b", ""), withParent("simulator")),
	},
	{
		name:  "a link is paused",
		make:  []client.Object{link("paused")},
		spoil: edit(link("paused"), withAnnotation(v1alpha1.AnnotationPaused, "true")),
		want:  telling{"Paused", "True", "Paused", `Annotation ctilink.io/paused stops reconciling: what is in force stays, the other conditions are as they were then; remove the annotation to go on.`, current},
		mend:  edit(link("paused"), withAnnotation(v1alpha1.AnnotationPaused, "")),
	},
	{
		name:  "a rollout does not come to its end",
		make:  []client.Object{link("rolling")},
		spoil: edit(link("rolling"), withNodes("none-such")),
		want:  telling{"Reconciling", "True", "RollingOut", `1 of 1 pods of slot rolling-0 are new: node selector changed.`, inProgress},
		mend:  edit(link("rolling"), withNodes("")),
	},
}

func TestMistakesAreToldAndMended(t *testing.T) {
	t.Parallel() // with one another; tests of faults are over by then
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			made := slices.Clone(m.make)
			if m.last {
				slices.Reverse(made)
			}
			for _, o := range made {
				create(o)(t)
			}
			object := m.make[len(m.make)-1].DeepCopyObject().(client.Object)
			if m.spoil != nil {
				untilReady(t, object)
				m.spoil(t)
			}
			took := until(t, object, func() error { return tells(object, m.want) })
			t.Logf("Told after %s", took)
			m.mend(t)
			t.Logf("Mended %s after the person did his part", untilReady(t, object))
		})
	}
}

// tells compares what the object says with what it should.
func tells(o client.Object, want telling) error {
	got := telling{Condition: want.Condition}
	for _, c := range conditionsOf(o) {
		if c.Type == want.Condition && c.ObservedGeneration == o.GetGeneration() {
			got.Status, got.Reason, got.Message = string(c.Status), c.Reason, c.Message
		}
	}
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return err
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: u})
	if err != nil {
		return err
	}
	if got.KStatus = result.Status; got != want {
		return fmt.Errorf("%s says\n\t%+v, want\n\t%+v", o.GetName(), got, want)
	}
	return nil
}

// untilReady waits until the object's newest generation is ready, and nothing is
// left of what it complained about.
func untilReady(t *testing.T, o client.Object) time.Duration {
	t.Helper()
	return until(t, o, func() error {
		if o.GetAnnotations()[v1alpha1.AnnotationPaused] == "" && findCondition(o, v1alpha1.ConditionPaused) != nil {
			return fmt.Errorf("%s still says that it is paused", o.GetName())
		}
		c := findCondition(o, v1alpha1.ConditionReady)
		if c == nil {
			return fmt.Errorf("%s does not say whether it is ready", o.GetName())
		}
		return tells(o, telling{v1alpha1.ConditionReady, "True", "Ready", c.Message, current})
	})
}

// toldWithin bounds how long a mistake may go untold, and a mended one stay: a Secret
// reaches a pod when its kubelet looks again.
const toldWithin = 90 * time.Second

func until(t *testing.T, o client.Object, holds func() error) time.Duration {
	t.Helper()
	began := time.Now()
	eventually(t, toldWithin, func(ctx context.Context) error {
		if err := h.Client.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		return holds()
	})
	return since(began)
}

// A rotated password reaches the adapter without a restart of any pod; until it is
// right, the last good connection stays, and the link says so.
func TestPasswordIsRotated(t *testing.T) {
	t.Parallel()
	login := secret("rotating-login", "password", "first")
	deployment, service := anotherSwitch(t, "rotating", login.GetName())
	rotating := link("rotates", withConfig("address", "rotating:4721"), withSecret(login.GetName()))
	for _, o := range []client.Object{login, deployment, service, rotating} {
		create(o)(t)
	}
	untilReady(t, rotating)
	before := podsOf(t, rotating.GetName())

	edit(secret(login.GetName()), withKey("password", "second"))(t)
	slot := &v1alpha1.CTISlot{}
	slot.Namespace, slot.Name = namespace, "rotates-0"
	took := until(t, slot, func() error {
		return tells(slot, telling{"Applied", "False", "AuthenticationFailed", "The last good configuration stays in force, the new one does not work: " +
			"the CTI server refuses the user or password; correct them in spec.config or in the Secret of spec.configFrom", inProgress})
	})
	until(t, rotating, func() error {
		return tells(rotating, telling{"Ready", "False", "AuthenticationFailed",
			`The CTI server refuses the login of slot rotates-0; correct user and password in Secret "rotating-login".`, failed})
	})
	t.Logf("The pod says %s after the Secret changed that the switch refuses it", took)
	if c := findCondition(slot, v1alpha1.ConditionConnected); c == nil || c.Status != "True" {
		t.Errorf("the slot says %+v, want that the last good connection stays", c)
	}

	changed := time.Now()
	must(t, h.Client.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/name": "rotating"}))
	until(t, slot, func() error {
		c := findCondition(slot, v1alpha1.ConditionApplied)
		if c == nil || c.Status != "True" {
			return fmt.Errorf("the slot says %+v, want the new password in force", c)
		}
		return nil
	})
	untilReady(t, rotating)
	t.Logf("The new password is in force %s after the switch took it", since(changed))
	if after := podsOf(t, rotating.GetName()); after != before {
		t.Errorf("pods were %s, are %s: want none restarted", before, after)
	}
}

// A switch without a free licence is told apart from one that refuses the password.
func TestLicencesAreExhausted(t *testing.T) {
	t.Parallel()
	login := secret("licensed-login", "password", "first")
	deployment, service := anotherSwitch(t, "licensed", login.GetName())
	for _, o := range []client.Object{login, deployment, service} {
		create(o)(t)
	}
	sw, err := h.Switch(t.Context(), namespace, "licensed")
	must(t, err)
	full, free := true, false
	eventually(t, toldWithin, func(ctx context.Context) error { return sw.Fail(ctx, desktop.Fault{NoLicences: &full}) })
	licensed := link("licensed-link", withConfig("address", "licensed:4721"), withSecret(login.GetName()))
	create(licensed)(t)
	until(t, licensed, func() error {
		return tells(licensed, telling{"Connected", "False", "LicenceExhausted",
			`The CTI server has no licence left for slot licensed-link-0; free one or add licences there.`, failed})
	})
	must(t, sw.Fail(t.Context(), desktop.Fault{NoLicences: &free}))
	t.Logf("Connected %s after a licence came free", untilReady(t, licensed))
}

// A key that the class does not take is refused at kubectl apply, in words that name it.
func TestAdmissionRefusesWrongKeys(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		key, value, want string
	}{
		"unknown":   {"colour", "blue", "colour"},
		"malformed": {"responseTimeout", "soon", "responseTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			err := h.Client.Create(t.Context(), link("refused-"+name, withConfig(tc.key, tc.value)), client.DryRunAll)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) {
				t.Errorf("kubectl apply says %v, want it refused, naming %q", err, tc.want)
			}
		})
	}
}

// podsOf names the link's pods with how often they were restarted.
func podsOf(t *testing.T, link string) string {
	t.Helper()
	var pods corev1.PodList
	must(t, h.Client.List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelLink: link}))
	out := ""
	for _, p := range pods.Items {
		for _, c := range p.Status.ContainerStatuses {
			out += fmt.Sprintf("%s restarted %d times; ", p.Name, c.RestartCount)
		}
	}
	return out
}
