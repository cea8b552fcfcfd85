package plan

import (
	"fmt"

	corev1 "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

const (
	volumeTLS     = "tls"
	volumeDesktop = "desktop-token"
	volumeSession = "session-key"
	volumeToken   = "service-account"
	volumeSink    = "event-sink"
	volumeIngest  = "ingest"

	mountRoot = "/etc/ctilink/"
	// fileMode: owner root, group fsGroup; nobody else reads.
	fileMode int32 = 0o440
	// tokenSeconds: the kubelet renews the token long before.
	tokenSeconds int64 = 3600
)

// volumes are the Secrets that the operator makes, the objects that the link names,
// and the token for the API server. All are read by the kubelet and the pod; the
// operator never looks inside.
func (r renderer) volumes() []*corev1.VolumeApplyConfiguration {
	out := []*corev1.VolumeApplyConfiguration{
		secretVolume(volumeTLS, r.TLSSecret),
		secretVolume(volumeDesktop, TokenSecret(r.Link.Name)),
		secretVolume(volumeSession, SessionKeySecret(r.Link.Name)),
		tokenVolume(),
	}
	for i, source := range r.Link.Spec.ConfigFrom {
		out = append(out, corev1.Volume().WithName(configVolume(i)).
			WithProjected(corev1.ProjectedVolumeSource().WithDefaultMode(fileMode).WithSources(projection(source))))
	}
	for _, v := range r.named() {
		source := v1alpha1.ConfigSource{SecretRef: v.secret}
		out = append(out, corev1.Volume().WithName(v.name).
			WithProjected(corev1.ProjectedVolumeSource().WithDefaultMode(fileMode).WithSources(projection(source))))
	}
	return out
}

// namedVolume is a Secret that spec.desktop names.
type namedVolume struct {
	name, dir string
	secret    *v1alpha1.LocalObjectReference
}

func (r renderer) named() []namedVolume {
	var out []namedVolume
	desktop := r.Link.Spec.Desktop
	if s := desktop.EventSink; s != nil && s.SecretRef != nil {
		out = append(out, namedVolume{volumeSink, mountRoot + "sink", s.SecretRef})
	}
	if ref := desktop.IngestSecretRef; ref != nil {
		out = append(out, namedVolume{volumeIngest, mountRoot + "ingest", ref})
	}
	return out
}

func (r renderer) mounts() []*corev1.VolumeMountApplyConfiguration {
	out := []*corev1.VolumeMountApplyConfiguration{
		mount(volumeTLS, mountRoot+"tls"),
		mount(volumeDesktop, mountRoot+"desktop"),
		mount(volumeSession, mountRoot+"session"),
		mount(volumeToken, tokenMount),
	}
	for i := range r.Link.Spec.ConfigFrom {
		out = append(out, mount(configVolume(i), fmt.Sprintf("%sconfig/%02d", mountRoot, i)))
	}
	for _, v := range r.named() {
		out = append(out, mount(v.name, v.dir))
	}
	return out
}

func mount(volume, path string) *corev1.VolumeMountApplyConfiguration {
	return corev1.VolumeMount().WithName(volume).WithMountPath(path).WithReadOnly(true)
}

func secretVolume(name, secret string) *corev1.VolumeApplyConfiguration {
	return corev1.Volume().WithName(name).
		WithSecret(corev1.SecretVolumeSource().WithSecretName(secret).WithDefaultMode(fileMode))
}

// projection is optional: a Secret that does not exist yet must not keep a pod from
// starting; the runtime says which key it lacks, and rereads when it appears.
func projection(source v1alpha1.ConfigSource) *corev1.VolumeProjectionApplyConfiguration {
	if source.SecretRef != nil {
		return corev1.VolumeProjection().
			WithSecret(corev1.SecretProjection().WithName(source.SecretRef.Name).WithOptional(true))
	}
	return corev1.VolumeProjection().
		WithConfigMap(corev1.ConfigMapProjection().WithName(source.ConfigMapRef.Name).WithOptional(true))
}

// tokenVolume is what automounting would give, but for the runtime container alone.
func tokenVolume() *corev1.VolumeApplyConfiguration {
	return corev1.Volume().WithName(volumeToken).
		WithProjected(corev1.ProjectedVolumeSource().WithDefaultMode(fileMode).WithSources(
			corev1.VolumeProjection().WithServiceAccountToken(corev1.ServiceAccountTokenProjection().
				WithPath("token").WithExpirationSeconds(tokenSeconds)),
			corev1.VolumeProjection().WithConfigMap(corev1.ConfigMapProjection().
				WithName("kube-root-ca.crt").
				WithItems(corev1.KeyToPath().WithKey("ca.crt").WithPath("ca.crt"))),
			corev1.VolumeProjection().WithDownwardAPI(corev1.DownwardAPIProjection().
				WithItems(corev1.DownwardAPIVolumeFile().WithPath("namespace").
					WithFieldRef(corev1.ObjectFieldSelector().WithFieldPath("metadata.namespace"))))))
}
