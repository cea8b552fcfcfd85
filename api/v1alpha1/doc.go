// Package v1alpha1 holds the kinds of ctilink.io: ImplementationClass, CTILink and
// AgentPool, which people write, and CTISlot, which the operator writes for the
// runtime pods.
//
// The types are schema; their few methods read them. Defaults live in code
// (defaults.go), not in the schema, so that no diff ever comes back to GitOps. It
// imports apimachinery alone.
//
// +kubebuilder:object:generate=true
// +groupName=ctilink.io
package v1alpha1
