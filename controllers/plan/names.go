package plan

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// RuntimeClusterRole is the static ClusterRole that a link's pods are bound to.
const RuntimeClusterRole = "ctilink-runtime"

// Labels of everything that the operator makes.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelComponent = "app.kubernetes.io/component"
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy; the operator's caches hold
	// nothing without it.
	ManagedBy = "ctilink-operator"

	runtimeName      = "ctilink-runtime"
	runtimeComponent = "runtime"
)

// SlotName names the CTISlot, Lease, Deployment and PodDisruptionBudget of a slot.
func SlotName(link string, index int) string { return fmt.Sprintf("%s-%d", link, index) }

// TokenSecret names the Secret with the desktop token.
func TokenSecret(link string) string { return link + "-desktop-token" }

// SessionKeySecret names the Secret with the key that signs session tokens.
func SessionKeySecret(link string) string { return link + "-session-key" }

// TLSSecret names the Secret with the certificate; the hash stands for all that it
// was made from.
func TLSSecret(link, hash string) string { return link + "-tls-" + hash }

// Endpoint is the address of the desktop port inside the cluster.
func Endpoint(link *v1alpha1.CTILink) string {
	return fmt.Sprintf("https://%s.%s.svc:%d", link.Name, link.Namespace, PortDesktop)
}

func serviceAccount(link string) string { return link + "-runtime" }

func headlessService(link string) string { return link + "-pods" }

// ServerNames are the names that desktops and pods may call a link by.
type ServerNames struct {
	DNS []string
	IPs []net.IP
	// Identity is what the pods of a link pin each other to.
	Identity *url.URL
}

// ServerNamesOf gives what the certificate of a link says.
func ServerNamesOf(link *v1alpha1.CTILink) ServerNames {
	name, ns := link.Name, link.Namespace
	return ServerNames{
		DNS: []string{
			name,
			name + "." + ns,
			name + "." + ns + ".svc",
			name + "." + ns + ".svc.cluster.local",
			"localhost",
		},
		IPs:      []net.IP{net.IPv4(127, 0, 0, 1)},
		Identity: &url.URL{Scheme: "ctilink", Host: ns, Path: "/" + name},
	}
}

// LinkLabels mark everything that belongs to a link.
func LinkLabels(link string) map[string]string {
	return map[string]string{
		LabelName:          runtimeName,
		LabelInstance:      link,
		LabelComponent:     runtimeComponent,
		LabelManagedBy:     ManagedBy,
		v1alpha1.LabelLink: link,
	}
}

func slotLabels(link string, index int) map[string]string {
	out := maps.Clone(LinkLabels(link))
	out[v1alpha1.LabelSlot] = strconv.Itoa(index)
	return out
}

// linkSelector selects the pods of a link; it must never change, for a
// Deployment's selector is immutable.
func linkSelector(link string) map[string]string {
	return map[string]string{LabelName: runtimeName, v1alpha1.LabelLink: link}
}

// SlotSelector selects the pods of a slot by the labels of its CTISlot.
func SlotSelector(link string, labels map[string]string) map[string]string {
	out := linkSelector(link)
	out[v1alpha1.LabelSlot] = labels[v1alpha1.LabelSlot]
	return out
}

func slotSelector(link string, index int) map[string]string {
	out := linkSelector(link)
	out[v1alpha1.LabelSlot] = strconv.Itoa(index)
	return out
}
