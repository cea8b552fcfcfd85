package boot

import (
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// configureNetwork sets up eth0, whose other end the host has put on its bridge, and the routes to all pods.
func configureNetwork(machine layout.Machine) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("lo: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("lo: %w", err)
	}
	eth0, err := netlink.LinkByName("eth0")
	if err != nil {
		return fmt.Errorf("eth0: %w", err)
	}
	address, err := netlink.ParseAddr(machine.Address + "/24")
	if err != nil {
		return err
	}
	if err := netlink.AddrReplace(eth0, address); err != nil {
		return fmt.Errorf("eth0: %w", err)
	}
	if err := netlink.LinkSetUp(eth0); err != nil {
		return fmt.Errorf("eth0: %w", err)
	}
	if err := addRoute("0.0.0.0/0", layout.HostAddress); err != nil {
		return err
	}
	if err := addPodRoutes(machine); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644) // of this network namespace only
}

func addPodRoutes(machine layout.Machine) error {
	nodes, err := layout.Nodes(layout.MaxNodes)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if node == machine {
			// An address without a pod answers at once; without this its packets would travel in a circle.
			if err := addUnreachable(node.PodNetwork()); err != nil {
				return err
			}
			continue
		}
		if err := addRoute(node.PodNetwork(), node.Address); err != nil {
			return err
		}
	}
	return nil
}

func addRoute(network, via string) error {
	_, destination, err := net.ParseCIDR(network)
	if err != nil {
		return err
	}
	if err := netlink.RouteReplace(&netlink.Route{Dst: destination, Gw: net.ParseIP(via)}); err != nil {
		return fmt.Errorf("route to %s: %w", network, err)
	}
	return nil
}

func addUnreachable(network string) error {
	_, destination, err := net.ParseCIDR(network)
	if err != nil {
		return err
	}
	if err := netlink.RouteReplace(&netlink.Route{Dst: destination, Type: unix.RTN_UNREACHABLE}); err != nil {
		return fmt.Errorf("route to %s: %w", network, err)
	}
	return nil
}
