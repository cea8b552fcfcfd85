package layout

import (
	"net/netip"
	"testing"
)

func TestMachinesDoNotCollide(t *testing.T) {
	network := netip.MustParsePrefix(MachineNetwork)
	seen := map[string]string{HostAddress: "host"}
	for _, m := range Machines() {
		if !network.Contains(netip.MustParseAddr(m.Address)) {
			t.Errorf("%s: %s is not in %s", m.Name, m.Address, network)
		}
		if len(m.Link) > 15 { // IFNAMSIZ
			t.Errorf("%s: link name %s is too long", m.Name, m.Link)
		}
		for _, unique := range []string{m.Address, m.Link, m.Name} {
			if other := seen[unique]; other != "" {
				t.Errorf("%s and %s share %s", m.Name, other, unique)
			}
			seen[unique] = m.Name
		}
	}
}

func TestNodesHavePodNetworksOfTheirOwn(t *testing.T) {
	nodes, err := Nodes(MaxNodes)
	if err != nil {
		t.Fatal(err)
	}
	whole := netip.MustParsePrefix(PodNetwork)
	for i, node := range nodes {
		network := netip.MustParsePrefix(node.PodNetwork())
		if !whole.Overlaps(network) || network.Bits() <= whole.Bits() {
			t.Errorf("%s is not a part of %s", network, whole)
		}
		for _, other := range nodes[:i] {
			if network.Overlaps(netip.MustParsePrefix(other.PodNetwork())) {
				t.Errorf("%s and %s overlap", node.Name, other.Name)
			}
		}
	}
}

func TestNodeNumbers(t *testing.T) {
	for _, tc := range []struct {
		n  int
		ok bool
	}{{0, false}, {1, true}, {MaxNodes, true}, {MaxNodes + 1, false}, {-1, false}} {
		if _, err := Node(tc.n); (err == nil) != tc.ok {
			t.Errorf("node %d: %v, want ok=%v", tc.n, err, tc.ok)
		}
	}
}

func TestByName(t *testing.T) {
	for _, m := range Machines() {
		if got, err := ByName(m.Name); err != nil || got != m {
			t.Errorf("got %v %v, want %v", got, err, m)
		}
	}
	if _, err := ByName("node-4"); err == nil {
		t.Error("node-4 was found")
	}
}
