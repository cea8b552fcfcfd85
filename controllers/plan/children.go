package plan

import (
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	coordinationv1 "k8s.io/client-go/applyconfigurations/coordination/v1"
	corev1 "k8s.io/client-go/applyconfigurations/core/v1"
	metav1 "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1 "k8s.io/client-go/applyconfigurations/networking/v1"
	policyv1 "k8s.io/client-go/applyconfigurations/policy/v1"
	rbacv1 "k8s.io/client-go/applyconfigurations/rbac/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// SlotApplyConfiguration is the apply configuration of a CTISlot. The document is
// taken whole: the operator alone writes it.
type SlotApplyConfiguration struct {
	metav1.TypeMetaApplyConfiguration    `json:",inline"`
	*metav1.ObjectMetaApplyConfiguration `json:"metadata,omitempty"`
	Spec                                 v1alpha1.CTISlotSpec `json:"spec"`
}

// IsApplyConfiguration implements runtime.ApplyConfiguration.
func (SlotApplyConfiguration) IsApplyConfiguration() {}

func (r renderer) slot(s Slot) *SlotApplyConfiguration {
	return &SlotApplyConfiguration{
		TypeMetaApplyConfiguration: *metav1.TypeMeta().
			WithAPIVersion(v1alpha1.GroupVersion.String()).WithKind("CTISlot"),
		ObjectMetaApplyConfiguration: metav1.ObjectMeta().
			WithName(s.Name).WithNamespace(r.Link.Namespace).
			WithLabels(slotLabels(r.Link.Name, s.Index)).WithOwnerReferences(r.owner),
		Spec: s.Spec,
	}
}

// lease is empty: the pods compete for it and are the only ones to fill it in.
func (r renderer) lease(s Slot) *coordinationv1.LeaseApplyConfiguration {
	return coordinationv1.Lease(s.Name, r.Link.Namespace).
		WithLabels(slotLabels(r.Link.Name, s.Index)).WithOwnerReferences(r.owner)
}

func (r renderer) serviceAccount() *corev1.ServiceAccountApplyConfiguration {
	return corev1.ServiceAccount(serviceAccount(r.Link.Name), r.Link.Namespace).
		WithLabels(LinkLabels(r.Link.Name)).WithOwnerReferences(r.owner).
		WithAutomountServiceAccountToken(false)
}

func (r renderer) roleBinding() *rbacv1.RoleBindingApplyConfiguration {
	name := serviceAccount(r.Link.Name)
	return rbacv1.RoleBinding(name, r.Link.Namespace).
		WithLabels(LinkLabels(r.Link.Name)).WithOwnerReferences(r.owner).
		WithRoleRef(rbacv1.RoleRef().
			WithAPIGroup("rbac.authorization.k8s.io").WithKind("ClusterRole").WithName(RuntimeClusterRole)).
		WithSubjects(rbacv1.Subject().
			WithKind("ServiceAccount").WithName(name).WithNamespace(r.Link.Namespace))
}

// service is where desktops come in; whichever pod they meet proxies to the holder.
func (r renderer) service() *corev1.ServiceApplyConfiguration {
	return corev1.Service(r.Link.Name, r.Link.Namespace).
		WithLabels(LinkLabels(r.Link.Name)).WithOwnerReferences(r.owner).
		WithSpec(corev1.ServiceSpec().
			WithSelector(linkSelector(r.Link.Name)).
			WithPorts(servicePort(portDesktopName, PortDesktop)))
}

// headlessService gives the pods their names for each other, ready or not: a pod
// that takes over is asked before it is ready.
func (r renderer) headlessService() *corev1.ServiceApplyConfiguration {
	return corev1.Service(headlessService(r.Link.Name), r.Link.Namespace).
		WithLabels(LinkLabels(r.Link.Name)).WithOwnerReferences(r.owner).
		WithSpec(corev1.ServiceSpec().
			WithClusterIP(core.ClusterIPNone).
			WithPublishNotReadyAddresses(true).
			WithSelector(linkSelector(r.Link.Name)).
			WithPorts(servicePort(portDesktopName, PortDesktop), servicePort(portPeerName, PortPeer)))
}

func servicePort(name string, port int32) *corev1.ServicePortApplyConfiguration {
	return corev1.ServicePort().
		WithName(name).WithProtocol(core.ProtocolTCP).WithPort(port).
		WithTargetPort(intstr.FromString(name))
}

// networkPolicy lets desktops and scrapers in from everywhere and peers from the
// link itself. Egress stays open: neither the CTI server nor the API server can be
// named portably.
func (r renderer) networkPolicy() *networkingv1.NetworkPolicyApplyConfiguration {
	siblings := networkingv1.NetworkPolicyPeer().
		WithPodSelector(metav1.LabelSelector().WithMatchLabels(linkSelector(r.Link.Name)))
	return networkingv1.NetworkPolicy(r.Link.Name, r.Link.Namespace).
		WithLabels(LinkLabels(r.Link.Name)).WithOwnerReferences(r.owner).
		WithSpec(networkingv1.NetworkPolicySpec().
			WithPodSelector(metav1.LabelSelector().WithMatchLabels(linkSelector(r.Link.Name))).
			WithPolicyTypes(networking.PolicyTypeIngress).
			WithIngress(
				networkingv1.NetworkPolicyIngressRule().WithPorts(policyPort(PortDesktop), policyPort(PortMetrics)),
				networkingv1.NetworkPolicyIngressRule().WithPorts(policyPort(PortPeer)).WithFrom(siblings)))
}

func policyPort(port int32) *networkingv1.NetworkPolicyPortApplyConfiguration {
	return networkingv1.NetworkPolicyPort().WithProtocol(core.ProtocolTCP).WithPort(intstr.FromInt32(port))
}

// disruptionBudget lets one pod of the slot go at a time, and a sick one always: a
// slot that cannot connect must not block the drain of its node.
func (r renderer) disruptionBudget(s Slot) *policyv1.PodDisruptionBudgetApplyConfiguration {
	return policyv1.PodDisruptionBudget(s.Name, r.Link.Namespace).
		WithLabels(slotLabels(r.Link.Name, s.Index)).WithOwnerReferences(r.owner).
		WithSpec(policyv1.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			WithUnhealthyPodEvictionPolicy(policy.AlwaysAllow).
			WithSelector(metav1.LabelSelector().WithMatchLabels(slotSelector(r.Link.Name, s.Index))))
}
