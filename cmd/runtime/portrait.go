package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
	"github.com/ctilink/ctilink-operator/runtime/server"
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
		called, err := plan.PortraitNames(spec)
		if err != nil {
			return fmt.Errorf("spec.desktop.portrait.names: %w", err)
		}
		o.Names = called
		o.SocketTimeout = time.Duration(spec.SocketTimeoutSeconds) * time.Second
		o.TokenInPath = spec.TokenInPath == v1alpha1.TokenInPathAllowed
	}
	f.now.Store(o)
	return nil
}
