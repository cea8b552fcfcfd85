package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// portraitFront is how the Portrait front is, as the newest document that can be used says.
// The zero value has the defaults; it is safe for concurrent use.
type portraitFront struct {
	now atomic.Pointer[server.PortraitOptions]
}

// options are those in force.
func (f *portraitFront) options() server.PortraitOptions {
	if o := f.now.Load(); o != nil {
		return *o
	}
	return server.PortraitOptions{}
}

// apply puts what a document says in force. On an error nothing changes.
func (f *portraitFront) apply(spec *v1alpha1.PortraitFront) error {
	o := &server.PortraitOptions{}
	if spec != nil {
		called, err := checkPortrait(spec)
		if err != nil {
			return err
		}
		o.Names = called
		o.SocketTimeout = time.Duration(spec.SocketTimeoutSeconds) * time.Second
		o.TokenInPath = spec.TokenInPath == v1alpha1.TokenInPathAllowed
	}
	f.now.Store(o)
	return nil
}

// checkPortrait judges what no API server has seen, too: the manifests of a workbench.
func checkPortrait(spec *v1alpha1.PortraitFront) (names.Names, error) {
	switch {
	case spec.SocketTimeoutSeconds != 0 && (spec.SocketTimeoutSeconds < 10 || spec.SocketTimeoutSeconds > 86400):
		return names.Names{}, fmt.Errorf("spec.desktop.portrait.socketTimeoutSeconds must be from 10 to 86400, not %d", spec.SocketTimeoutSeconds)
	case spec.TokenInPath != "" && spec.TokenInPath != v1alpha1.TokenInPathRefused && spec.TokenInPath != v1alpha1.TokenInPathAllowed:
		return names.Names{}, fmt.Errorf("spec.desktop.portrait.tokenInPath must be Refused or Allowed, not %q", spec.TokenInPath)
	}
	called, err := plan.PortraitNames(spec)
	if err != nil {
		return names.Names{}, fmt.Errorf("spec.desktop.portrait.names: %w", err)
	}
	return called, nil
}
