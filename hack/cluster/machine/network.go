package machine

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// EnsureBridge makes the bridge that the machines are plugged into, and the host's routes to pods and Services.
// Services are reached through one node: it should be one that runs.
func EnsureBridge(serviceNode layout.Machine) error {
	bridge, err := ensureBridge()
	if err != nil {
		return fmt.Errorf("bridge %s: %w", layout.Bridge, err)
	}
	if err := replugged(bridge); err != nil {
		return err
	}
	nodes, err := layout.Nodes(layout.MaxNodes)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := replaceRoute(bridge, node.PodNetwork(), node); err != nil {
			return err
		}
	}
	return replaceRoute(bridge, layout.ServiceNetwork, serviceNode)
}

func ensureBridge() (netlink.Link, error) {
	bridge, err := netlink.LinkByName(layout.Bridge)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		if err := networksAreFree(); err != nil {
			return nil, err
		}
		attributes := netlink.NewLinkAttrs()
		attributes.Name = layout.Bridge
		if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attributes}); err != nil {
			return nil, err
		}
		bridge, err = netlink.LinkByName(layout.Bridge)
	}
	if err != nil {
		return nil, err
	}
	address, err := netlink.ParseAddr(layout.HostAddress + "/24")
	if err != nil {
		return nil, err
	}
	if err := netlink.AddrReplace(bridge, address); err != nil {
		return nil, err
	}
	return bridge, netlink.LinkSetUp(bridge)
}

// networksAreFree refuses to take over routes that somebody else has made.
func networksAreFree() error {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for _, network := range []string{layout.MachineNetwork, layout.PodNetwork, layout.ServiceNetwork} {
		for _, route := range routes {
			if route.Dst != nil && isWithin(*route.Dst, network) {
				return fmt.Errorf("the host has a route to %s, within the cluster's %s: another cluster or VPN?", route.Dst, network)
			}
		}
	}
	return nil
}

// isWithin says whether inner is outer or a part of it. A route that is wider than ours does not disturb.
func isWithin(inner net.IPNet, outer string) bool {
	_, network, err := net.ParseCIDR(outer)
	if err != nil {
		return false
	}
	innerBits, _ := inner.Mask.Size()
	outerBits, _ := network.Mask.Size()
	return innerBits >= outerBits && network.Contains(inner.IP)
}

// replugged puts cables back into a bridge that had to be made again, or where they were left half plugged.
func replugged(bridge netlink.Link) error {
	for _, m := range layout.Machines() {
		cable, err := netlink.LinkByName(m.Link)
		if err != nil {
			continue // not running
		}
		if err := netlink.LinkSetMaster(cable, bridge); err != nil {
			return fmt.Errorf("link %s: %w", m.Link, err)
		}
		if err := netlink.LinkSetUp(cable); err != nil {
			return fmt.Errorf("link %s: %w", m.Link, err)
		}
	}
	return nil
}

// IsPlugged says whether the machine's cable exists: without one it is a start that was cut short.
func IsPlugged(m layout.Machine) bool {
	_, err := netlink.LinkByName(m.Link)
	return err == nil
}

func replaceRoute(bridge netlink.Link, network string, via layout.Machine) error {
	_, destination, err := net.ParseCIDR(network)
	if err != nil {
		return err
	}
	route := &netlink.Route{LinkIndex: bridge.Attrs().Index, Dst: destination, Gw: net.ParseIP(via.Address)}
	if err := netlink.RouteReplace(route); err != nil {
		return fmt.Errorf("route to %s: %w", network, err)
	}
	return nil
}

// connect plugs the machine's eth0 into the bridge.
func connect(m layout.Machine, pid int) error {
	if err := disconnect(m.Link); err != nil { // the kernel removes a dead machine's cable only after a while
		return err
	}
	bridge, err := netlink.LinkByName(layout.Bridge)
	if err != nil {
		return fmt.Errorf("bridge %s: %w", layout.Bridge, err)
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = m.Link
	attributes.MasterIndex = bridge.Attrs().Index
	cable := &netlink.Veth{LinkAttrs: attributes, PeerName: "eth0", PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("link %s: %w", m.Link, err)
	}
	return netlink.LinkSetUp(cable)
}

func disconnect(name string) error {
	link, err := netlink.LinkByName(name)
	if errors.As(err, &netlink.LinkNotFoundError{}) {
		return nil
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// RemoveNetwork removes the bridge, with its routes, and every cable.
func RemoveNetwork() error {
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("links: %w", err)
	}
	var failed error
	for _, link := range links {
		name := link.Attrs().Name
		if name == layout.Bridge || link.Type() == "veth" && strings.HasPrefix(name, layout.LinkPrefix) {
			failed = errors.Join(failed, disconnect(name))
		}
	}
	return failed
}

// Unplug removes a machine's cable.
func Unplug(m layout.Machine) error {
	if err := disconnect(m.Link); err != nil {
		return fmt.Errorf("link %s: %w", m.Link, err)
	}
	return nil
}
