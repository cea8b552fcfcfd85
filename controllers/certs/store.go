package certs

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// SecretName is the authority's Secret in the operator's namespace.
const SecretName = "ctilink-ca"

// Store keeps the authority in a Secret. It is read once: replacing the authority
// takes a restart of the operator, and then every link gets a new certificate.
type Store struct {
	// Client must not cache: the operator may not list Secrets.
	Client    client.Client
	Namespace string
	Clock     clock.PassiveClock

	mu        sync.Mutex
	authority *Authority
}

// Authority loads the authority, and makes it the first time. When several
// operators start at once, the one whose Secret came first wins.
func (s *Store) Authority(ctx context.Context) (*Authority, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.authority != nil {
		return s.authority, nil
	}
	secret, err := s.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("secret %s/%s: %w", s.Namespace, SecretName, err)
	}
	a, err := parseAuthority(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, fmt.Errorf("secret %s/%s is no certificate authority (%w); delete it to have a new one made", s.Namespace, SecretName, err)
	}
	s.authority = a
	return a, nil
}

func (s *Store) load(ctx context.Context) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: s.Namespace, Name: SecretName}
	err := s.Client.Get(ctx, key, secret)
	if !apierrors.IsNotFound(err) {
		return secret, err
	}
	pair, err := newAuthority(s.Clock.Now())
	if err != nil {
		return nil, err
	}
	secret = &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: SecretName, Namespace: s.Namespace,
			Labels: map[string]string{plan.LabelManagedBy: plan.ManagedBy},
		},
		Type:      corev1.SecretTypeTLS,
		Immutable: new(true),
		Data:      map[string][]byte{corev1.TLSCertKey: pair.Certificate, corev1.TLSPrivateKeyKey: pair.Key},
	}
	if err := s.Client.Create(ctx, secret); !apierrors.IsAlreadyExists(err) {
		return secret, err
	}
	err = s.Client.Get(ctx, key, secret)
	return secret, err
}
