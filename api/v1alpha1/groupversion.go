package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of all kinds here.
var GroupVersion = schema.GroupVersion{Group: "ctilink.io", Version: "v1alpha1"}

// AddToScheme registers the kinds.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&ImplementationClass{}, &ImplementationClassList{},
		&CTILink{}, &CTILinkList{},
		&AgentPool{}, &AgentPoolList{},
		&CTISlot{}, &CTISlotList{},
	)
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
