package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// bench is what recorded events are tried on.
type bench struct {
	class  plan.Class
	rules  opencti.RuleSet
	policy v1alpha1.PoolPolicy
	dn     string
	agent  string
	hidden []opencti.EventType
	// reasons: say why fields are left alone.
	reasons bool
}

// bench reads the manifests and refuses what the operator would refuse.
func (t trial) bench() (*bench, error) {
	var files []string
	for _, f := range []string{t.class, t.link, t.pool} {
		if f != "" && isFile(f) && !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	m, err := readRuleFiles(files)
	if err != nil {
		return nil, err
	}
	if wrong := m.wrong(); len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	link, err := t.theLink(m)
	if err != nil {
		return nil, err
	}
	name, err := t.className(m.own, link)
	if err != nil {
		return nil, err
	}
	b := &bench{}
	if b.class, b.rules, err = m.effective(name, link); err != nil {
		return nil, err
	}
	if t.pool != "" {
		if len(m.pools) != 1 {
			return nil, fmt.Errorf("--pool: %s must hold exactly one AgentPool, not %d", t.pool, len(m.pools))
		}
		b.policy = m.pools[0].Spec.PoolPolicy
	}
	return b, nil
}

func isFile(name string) bool {
	if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
		return true
	}
	_, err := os.Stat(name)
	return err == nil
}

// ruleFiles are manifests with the files in which they stand.
type ruleFiles struct {
	*manifests
	own    []*v1alpha1.ImplementationClass // those that are not built in
	origin map[string]string               // file, by kind and name
}

func readRuleFiles(files []string) (*ruleFiles, error) {
	m := &ruleFiles{manifests: newManifests(), origin: map[string]string{}}
	decoder := strictDecoder()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := m.read(decoder, b); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for object := range m.seen {
			if m.origin[object] == "" {
				m.origin[object] = file
			}
		}
	}
	for _, object := range slices.Sorted(maps.Keys(m.origin)) {
		if class, ok := strings.CutPrefix(object, "ImplementationClass "); ok {
			m.own = append(m.own, m.classes[class])
		}
	}
	if len(files) > 0 && len(m.own)+len(m.links)+len(m.pools) == 0 {
		return nil, fmt.Errorf("%s: there is no ImplementationClass, CTILink or AgentPool", strings.Join(files, ", "))
	}
	return m, nil
}

func (t trial) theLink(m *ruleFiles) (*v1alpha1.CTILink, error) {
	if t.link == "" {
		return nil, nil
	}
	if len(m.links) != 1 {
		return nil, fmt.Errorf("--link: %s must hold exactly one CTILink, not %d", t.link, len(m.links))
	}
	return m.links[0], nil
}

// className is the class to try: of a file the one that no other there extends.
func (t trial) className(own []*v1alpha1.ImplementationClass, link *v1alpha1.CTILink) (string, error) {
	switch {
	case t.class == "" && link == nil:
		return "", errors.New("--class is missing: a built-in class, or a file with classes")
	case t.class == "":
		return link.Spec.ImplementationClass, nil
	case !isFile(t.class):
		return t.class, nil
	}
	var leaves []string
	for _, c := range own {
		if !slices.ContainsFunc(own, func(o *v1alpha1.ImplementationClass) bool { return o.Spec.Extends == c.Name }) {
			leaves = append(leaves, c.Name)
		}
	}
	if len(leaves) != 1 {
		return "", fmt.Errorf("--class: %s must hold one class that no other there extends, not %d", t.class, len(leaves))
	}
	return leaves[0], nil
}

func (m *ruleFiles) find(name string) *v1alpha1.ImplementationClass { return m.classes[name] }

// effective resolves a class, with the link's rules over it.
func (m *ruleFiles) effective(name string, link *v1alpha1.CTILink) (plan.Class, opencti.RuleSet, error) {
	c := m.find(name)
	if c == nil {
		return plan.Class{}, opencti.RuleSet{}, fmt.Errorf("there is no class %q among the manifests and the built-in classes", name)
	}
	class, problem := plan.ResolveClass(c, m.find)
	if problem != nil {
		return class, opencti.RuleSet{}, fmt.Errorf("ImplementationClass %s: %s", name, problem.Message)
	}
	if link == nil {
		link = &v1alpha1.CTILink{}
	}
	effective, problem := plan.EffectiveRules(class, link)
	if problem != nil {
		return class, opencti.RuleSet{}, fmt.Errorf("CTILink %s: %s", link.Name, problem.Message)
	}
	rs, err := rules.Decode(effective)
	return class, rs, err
}

// checkRules is "runtime rules check".
func checkRules(out io.Writer, files []string) error {
	m, err := readRuleFiles(files)
	if err != nil {
		return err
	}
	if wrong := m.wrong(); len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	for _, c := range m.own {
		if _, _, err := m.effective(c.Name, nil); err != nil {
			return err
		}
		fmt.Fprintf(out, "ImplementationClass %s: good\n", c.Name)
	}
	for _, l := range m.links {
		if _, _, err := m.effective(l.Spec.ImplementationClass, l); err != nil {
			return fmt.Errorf("CTILink %s: %w", l.Name, err)
		}
		fmt.Fprintf(out, "CTILink %s: good\n", l.Name)
	}
	for _, p := range m.pools {
		fmt.Fprintf(out, "AgentPool %s: good\n", p.Name)
	}
	return nil
}

// wrong lists every mistake of the manifests' own rules, where the operator tells the
// first of each object.
func (m *ruleFiles) wrong() (out []error) {
	for _, c := range m.own {
		out = append(out, m.located("ImplementationClass "+c.Name, "spec.rules.", compileRules(c.Spec.Rules))...)
	}
	for _, l := range m.links {
		out = append(out, m.located("CTILink "+l.Name, "spec.rules.", compileRules(l.Spec.Rules))...)
	}
	for _, p := range m.pools {
		list, err := rules.DecodeTreatments(p.Spec.CallTreatment)
		if err == nil {
			_, err = rules.CompileTreatments(list)
		}
		out = append(out, m.located("AgentPool "+p.Name, "spec.", err)...)
	}
	return out
}

func compileRules(from *v1alpha1.EventRules) error {
	rs, err := rules.Decode(from)
	if err == nil {
		_, err = rules.Compile(rs)
	}
	return err
}

// located names file and object for each of several joined errors.
func (m *ruleFiles) located(object, path string, err error) (out []error) {
	if err == nil {
		return nil
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, e := range all {
		if r := rules.First(e); r != nil {
			e = fmt.Errorf("%s%s: %s", path, r.Where(), r.What())
		}
		out = append(out, fmt.Errorf("%s: %s: %w", m.origin[object], object, e))
	}
	return out
}
