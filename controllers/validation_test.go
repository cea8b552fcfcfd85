package controllers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

func TestSchema(t *testing.T) {
	ns := newNamespace(t)
	long := strings.Repeat("x", 46)
	link := func(name string, f ...func(*v1alpha1.CTILinkSpec)) client.Object {
		return linkObject(ns, name, "csta", f...)
	}
	class := func(f func(*v1alpha1.ImplementationClassSpec)) client.Object { return classObject("schema", f) }
	pool := func(f func(*v1alpha1.AgentPoolSpec)) client.Object {
		p := poolObject(ns, "pool", "support", "4001")
		f(&p.Spec)
		return p
	}
	agents := func(r ...v1alpha1.AgentRange) func(*v1alpha1.AgentPoolSpec) {
		return func(s *v1alpha1.AgentPoolSpec) { s.Agents, s.AgentRanges = nil, r }
	}
	source := func(c v1alpha1.ConfigSource) func(*v1alpha1.CTILinkSpec) {
		return func(s *v1alpha1.CTILinkSpec) { s.ConfigFrom = []v1alpha1.ConfigSource{c} }
	}
	parameter := func(p v1alpha1.Parameter) func(*v1alpha1.ImplementationClassSpec) {
		return func(s *v1alpha1.ImplementationClassSpec) { s.Parameters = []v1alpha1.Parameter{p} }
	}
	portrait := func(f v1alpha1.PortraitFront) func(*v1alpha1.CTILinkSpec) {
		return func(s *v1alpha1.CTILinkSpec) { s.Desktop.Portrait = &f }
	}
	ref := &v1alpha1.LocalObjectReference{Name: "x"}
	ruled := func(r v1alpha1.EventRules) func(*v1alpha1.CTILinkSpec) {
		return func(s *v1alpha1.CTILinkSpec) { s.Rules = &r }
	}
	then := func(events ...v1alpha1.EventName) (r v1alpha1.EventRules) {
		for i, e := range events {
			r.Identify = append(r.Identify, v1alpha1.IdentifyRule{Name: fmt.Sprint("r", i), Raw: "X", Then: e})
		}
		return r
	}
	populate := func(event, field string, expression v1alpha1.Expression) v1alpha1.EventRules {
		return v1alpha1.EventRules{Populate: map[string]v1alpha1.PopulateRules{event: {field: expression}}}
	}
	treated := func(rules ...v1alpha1.TreatmentRule) func(*v1alpha1.AgentPoolSpec) {
		return func(s *v1alpha1.AgentPoolSpec) { s.CallTreatment = rules }
	}
	popped := func(p v1alpha1.ScreenPop) func(*v1alpha1.AgentPoolSpec) {
		return treated(v1alpha1.TreatmentRule{Name: "r", ScreenPop: &p})
	}

	for name, tc := range map[string]struct {
		object client.Object
		// refusal is part of the message; empty: accepted.
		refusal string
	}{
		"link":                               {link("support"), ""},
		"link with a long name":              {link(long), "at most 45"},
		"link whose name starts with digits": {link("4you"), "starting with a letter"},
		"link whose name has a dot":          {link("a.b"), "starting with a letter"},
		"link without class":                 {linkObject(ns, "support", ""), "implementationClass"},
		"link with a long value": {link("support", func(s *v1alpha1.CTILinkSpec) {
			s.Config["address"] = strings.Repeat("x", 1025)
		}), "at most 1024"},
		"link with a long key": {link("support", func(s *v1alpha1.CTILinkSpec) {
			s.Config[strings.Repeat("x", 64)] = ""
		}), "at most 63"},
		"config from a Secret":    {link("support", source(v1alpha1.ConfigSource{SecretRef: ref})), ""},
		"config from a ConfigMap": {link("support", source(v1alpha1.ConfigSource{ConfigMapRef: ref})), ""},
		"config from both":        {link("support", source(v1alpha1.ConfigSource{SecretRef: ref, ConfigMapRef: ref})), "either secretRef or configMapRef"},
		"config from nothing":     {link("support", source(v1alpha1.ConfigSource{})), "either secretRef or configMapRef"},
		"Portrait's clients": {link("support", portrait(v1alpha1.PortraitFront{
			SocketTimeoutSeconds: 300, TokenInPath: v1alpha1.TokenInPathAllowed, Names: map[string]v1alpha1.PortraitName{"MAKECALL": "MakeCall"}})), ""},
		"Portrait's clients silent for no time": {link("support", portrait(v1alpha1.PortraitFront{SocketTimeoutSeconds: 9})), "portrait.socketTimeoutSeconds"},
		"a token somewhere":                     {link("support", portrait(v1alpha1.PortraitFront{TokenInPath: "Query"})), "portrait.tokenInPath"},
		"Portrait's name that is none": {link("support", portrait(v1alpha1.PortraitFront{
			Names: map[string]v1alpha1.PortraitName{"MAKECALL": "Make call"}})), "portrait.names.MAKECALL"},
		"log level unheard of": {link("support", func(s *v1alpha1.CTILinkSpec) { s.Runtime.LogLevel = "3" }), "logLevel"},
		"standby unheard of": {link("support", func(s *v1alpha1.CTILinkSpec) {
			s.Runtime.Standby = "Perhaps"
		}), "standby"},

		"rules for every event that a rule may give": {link("support", ruled(then("Offering", "LoggedIn", "PartyInfo", "CallInfo", "Snapshot"))), ""},
		"rule for an event that there is not":        {link("support", ruled(then("Ringing"))), "Unsupported value"},
		"rule for an event of the runtime":           {link("support", ruled(then("LinkUp"))), "Unsupported value"},
		"rule without raw event":                     {link("support", ruled(v1alpha1.EventRules{Identify: []v1alpha1.IdentifyRule{{Name: "r", Then: "Held"}}})), "raw"},
		"two rules of one name": {link("support", ruled(v1alpha1.EventRules{Identify: []v1alpha1.IdentifyRule{
			{Name: "r", Raw: "X", Then: "Held"}, {Name: "r", Raw: "Y", Then: "Held"}}})), "Duplicate"},
		"filter without condition":          {link("support", ruled(v1alpha1.EventRules{Filter: []v1alpha1.FilterRule{{Name: "f"}}})), "when"},
		"data transform":                    {link("support", ruled(populate("CallState", "ani", "'x'"))), ""},
		"data transform of no event":        {link("support", ruled(populate("LinkState", "ani", "'x'"))), "event types with fields"},
		"data transform without a text":     {link("support", ruled(populate("CallState", "ani", ""))), "at least 1"},
		"data transform with a long text":   {link("support", ruled(populate("CallState", "ani", v1alpha1.Expression(strings.Repeat("x", 4097))))), "4096"},
		"setEventType that is far too long": {link("support", ruled(v1alpha1.EventRules{SetEventType: strings.Repeat("x", 8193)})), "8192"},

		"class":                            {class(func(*v1alpha1.ImplementationClassSpec) {}), ""},
		"class without driver":             {class(func(s *v1alpha1.ImplementationClassSpec) { s.Driver = "" }), "needs a driver"},
		"class that extends itself":        {class(extends("schema")), "another class"},
		"parameter without type":           {class(parameter(v1alpha1.Parameter{Name: "a"})), "type"},
		"parameter with a dash":            {class(parameter(v1alpha1.Parameter{Name: "a-b", Type: "string"})), "name"},
		"enum without values":              {class(parameter(v1alpha1.Parameter{Name: "a", Type: "enum"})), "enum must list"},
		"secret with a default":            {class(parameter(v1alpha1.Parameter{Name: "a", Type: "string", Sensitivity: "Secret", Default: "x"})), "cannot have a default"},
		"hand-over that nobody knows":      {class(func(s *v1alpha1.ImplementationClassSpec) { s.Handover = "Magic" }), "handover"},
		"pool":                             {pool(func(*v1alpha1.AgentPoolSpec) {}), ""},
		"pool with a range":                {pool(agents(v1alpha1.AgentRange{First: "0099", Last: "0101", FirstDN: "1"})), ""},
		"range with queues":                {pool(agents(v1alpha1.AgentRange{First: "1", Last: "9", Queues: []string{"5000", "5100"}})), ""},
		"range with a queue twice":         {pool(agents(v1alpha1.AgentRange{First: "1", Last: "9", Queues: []string{"5000", "5000"}})), "Duplicate"},
		"range with an empty queue":        {pool(agents(v1alpha1.AgentRange{First: "1", Last: "9", Queues: []string{""}})), "queues"},
		"pool without agents":              {pool(agents()), "agents or agentRanges"},
		"range that ends before it begins": {pool(agents(v1alpha1.AgentRange{First: "2", Last: "1"})), "must not be before first"},
		"range of different lengths":       {pool(agents(v1alpha1.AgentRange{First: "9", Last: "10"})), "same number of digits"},
		"range of letters":                 {pool(agents(v1alpha1.AgentRange{First: "a", Last: "b"})), "first"},
		"agent twice": {pool(func(s *v1alpha1.AgentPoolSpec) {
			s.Agents = append(s.Agents, s.Agents[0])
		}), "Duplicate"},
		"agent with an empty device": {pool(func(s *v1alpha1.AgentPoolSpec) {
			s.Agents[0].DNs = []string{""}
		}), "dns"},
		"mode that nobody knows": {pool(func(s *v1alpha1.AgentPoolSpec) { s.TelephonyMode = "Medium" }), "telephonyMode"},
		"reason code twice": {pool(func(s *v1alpha1.AgentPoolSpec) {
			s.ReasonCodes.Logout = []v1alpha1.ReasonCode{{Code: "1"}, {Code: "1"}}
		}), "Duplicate"},
		"reason that nobody asks for":       {pool(func(s *v1alpha1.AgentPoolSpec) { s.ReasonCodes.Required = []v1alpha1.ReasonRequired{"Login"} }), "required"},
		"empty queue":                       {pool(func(s *v1alpha1.AgentPoolSpec) { s.Agents[0].Queues = []string{""} }), "queues"},
		"treatment":                         {pool(treated(v1alpha1.TreatmentRule{Name: "r", Answer: v1alpha1.AnswerAfterDelay, DelaySeconds: 60})), ""},
		"treatments of one name":            {pool(treated(v1alpha1.TreatmentRule{Name: "r"}, v1alpha1.TreatmentRule{Name: "r"})), "Duplicate"},
		"treatment that answers somehow":    {pool(treated(v1alpha1.TreatmentRule{Name: "r", Answer: "Somehow"})), "answer"},
		"delay that nobody asked for":       {pool(treated(v1alpha1.TreatmentRule{Name: "r", DelaySeconds: 3})), "set delaySeconds with answer AfterDelay"},
		"AfterDelay without delay":          {pool(treated(v1alpha1.TreatmentRule{Name: "r", Answer: v1alpha1.AnswerAfterDelay})), "set delaySeconds with answer AfterDelay"},
		"delay over a minute":               {pool(treated(v1alpha1.TreatmentRule{Name: "r", Answer: v1alpha1.AnswerAfterDelay, DelaySeconds: 61})), "60"},
		"screen pop":                        {pool(popped(v1alpha1.ScreenPop{URL: "https://crm.example/?ani={call.ani}"})), ""},
		"screen pop of nothing":             {pool(popped(v1alpha1.ScreenPop{})), "set either url or interaction"},
		"screen pop of both":                {pool(popped(v1alpha1.ScreenPop{URL: "https://crm.example", Interaction: "Service"})), "set either url or interaction"},
		"screen pop that would be a script": {pool(popped(v1alpha1.ScreenPop{URL: "javascript:alert(1)"})), "url"},
		"pool without link":                 {pool(func(s *v1alpha1.AgentPoolSpec) { s.LinkRef.Name = "" }), "linkRef"},
	} {
		t.Run(name, func(t *testing.T) {
			err := admin.Create(t.Context(), tc.object, client.DryRunAll)
			switch {
			case tc.refusal == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.refusal != "" && (!apierrors.IsInvalid(err) || !strings.Contains(err.Error(), tc.refusal)):
				t.Errorf("got %v, want a refusal with %q", err, tc.refusal)
			}
		})
	}
}

func TestFreshObjectsAreUnknown(t *testing.T) {
	ns := newNamespace(t) // no operator watches it
	class, link, pool := classObject("fresh"), linkObject(ns, "support", "fresh"), poolObject(ns, "day", "support", "4001")
	slot := &v1alpha1.CTISlot{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "support-0"},
		Spec:       v1alpha1.CTISlotSpec{LinkName: "support", Class: "fresh", Driver: "csta"},
	}
	for _, tc := range []struct {
		object     client.Object
		conditions func() []metav1.Condition
	}{
		{class, func() []metav1.Condition { return get(t, "", "fresh", class).Status.Conditions }},
		{link, func() []metav1.Condition { return get(t, ns, "support", link).Status.Conditions }},
		{pool, func() []metav1.Condition { return get(t, ns, "day", pool).Status.Conditions }},
		{slot, func() []metav1.Condition { return get(t, ns, "support-0", slot).Status.Conditions }},
	} {
		create(t, tc.object)
		c := meta.FindStatusCondition(tc.conditions(), v1alpha1.ConditionReady)
		if c == nil || c.Status != metav1.ConditionUnknown || c.Reason != v1alpha1.ReasonPending {
			t.Errorf("%T: Ready is %v, want Unknown", tc.object, c)
		}
		if tc.object != client.Object(slot) && c != nil && c.Message != messages.Pending.Text {
			t.Errorf("%T says %q", tc.object, c.Message)
		}
		if got, err := kstatusOf(tc.object); err != nil || got != status.InProgressStatus {
			t.Errorf("%T: kstatus says %s, %v of a fresh object", tc.object, got, err)
		}
		if got, err := healthOf(tc.object); err != nil || got != "Progressing" {
			t.Errorf("%T: Argo CD says %s, %v of a fresh object", tc.object, got, err)
		}
	}
}

// TestManifestsAreAccepted asks the API server about what config/ ships and the
// chart renders.
func TestManifestsAreAccepted(t *testing.T) {
	ns := newNamespace(t)
	var paths []string
	for _, dir := range []string{"samples", "standalone", "classes", "manager", "rbac", "admission", "argocd"} {
		found, err := filepath.Glob(filepath.Join("..", "config", dir, "*.yaml"))
		if err != nil || len(found) == 0 {
			t.Fatalf("config/%s: %v, %v", dir, found, err)
		}
		paths = append(paths, found...)
	}
	paths = append(paths, filepath.Join("..", "charts", "testdata", "default.yaml"))
	for _, path := range paths {
		if filepath.Base(path) == "kustomization.yaml" {
			continue
		}
		for _, o := range readObjects(t, path) {
			t.Run(filepath.Base(path)+"/"+o.GetKind(), func(t *testing.T) { accepted(t, ns, o) })
		}
	}
}

// accepted asks the API server about an object in a namespace of the test's.
func accepted(t *testing.T, ns string, o *unstructured.Unstructured) {
	t.Helper()
	o.SetName(o.GetName() + "-x") // the suite has made some of them
	if o.GetKind() != "Namespace" {
		if mapping, err := admin.IsObjectNamespaced(o); err != nil {
			t.Fatal(err)
		} else if mapping {
			o.SetNamespace(ns)
		}
	}
	for _, s := range subjectsOf(o) {
		s["namespace"] = ns
	}
	if err := client.WithFieldValidation(admin, metav1.FieldValidationStrict).Create(t.Context(), o, client.DryRunAll); err != nil {
		t.Error(err)
	}
}

// TestPagesAreAccepted asks the API server about every manifest that the pages show.
func TestPagesAreAccepted(t *testing.T) {
	ns := newNamespace(t)
	for _, page := range []string{"admin.md", "rules.md"} {
		body, err := os.ReadFile(filepath.Join("..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(string(body), -1)
		if len(blocks) < 3 {
			t.Errorf("%s has %d manifests", page, len(blocks))
		}
		for i, block := range blocks {
			for _, o := range parseObjects(t, page, block[1]) {
				t.Run(fmt.Sprint(page, "/", i, "/", o.GetKind()), func(t *testing.T) { accepted(t, ns, o) })
			}
		}
	}
}

// subjectsOf a binding: they get their namespace from kustomize.
func subjectsOf(o *unstructured.Unstructured) []map[string]any {
	list, _, _ := unstructured.NestedSlice(o.Object, "subjects")
	var out []map[string]any
	for i := range list {
		out = append(out, o.Object["subjects"].([]any)[i].(map[string]any))
	}
	return out
}

func readObjects(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parseObjects(t, path, string(body))
}

func parseObjects(t *testing.T, path, body string) (out []*unstructured.Unstructured) {
	t.Helper()
	for _, doc := range strings.Split(body, "\n---\n") {
		u := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(doc), &u.Object); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(u.Object) > 0 {
			out = append(out, u)
		}
	}
	return out
}
