package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/asterisk/debian"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance/ctisim"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// worlds makes the bench of each driver: what its CTI server is, here.
var worlds = map[string]func(class string, d opencti.Driver) (b conformance.Bench, done func() error, err error){
	"csta": func(class string, d opencti.Driver) (conformance.Bench, func() error, error) {
		w, err := ctisim.New()
		if err != nil {
			return conformance.Bench{}, nil, err
		}
		return w.Bench(class, d), w.Close, nil
	},
	"asterisk": func(class string, d opencti.Driver) (conformance.Bench, func() error, error) {
		w, err := asterisk(context.Background())
		if err != nil {
			return conformance.Bench{}, nil, err
		}
		return w.Bench(class, d), func() error { w.Close(); return nil }, nil
	},
}

// asterisk fetches a real one, the first time, and starts it.
func asterisk(ctx context.Context) (*world.World, error) {
	store, err := cache.Default()
	if err != nil {
		return nil, err
	}
	tree, err := debian.Fetch(ctx, store, func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
	if err != nil {
		return nil, err
	}
	return world.New(ctx, world.Options{Tree: tree, RingSeconds: 3})
}

// names lists the classes that can be tried.
func names() []string {
	drivers := slices.Collect(maps.Keys(worlds))
	out := slices.Clone(drivers)
	for _, c := range adapters.Classes() {
		if slices.Contains(drivers, c.Extends) {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return out
}

// benchOf finds the class's driver and its world. A class that extends another has its own
// defaults; where the server is, the world knows better.
func benchOf(class string) (conformance.Bench, func() error, error) {
	driver, defaults := class, map[string]string{}
	for _, c := range adapters.Classes() {
		if c.Name == class {
			driver, defaults = c.Extends, maps.Clone(c.Defaults)
		}
	}
	d, found := adapters.Find(driver)
	world := worlds[driver]
	if !found || world == nil {
		return conformance.Bench{}, nil, fmt.Errorf("there is no class %q to try; there are %s", class, strings.Join(names(), ", "))
	}
	b, done, err := world(class, d)
	if err != nil {
		return b, nil, err
	}
	maps.Copy(defaults, b.Config)
	b.Config = defaults
	return b, done, nil
}
