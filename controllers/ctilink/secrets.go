package ctilink

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// keyBytes is the length of tokens and keys: 256 bits.
const keyBytes = 32

// missingRetry: Secrets are not watched, so that their loss is looked for while no
// pod serves the link.
const missingRetry = 5 * time.Second

// createSecrets makes the Secrets that the pods mount. They are created and never
// read: "already exists" is success, and what is inside is the pods' business.
func (r *Reconciler) createSecrets(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !s.applicable() || !s.held() {
		return ctrl.Result{}, nil
	}
	name := s.link.Name
	return s.failure(r.secrets.create(ctx, s.link, podsMissing(s.link), []secret{
		{plan.TokenSecret(name), corev1.SecretTypeOpaque, func() (map[string][]byte, error) {
			return map[string][]byte{"token": []byte(base64.RawURLEncoding.EncodeToString(randomBytes()))}, nil
		}},
		{plan.SessionKeySecret(name), corev1.SecretTypeOpaque, func() (map[string][]byte, error) {
			return map[string][]byte{"key": randomBytes()}, nil
		}},
		{s.tlsSecret(), corev1.SecretTypeTLS, func() (map[string][]byte, error) {
			pair, err := s.authority.Issue(plan.ServerNamesOf(s.link), r.Clock.Now())
			return map[string][]byte{
				corev1.TLSCertKey: pair.Certificate, corev1.TLSPrivateKeyKey: pair.Key, "ca.crt": pair.CA,
			}, err
		}},
	}))
}

// podsMissing says whether no pod served the link when last seen. Then nothing
// counts as known to exist: a Secret that somebody deleted, or that went with a
// deleted link of the same name, may be what the pods are waiting for.
func podsMissing(link *v1alpha1.CTILink) bool {
	c := meta.FindStatusCondition(link.Status.Conditions, v1alpha1.ConditionConnected)
	return c == nil || c.Status != metav1.ConditionTrue && (c.Reason == v1alpha1.ReasonNoHolder || c.Reason == v1alpha1.ReasonPending)
}

// secret is one Secret to make.
type secret struct {
	name string
	kind corev1.SecretType
	data func() (map[string][]byte, error)
}

// secrets remembers what exists, so that nothing is asked of the API server while
// a link is well.
type secrets struct {
	client client.Client

	mu    sync.Mutex
	known map[client.ObjectKey]map[string]bool
}

// create makes the Secrets that are not known to exist; again, all of them.
func (m *secrets) create(ctx context.Context, link *v1alpha1.CTILink, again bool, wanted []secret) []error {
	var errs []error
	for _, w := range wanted {
		if !again && m.isKnown(link, w.name) {
			continue
		}
		if err := m.createOne(ctx, link, w); err != nil {
			errs = append(errs, fmt.Errorf("create Secret %s/%s: %w", link.Namespace, w.name, err))
			continue
		}
		m.remember(link, w.name)
	}
	return errs
}

func (m *secrets) createOne(ctx context.Context, link *v1alpha1.CTILink, w secret) error {
	data, err := w.data()
	if err != nil {
		return err
	}
	err = m.client.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       link.Namespace,
			Name:            w.name,
			Labels:          plan.LinkLabels(link.Name),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(link, v1alpha1.GroupVersion.WithKind("CTILink"))},
		},
		Type:      w.kind,
		Immutable: new(true),
		Data:      data,
	})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (m *secrets) isKnown(link *v1alpha1.CTILink, name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[client.ObjectKeyFromObject(link)][name]
}

func (m *secrets) remember(link *v1alpha1.CTILink, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := client.ObjectKeyFromObject(link)
	if m.known == nil {
		m.known = map[client.ObjectKey]map[string]bool{}
	}
	if m.known[key] == nil {
		m.known[key] = map[string]bool{}
	}
	m.known[key][name] = true
}

func (m *secrets) forget(link client.ObjectKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, link)
}

func randomBytes() []byte {
	b := make([]byte, keyBytes)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return b
}
