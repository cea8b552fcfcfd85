package harness

import (
	"context"
	"strings"
)

// OperatorNamespace is where Install puts the operator.
const OperatorNamespace = "ctilink-system"

// Install installs or upgrades both charts, and waits until the operator is ready.
func (h *Harness) Install(ctx context.Context) error {
	h.Progress("Installing the operator by Helm")
	helm, err := h.cached(ctx, "helm")
	if err != nil {
		return err
	}
	repository, tag, _ := strings.Cut(h.Image, ":")
	if _, err := h.output(ctx, helm, "upgrade", "--install", "ctilink-crds", "charts/ctilink-crds",
		"--namespace", OperatorNamespace, "--create-namespace", "--wait", "--timeout", "60s"); err != nil {
		return err
	}
	_, err = h.output(ctx, helm, "upgrade", "--install", "ctilink", "charts/ctilink-operator",
		"--namespace", OperatorNamespace, "--set", "image.repository="+repository, "--set", "image.tag="+tag,
		"--set", "image.pullPolicy=IfNotPresent", "--wait", "--timeout", "120s")
	return err
}
