package main

import (
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func TestPortraitFrontOfADocument(t *testing.T) {
	var f portraitFront
	if o := f.options(); o.TokenInPath || o.SocketTimeout != 0 || o.Names.Changed() {
		t.Errorf("before the first document %+v", o)
	}
	called := func(theirs v1alpha1.PortraitName) *v1alpha1.PortraitFront {
		return &v1alpha1.PortraitFront{
			SocketTimeoutSeconds: 60, TokenInPath: v1alpha1.TokenInPathAllowed, Names: map[string]v1alpha1.PortraitName{"MAKECALL": theirs},
		}
	}
	if err := f.apply(called("MakeCall")); err != nil {
		t.Fatal(err)
	}
	inForce := func() {
		t.Helper()
		if o := f.options(); !o.TokenInPath || o.SocketTimeout != time.Minute || o.Names.Of("MAKECALL") != "MakeCall" {
			t.Errorf("%+v", o)
		}
	}
	inForce()
	for says, wrong := range map[string]*v1alpha1.PortraitFront{
		"names: MAKECALL would be":       called("ACCEPTCALL"),
		"socketTimeoutSeconds must be":   {SocketTimeoutSeconds: 9},
		"tokenInPath must be Refused or": {TokenInPath: "allowed"},
	} {
		if err := f.apply(wrong); err == nil || !strings.Contains(err.Error(), "spec.desktop.portrait."+says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	inForce() // what cannot be used changes nothing
	if err := f.apply(nil); err != nil || f.options().TokenInPath || f.options().Names.Changed() {
		t.Errorf("%v %+v", err, f.options())
	}
}
