// Package adapters is the registry of the built-in drivers and of the classes that
// are made from them. It is read by the link, and by the generator of the built-in
// ImplementationClass manifests.
package adapters

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Class is a built-in implementation class that extends another and only changes
// defaults.
type Class struct {
	Name     string
	Extends  string
	Summary  string
	Defaults map[string]string
}

// Drivers lists the built-in drivers. Each is a class of the same name.
func Drivers() []opencti.Driver {
	return []opencti.Driver{asterisk.Driver{}, csta.Driver{}}
}

// Classes lists the built-in classes that extend a driver's class.
func Classes() []Class {
	return []Class{{
		Name:     "simulator",
		Extends:  "csta",
		Summary:  "The contact-centre simulator in the box (ctisim): a switch for first steps, tests and adapter developers.",
		Defaults: map[string]string{"address": "ctisim:4721", "username": "ctilink"},
	}}
}

// Find gives a driver by its name.
func Find(name string) (opencti.Driver, bool) {
	for _, d := range Drivers() {
		if d.Describe().Name == name {
			return d, true
		}
	}
	return nil, false
}
