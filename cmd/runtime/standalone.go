package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/server"
)

// runStandalone holds the slot of a link that is read from files. It is the same
// runtime; only the slot document has another source.
func runStandalone(ctx context.Context, f flags, log *slog.Logger) (err error) {
	if f.plainHTTP && !loopback(f.desktopAddress) {
		return errors.New("--plain-http needs a loopback --desktop-address such as 127.0.0.1:8443: tokens would go over the network in the clear")
	}
	m, err := readManifests(f.manifests)
	if err != nil {
		return err
	}
	slot, err := m.slot()
	if err != nil {
		return err
	}
	drivers, done, err := recordingDrivers(f.recordEvents)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	metrics := newMetrics()
	epoch := time.Now().UnixMilli()
	always := func() error { return nil }
	l := link.New(link.Options{
		Epoch: epoch, MayAct: always, Drivers: drivers, Mounted: m.mounted, Observer: metrics, Log: log,
	})
	if err := l.Apply(link.Document{Generation: 1, Spec: slot.Spec}); err != nil {
		return err
	}
	metrics.hold(l, epoch)
	key, err := sessionKey(f.sessionKeyFile)
	if err != nil {
		return err
	}
	token := server.FileSecret(f.tokenFile)
	if _, err := token(); err != nil {
		return fmt.Errorf("--desktop-token-file: %w", err)
	}
	var front portraitFront
	if err := front.apply(slot.Spec.Portrait); err != nil {
		return err
	}
	api := server.New(server.Options{
		Link: slot.Spec.LinkName, Version: version, Routing: server.Standalone{Link: l}, Token: token, SessionKey: key,
		MayAct: always, Log: log, IngestToken: f.ingestToken(), AllowedOrigins: f.allowedOrigins,
		Portrait: front.options,
	})
	ports := newListeners(log)
	defer ports.stop()
	defer api.CloseStreams()
	if err := serveStandalone(ports, f, api, metrics); err != nil {
		return err
	}
	working, cancel := ports.context(ctx)
	defer cancel(nil)
	var delivering sync.WaitGroup
	defer delivering.Wait()
	delivering.Go(func() { api.Remember(working) })
	sink := newEventSink(f.sinkDir, true, always, log)
	delivering.Go(func() {
		sink.run(working, l, func() (*v1alpha1.EventSink, <-chan struct{}) { return slot.Spec.EventSink, nil })
	})
	l.Run(working)
	l.CloseReaders()
	return failure(working)
}

func serveStandalone(ports *listeners, f flags, api *server.Server, m *metrics) error {
	ops := operations(m.registry, func() error { return nil })
	if f.plainHTTP {
		return errors.Join(ports.add("desktop", f.desktopAddress, api.Desktop(), nil), ports.add("metrics", f.metricsAddress, ops, nil))
	}
	id, err := loadIdentity(f.tlsDir)
	if err != nil {
		return fmt.Errorf("%w; set --tls-dir, or --plain-http on a loopback address", err)
	}
	return errors.Join(ports.add("desktop", f.desktopAddress, api.Desktop(), id.desktop()), ports.add("metrics", f.metricsAddress, ops, nil))
}

// sessionKey reads the key, or makes one up for this process.
func sessionKey(file string) ([]byte, error) {
	key, err := server.FileSecret(file)()
	if errors.Is(err, fs.ErrNotExist) {
		return []byte(rand.Text()), nil
	}
	return []byte(key), err
}

// manifests is what a directory of YAML files holds of our concern.
type manifests struct {
	links   []*v1alpha1.CTILink
	pools   []v1alpha1.AgentPool
	classes map[string]*v1alpha1.ImplementationClass
	secrets map[string]*corev1.Secret
	configs map[string]*corev1.ConfigMap
	seen    map[string]bool // by kind and name
}

func newManifests() *manifests {
	m := &manifests{
		classes: map[string]*v1alpha1.ImplementationClass{}, secrets: map[string]*corev1.Secret{},
		configs: map[string]*corev1.ConfigMap{}, seen: map[string]bool{},
	}
	for _, c := range adapters.BuiltIn() {
		m.classes[c.Name] = &c
	}
	return m
}

// readManifests reads every .yaml and .yml file of a directory, strictly: a field
// that a kind does not have is an error. Other kinds are passed over, so the
// manifests of a cluster serve as they are.
func readManifests(dir string) (*manifests, error) {
	var files []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("--manifests: %w", err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("--manifests: there are no .yaml files in %s", dir)
	}
	sort.Strings(files)
	m, decoder := newManifests(), strictDecoder()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--manifests: %w", err)
		}
		if err := m.read(decoder, b); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return m, nil
}

// strictDecoder reads our kinds and Kubernetes' own, and refuses unknown and doubled fields.
func strictDecoder() runtime.Decoder {
	scheme := runtime.NewScheme()
	utilruntime.Must(errors.Join(v1alpha1.AddToScheme(scheme), corev1.AddToScheme(scheme)))
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

func (m *manifests) read(decoder runtime.Decoder, b []byte) error {
	docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(b)))
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(doc)) == 0 {
			continue
		}
		o, _, err := decoder.Decode(doc, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			if strings.Contains(err.Error(), v1alpha1.GroupVersion.Group+"/") {
				return err // a cluster's other kinds are passed over, ours have no others
			}
			continue
		}
		if err != nil {
			return unreadable(err)
		}
		if err := m.once(o); err != nil {
			return err
		}
		m.add(o)
	}
}

// unreadable says how to mend a Secret in clear: the decoder does not say what it is about.
func unreadable(err error) error {
	if strings.Contains(err.Error(), "illegal base64 data") {
		return errors.New("what stands under data of a Secret must be base64; plain text stands under stringData")
	}
	return err
}

// once refuses an object that stands there twice: which of them counted would depend on the
// names of the files.
func (m *manifests) once(o runtime.Object) error {
	kind, name := o.GetObjectKind().GroupVersionKind().Kind, ""
	if named, ok := o.(metav1.Object); ok {
		name = named.GetName()
	}
	id := kind + " " + name
	if m.seen[id] {
		return fmt.Errorf("%s stands there twice; keep one", id)
	}
	m.seen[id] = true
	return nil
}

func (m *manifests) add(o runtime.Object) {
	switch o := o.(type) {
	case *v1alpha1.CTILink:
		m.links = append(m.links, o)
	case *v1alpha1.AgentPool:
		m.pools = append(m.pools, *o)
	case *v1alpha1.ImplementationClass:
		m.classes[o.Name] = o
	case *corev1.Secret:
		m.secrets[o.Name] = o
	case *corev1.ConfigMap:
		m.configs[o.Name] = o
	}
}

// slot plans the one link with the pools that name it.
func (m *manifests) slot() (plan.Slot, error) {
	if len(m.links) != 1 {
		return plan.Slot{}, fmt.Errorf("the manifests must hold exactly one CTILink, not %d", len(m.links))
	}
	l := m.links[0]
	var pools []v1alpha1.AgentPool
	for _, p := range m.pools {
		if p.Spec.LinkRef.Name != l.Name {
			return plan.Slot{}, fmt.Errorf("AgentPool %s: spec.linkRef.name is %q, the link here is %q", p.Name, p.Spec.LinkRef.Name, l.Name)
		}
		pools = append(pools, p)
	}
	if err := m.sources(l); err != nil {
		return plan.Slot{}, fmt.Errorf("CTILink %s: %w", l.Name, err)
	}
	docs, problem := plan.Slots(l, pools, func(name string) *v1alpha1.ImplementationClass { return m.classes[name] })
	if problem != nil {
		return plan.Slot{}, fmt.Errorf("CTILink %s: %s", l.Name, problem.Message)
	}
	for _, p := range docs.Pools {
		if p.Problem != nil {
			return plan.Slot{}, fmt.Errorf("AgentPool %s: %s", p.Name, p.Problem.Message)
		}
	}
	return docs.Slots[0], nil
}

// sources refuses a configFrom that is not among the manifests: a password that is not
// there would be told as a wrong one.
func (m *manifests) sources(l *v1alpha1.CTILink) error {
	for i, from := range l.Spec.ConfigFrom {
		if from.SecretRef != nil && m.secrets[from.SecretRef.Name] == nil {
			return fmt.Errorf("spec.configFrom[%d].secretRef: there is no Secret %q among the manifests", i, from.SecretRef.Name)
		}
		if from.ConfigMapRef != nil && m.configs[from.ConfigMapRef.Name] == nil {
			return fmt.Errorf("spec.configFrom[%d].configMapRef: there is no ConfigMap %q among the manifests", i, from.ConfigMapRef.Name)
		}
	}
	return nil
}

// mounted is what the link's configFrom would mount.
func (m *manifests) mounted() (map[string]string, error) {
	out := map[string]string{}
	for _, from := range m.links[0].Spec.ConfigFrom {
		switch {
		case from.SecretRef != nil && m.secrets[from.SecretRef.Name] != nil:
			s := m.secrets[from.SecretRef.Name]
			for k, v := range s.Data {
				out[k] = string(v)
			}
			for k, v := range s.StringData {
				out[k] = v
			}
		case from.ConfigMapRef != nil && m.configs[from.ConfigMapRef.Name] != nil:
			for k, v := range m.configs[from.ConfigMapRef.Name].Data {
				out[k] = v
			}
		}
	}
	return out, nil
}
