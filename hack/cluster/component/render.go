package component

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*"))

func render(name string, data any) (string, error) {
	var out strings.Builder
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		return "", fmt.Errorf("configuration: %w", err)
	}
	return out.String(), nil
}

// DNS is what CoreDNS's manifest depends on.
type DNS struct {
	Image, ServiceIP, Domain string
	Replicas                 int
}

// CoreDNS renders the manifest of the cluster's DNS.
func CoreDNS(dns DNS) (string, error) { return render("coredns.yaml", dns) }

// AuditPolicy renders the API server's audit policy: who did what, without the bodies.
func AuditPolicy() (string, error) { return render("audit-policy.yaml", nil) }
