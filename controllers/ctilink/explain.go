package ctilink

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

// explain says in our words what a pod reports by its reason: the pod's own message
// could carry what a CTI server said.
func (s *scope) explain(slot observedSlot, c metav1.Condition) messages.Sentence {
	switch c.Reason {
	case v1alpha1.ReasonConnecting:
		return messages.Connecting.Say("slot", slot.Name)
	case v1alpha1.ReasonProgressing, v1alpha1.ReasonPending:
		return messages.NotApplied.Say("slot", slot.Name)
	case v1alpha1.ReasonAuthFailed:
		return messages.AuthFailed.Say("slot", slot.Name, "sources", sources(s.link))
	case v1alpha1.ReasonForbidden:
		return messages.NotPermitted.Say("slot", slot.Name, "class", slot.Spec.Class)
	case v1alpha1.ReasonLicence:
		return messages.Licence.Say("slot", slot.Name)
	case v1alpha1.ReasonInvalidConfig:
		return s.explainConfig(slot, c.Message)
	case v1alpha1.ReasonInvalidRules:
		return messages.ImageRefusesRules.Say("slot", slot.Name)
	case v1alpha1.ReasonUnknownDriver:
		return messages.UnknownDriver.Say("class", slot.Spec.Class)
	}
	return messages.Disconnected.Say("slot", slot.Name)
}

// refusedKey finds the key in opencti.ConfigError as the pod reports it.
var refusedKey = regexp.MustCompile(`config key "([a-zA-Z][a-zA-Z0-9]*)" (is missing|is not a parameter|does not fit the server)?`)

// explainConfig says which key the pod lacks or refuses. Only the pods read what
// spec.configFrom names; of what they say nothing gets through but a key that the
// class declares.
func (s *scope) explainConfig(slot observedSlot, said string) messages.Sentence {
	class := slot.Spec.Class
	if found := refusedKey.FindStringSubmatch(said); found != nil {
		i := slices.IndexFunc(s.plan.Class.Parameters, func(p v1alpha1.Parameter) bool { return p.Name == found[1] })
		switch {
		case i < 0:
		case found[2] == "is not a parameter":
			// The class declares it, so that the link may set it.
			return messages.DriverLacksKey.Say("key", found[1], "class", class, "driver", slot.Spec.Driver)
		case found[2] == "does not fit the server":
			return messages.KeyDoesNotFit.Say("key", found[1], "slot", slot.Name, "sources", sources(s.link))
		case found[2] != "":
			return messages.KeyMissing.Say("key", found[1], "sources", sources(s.link))
		default:
			return messages.KeyMalformed.Say("key", found[1], "class", class,
				"type", string(s.plan.Class.Parameters[i].Type), "sources", sources(s.link))
		}
	}
	return messages.KeyUnknown.Say("class", class, "slot", slot.Name, "sources", sources(s.link))
}

// sources names the objects that the pods take keys from.
func sources(link *v1alpha1.CTILink) string {
	var out []string
	for _, c := range link.Spec.ConfigFrom {
		switch {
		case c.SecretRef != nil:
			out = append(out, fmt.Sprintf("Secret %q", c.SecretRef.Name))
		case c.ConfigMapRef != nil:
			out = append(out, fmt.Sprintf("ConfigMap %q", c.ConfigMapRef.Name))
		}
	}
	if len(out) == 0 {
		return "spec.config"
	}
	return strings.Join(out, " or ")
}
