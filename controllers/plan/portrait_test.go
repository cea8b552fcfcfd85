package plan_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

func TestPortraitNames(t *testing.T) {
	for name, tc := range map[string]struct {
		names map[string]v1alpha1.PortraitName
		says  string
	}{
		"right":        {map[string]v1alpha1.PortraitName{"MAKECALL": "MakeCall", "AVAILABLE": "Ready"}, ""},
		"none of ours": {map[string]v1alpha1.PortraitName{"MAKECAL": "MakeCall"}, "spec.desktop.portrait.names.MAKECAL is no name of the tables in docs/portrait.md"},
		"two become one": {map[string]v1alpha1.PortraitName{"MAKECALL": "ACCEPTCALL"},
			"spec.desktop.portrait.names.MAKECALL would be called the same as ACCEPTCALL"},
	} {
		t.Run(name, func(t *testing.T) {
			link := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Name: "support"}, Spec: v1alpha1.CTILinkSpec{
				ImplementationClass: "csta", Config: map[string]string{"address": "a:1"},
				ConfigFrom: []v1alpha1.ConfigSource{{SecretRef: &v1alpha1.LocalObjectReference{Name: "login"}}},
				Desktop:    v1alpha1.DesktopSpec{Portrait: &v1alpha1.PortraitFront{Names: tc.names}},
			}}
			got, problem := plan.Slots(link, nil, lookup(testClass))
			if tc.says != "" {
				wantProblem(t, problem, v1alpha1.ReasonInvalidConfig, tc.says)
				return
			}
			if problem != nil || got.Slots[0].Spec.Portrait.Names["MAKECALL"] != "MakeCall" {
				t.Errorf("%v %+v", problem, got.Slots)
			}
		})
	}
}
