// Package layout says where everything of the cluster is: names, addresses, directories.
// It is pure arithmetic on names; nothing here touches the host.
package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// Addresses of the cluster. One cluster a host: they are constants.
const (
	Bridge         = "ctilink0"
	LinkPrefix     = "ctl-"
	HostAddress    = "172.30.99.1"
	MachineNetwork = "172.30.99.0/24"
	PodNetwork     = "10.244.0.0/16"
	ServiceNetwork = "10.96.0.0/16"
	APIServiceIP   = "10.96.0.1"
	DNSServiceIP   = "10.96.0.10"
	ClusterDomain  = "cluster.local"
	MaxNodes       = 3
)

// CgroupName is the one cgroup (in every hierarchy) under which all pods run.
const CgroupName = "ctilink-cluster"

// controlPlaneName is the machine that holds etcd, API server, controller manager and scheduler.
const controlPlaneName = "control-plane"

// Machine is one computer of the cluster: a process with namespaces of its own.
type Machine struct {
	Name    string
	Node    int    // 1..MaxNodes; 0 for the control plane
	Address string // on the bridge
	Link    string // the host's end of its cable
}

// ControlPlane returns the machine that is not a node.
func ControlPlane() Machine {
	return Machine{Name: controlPlaneName, Address: "172.30.99.2", Link: LinkPrefix + "cp"}
}

// Node returns node n.
func Node(n int) (Machine, error) {
	if n < 1 || n > MaxNodes {
		return Machine{}, fmt.Errorf("node %d: a node is a number from 1 to %d", n, MaxNodes)
	}
	return Machine{
		Name:    fmt.Sprintf("node-%d", n),
		Node:    n,
		Address: fmt.Sprintf("172.30.99.%d", 10+n),
		Link:    fmt.Sprintf("%snode-%d", LinkPrefix, n),
	}, nil
}

// Nodes returns the nodes 1..n.
func Nodes(n int) ([]Machine, error) {
	nodes := make([]Machine, 0, n)
	for i := 1; i <= n; i++ {
		node, err := Node(i)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// Machines returns every machine that can exist.
func Machines() []Machine {
	nodes, _ := Nodes(MaxNodes)
	return append([]Machine{ControlPlane()}, nodes...)
}

// ByName finds a machine by its name.
func ByName(name string) (Machine, error) {
	for _, m := range Machines() {
		if m.Name == name {
			return m, nil
		}
	}
	return Machine{}, fmt.Errorf("machine %q: no machine has this name", name)
}

// IsNode says whether pods run on the machine.
func (m Machine) IsNode() bool { return m.Node > 0 }

// PodNetwork is the node's own part of the pod network.
func (m Machine) PodNetwork() string { return fmt.Sprintf("10.244.%d.0/24", m.Node) }

// Cgroup is the cgroup of the node's pods, as the kubelet names it.
func (m Machine) Cgroup() string { return "/" + CgroupName + "/" + m.Name }

// APIServerURL is where the API server answers, from the host and from every machine.
func APIServerURL() string { return "https://" + ControlPlane().Address + ":6443" }

// Variable is the environment variable that says where the cluster's state is; DefaultDir is where it is otherwise.
const (
	Variable   = "CTILINK_CLUSTER_DIR"
	DefaultDir = "/var/lib/ctilink-cluster"
)

// DefaultDirs are the directories as the environment has them.
func DefaultDirs() (Dirs, error) {
	dir := os.Getenv(Variable)
	if dir == "" {
		dir = DefaultDir
	}
	root, err := filepath.Abs(dir)
	return Dirs{Root: root}, err
}

// Dirs are the directories of a running cluster, all below Root.
type Dirs struct{ Root string }

// Marker is the file that says that Root is ours to delete.
func (d Dirs) Marker() string { return filepath.Join(d.Root, ".ctilink-cluster") }

// Executable is the copy of this program that machines run as their pid 1.
func (d Dirs) Executable() string { return filepath.Join(d.Root, "bin", "ctilink-cluster") }

// PKI holds keys and certificates.
func (d Dirs) PKI() string { return filepath.Join(d.Root, "pki") }

// Images holds the archives that every node imports when it boots.
func (d Dirs) Images() string { return filepath.Join(d.Root, "images") }

// AdminKubeconfig is the kubeconfig for people and tests.
func (d Dirs) AdminKubeconfig() string { return filepath.Join(d.Root, "admin.kubeconfig") }

// Kubeconfig is the kubeconfig of a component.
func (d Dirs) Kubeconfig(component string) string {
	return filepath.Join(d.Root, "kubeconfig", component)
}

// Disk is the machine's disk: what survives its power cut.
func (d Dirs) Disk(m Machine) string { return filepath.Join(d.Root, "disk", m.Name) }

// Logs holds one log for each component of the machine.
func (d Dirs) Logs(m Machine) string { return filepath.Join(d.Root, "log", m.Name) }

// AuditPolicy exists when the API server is to write an audit log.
func (d Dirs) AuditPolicy() string { return filepath.Join(d.Root, "audit-policy.yaml") }

// AuditLog is the API server's audit log.
func (d Dirs) AuditLog() string { return filepath.Join(d.Logs(ControlPlane()), "audit.log") }
