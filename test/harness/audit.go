package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// APIRequest is a request as the API server's audit log has it.
type APIRequest struct {
	At    time.Time `json:"requestReceivedTimestamp"`
	Stage string    `json:"stage"`
	Verb  string    `json:"verb"`
	User  struct {
		Username string `json:"username"`
	} `json:"user"`
	UserAgent string `json:"userAgent"`
	Object    struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
}

// Writes says whether the request changes something.
func (r APIRequest) Writes() bool {
	switch r.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return true
	}
	return false
}

// What names the request without its time: verb, resource and object.
func (r APIRequest) What() string {
	resource := r.Object.Resource
	if r.Object.Subresource != "" {
		resource += "/" + r.Object.Subresource
	}
	return fmt.Sprintf("%s %s %s/%s", r.Verb, resource, r.Object.Namespace, r.Object.Name)
}

// Audit gives what was asked of the API server since a time, other than by Kubernetes
// itself. Watches count when they end, other requests when they are answered.
func (h *Harness) Audit(since time.Time) ([]APIRequest, error) {
	dirs, err := layout.DefaultDirs()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(dirs.AuditLog())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the API server writes no audit log: bring the cluster down first, it is an option of its start")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []APIRequest
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r APIRequest
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			break // the line that is being written
		}
		if r.Stage == "ResponseComplete" && !r.At.Before(since) {
			out = append(out, r)
		}
	}
	return out, lines.Err()
}
