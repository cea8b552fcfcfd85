package plan

import (
	"fmt"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1 "k8s.io/client-go/applyconfigurations/core/v1"
	metav1 "k8s.io/client-go/applyconfigurations/meta/v1"
)

// Ports of a runtime pod.
const (
	PortDesktop int32 = 8443
	PortPeer    int32 = 9443
	PortMetrics int32 = 9090

	portDesktopName = "desktop"
	portPeerName    = "peer"
	portMetricsName = "metrics"
)

const (
	containerName = "runtime"
	// runtimeUser is the conventional nonroot of images without a shell.
	runtimeUser int64 = 65532
	// unreachableSeconds: a pod on a lost node is replaced after this time; the
	// default of 300 s would leave a slot without standby for five minutes.
	unreachableSeconds int64 = 30
	terminationSeconds int64 = 30
	tokenMount               = "/var/run/secrets/kubernetes.io/serviceaccount"
)

// deployment holds the slot's active pod and its standby. A rollout adds a new pod
// before it takes an old one away (surge 1, unavailable 0): that way also a link
// without standby always has a pod, and a link with one never lacks its standby.
// The price is room for one more pod during a rollout.
func (r renderer) deployment(s Slot) *appsv1.DeploymentApplyConfiguration {
	labels := slotLabels(r.Link.Name, s.Index)
	return appsv1.Deployment(s.Name, r.Link.Namespace).
		WithLabels(labels).WithOwnerReferences(r.owner).
		WithSpec(appsv1.DeploymentSpec().
			WithReplicas(Replicas(r.Link)).
			WithRevisionHistoryLimit(2).
			WithSelector(metav1.LabelSelector().WithMatchLabels(slotSelector(r.Link.Name, s.Index))).
			WithStrategy(appsv1.DeploymentStrategy().
				WithType(apps.RollingUpdateDeploymentStrategyType).
				WithRollingUpdate(appsv1.RollingUpdateDeployment().
					WithMaxSurge(intstr.FromInt32(1)).
					WithMaxUnavailable(intstr.FromInt32(0)))).
			WithTemplate(corev1.PodTemplateSpec().
				WithLabels(labels).
				WithAnnotations(map[string]string{"kubectl.kubernetes.io/default-container": containerName}).
				WithSpec(r.podSpec(s))))
}

func (r renderer) podSpec(s Slot) *corev1.PodSpecApplyConfiguration {
	runtime := r.Link.Spec.Runtime
	spec := corev1.PodSpec().
		WithServiceAccountName(serviceAccount(r.Link.Name)).
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false).
		WithDNSConfig(quickDNS()).
		WithTerminationGracePeriodSeconds(terminationSeconds).
		WithSecurityContext(corev1.PodSecurityContext().
			WithRunAsNonRoot(true).WithRunAsUser(runtimeUser).WithRunAsGroup(runtimeUser).WithFSGroup(runtimeUser).
			WithSeccompProfile(corev1.SeccompProfile().WithType(core.SeccompProfileTypeRuntimeDefault))).
		WithAffinity(apart(slotSelector(r.Link.Name, s.Index))).
		WithTolerations(leaveLostNode("node.kubernetes.io/not-ready"), leaveLostNode("node.kubernetes.io/unreachable")).
		WithTolerations(tolerations(runtime.Tolerations)...).
		WithContainers(r.container(s)).
		WithVolumes(r.volumes()...)
	if len(runtime.NodeSelector) > 0 {
		spec.WithNodeSelector(runtime.NodeSelector)
	}
	if runtime.PriorityClassName != "" {
		spec.WithPriorityClassName(runtime.PriorityClassName)
	}
	return spec
}

func (r renderer) container(s Slot) *corev1.ContainerApplyConfiguration {
	return corev1.Container().
		WithName(containerName).
		WithImage(r.Image).
		WithImagePullPolicy(core.PullIfNotPresent).
		WithCommand("/runtime").
		WithArgs(r.args(s)...).
		WithEnv(
			fieldEnv("POD_NAME", "metadata.name"),
			fieldEnv("POD_NAMESPACE", "metadata.namespace"),
			fieldEnv("POD_UID", "metadata.uid"),
			fieldEnv("POD_IP", "status.podIP")).
		WithPorts(
			containerPort(portDesktopName, PortDesktop),
			containerPort(portPeerName, PortPeer),
			containerPort(portMetricsName, PortMetrics)).
		// Readiness decides where desktops are sent, so it is asked often.
		WithReadinessProbe(probe("/readyz").WithPeriodSeconds(1).WithFailureThreshold(2)).
		WithLivenessProbe(probe("/livez").WithPeriodSeconds(10).WithFailureThreshold(3)).
		WithResources(r.resources()).
		WithSecurityContext(corev1.SecurityContext().
			WithAllowPrivilegeEscalation(false).
			WithReadOnlyRootFilesystem(true).
			WithRunAsNonRoot(true).
			WithCapabilities(corev1.Capabilities().WithDrop("ALL"))).
		WithVolumeMounts(r.mounts()...)
}

const logLevelArg = "--log-level="

// args name the slot, and what the desktop port takes only at its start.
func (r renderer) args(s Slot) []string {
	out := []string{"--slot=" + s.Name}
	if level := r.Link.Spec.Runtime.LogLevel; level != "" {
		out = append(out, logLevelArg+string(level))
	}
	for _, origin := range r.Link.Spec.Desktop.AllowedOrigins {
		out = append(out, "--allowed-origin="+origin)
	}
	if r.Link.Spec.Desktop.IngestSecretRef != nil {
		out = append(out, "--ingest-token-file="+mountRoot+"ingest/token")
	}
	return out
}

// resources are the link's own, taken whole, or small ones: a pod with a few
// hundred sessions needs no more.
func (r renderer) resources() *corev1.ResourceRequirementsApplyConfiguration {
	if own := r.Link.Spec.Runtime.Resources; own != nil {
		out := corev1.ResourceRequirements()
		if len(own.Requests) > 0 {
			out.WithRequests(own.Requests)
		}
		if len(own.Limits) > 0 {
			out.WithLimits(own.Limits)
		}
		return out
	}
	return corev1.ResourceRequirements().
		WithRequests(core.ResourceList{
			core.ResourceCPU:    resource.MustParse("50m"),
			core.ResourceMemory: resource.MustParse("64Mi"),
		}).
		WithLimits(core.ResourceList{core.ResourceMemory: resource.MustParse("256Mi")})
}

func probe(path string) *corev1.ProbeApplyConfiguration {
	return corev1.Probe().
		WithTimeoutSeconds(1).
		WithHTTPGet(corev1.HTTPGetAction().WithPath(path).WithPort(intstr.FromString(portMetricsName)))
}

func fieldEnv(name, path string) *corev1.EnvVarApplyConfiguration {
	return corev1.EnvVar().WithName(name).
		WithValueFrom(corev1.EnvVarSource().WithFieldRef(corev1.ObjectFieldSelector().WithFieldPath(path)))
}

func containerPort(name string, port int32) *corev1.ContainerPortApplyConfiguration {
	return corev1.ContainerPort().WithName(name).WithProtocol(core.ProtocolTCP).WithContainerPort(port)
}

// quickDNS asks again after a second, not five: right after a power cut half of the
// questions go to a DNS server that is gone, while a slot waits to connect.
func quickDNS() *corev1.PodDNSConfigApplyConfiguration {
	return corev1.PodDNSConfig().WithOptions(
		corev1.PodDNSConfigOption().WithName("timeout").WithValue("1"),
		corev1.PodDNSConfigOption().WithName("attempts").WithValue("4"))
}

// apart asks for active and standby on different nodes, and takes one node where
// there is no other.
func apart(selector map[string]string) *corev1.AffinityApplyConfiguration {
	return corev1.Affinity().WithPodAntiAffinity(corev1.PodAntiAffinity().
		WithPreferredDuringSchedulingIgnoredDuringExecution(corev1.WeightedPodAffinityTerm().
			WithWeight(100).
			WithPodAffinityTerm(corev1.PodAffinityTerm().
				WithTopologyKey("kubernetes.io/hostname").
				WithLabelSelector(metav1.LabelSelector().WithMatchLabels(selector)))))
}

func leaveLostNode(taint string) *corev1.TolerationApplyConfiguration {
	return corev1.Toleration().
		WithKey(taint).WithOperator(core.TolerationOpExists).
		WithEffect(core.TaintEffectNoExecute).WithTolerationSeconds(unreachableSeconds)
}

func tolerations(in []core.Toleration) []*corev1.TolerationApplyConfiguration {
	out := make([]*corev1.TolerationApplyConfiguration, len(in))
	for i, t := range in {
		a := corev1.Toleration()
		if t.Key != "" {
			a.WithKey(t.Key)
		}
		if t.Operator != "" {
			a.WithOperator(t.Operator)
		}
		if t.Value != "" {
			a.WithValue(t.Value)
		}
		if t.Effect != "" {
			a.WithEffect(t.Effect)
		}
		if t.TolerationSeconds != nil {
			a.WithTolerationSeconds(*t.TolerationSeconds)
		}
		out[i] = a
	}
	return out
}

const configVolumePrefix = "config-"

func configVolume(index int) string { return fmt.Sprintf("%s%02d", configVolumePrefix, index) }
