package server

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

//go:embed docs.html
var docsHTML string

// docsPage shows the API's document to people: no script, no foreign origin.
var docsPage = template.Must(template.New("docs").Parse(docsHTML))

type docsOperation struct {
	Method, Path, Summary, Description string
	Parameters                         []docsMember
	Body, Answer                       []docsMember
	Statuses                           []string
	Curl                               string
}

type docsMember struct {
	Name, Type, Doc string
	Required        bool
}

func renderDocs(api *huma.OpenAPI) []byte {
	groups := map[string][]docsOperation{}
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodDelete: item.Delete} {
			if op != nil {
				groups[op.Tags[0]] = append(groups[op.Tags[0]], document(api, method, path, op))
			}
		}
	}
	type group struct {
		Name       string
		Operations []docsOperation
	}
	var ordered []group
	for _, name := range []string{"Link", "Session", "Events", "Activities", "Statistics", "Supervisor", "Ingest"} {
		ops := groups[name]
		sort.Slice(ops, func(i, j int) bool { return order(ops[i]) < order(ops[j]) })
		ordered = append(ordered, group{name, ops})
	}
	var b bytes.Buffer
	if err := docsPage.Execute(&b, map[string]any{"Info": api.Info, "Groups": ordered}); err != nil {
		panic(err) // the template and the document are both ours
	}
	return b.Bytes()
}

// order puts activities in the order of their table, the rest by path.
func order(op docsOperation) string {
	for i, s := range opencti.Specs() {
		if strings.HasSuffix(op.Path, "/"+string(s.Activity)) {
			return string(rune('A' + i))
		}
	}
	return op.Path + map[string]string{http.MethodPost: "1", http.MethodGet: "2", http.MethodDelete: "3"}[op.Method]
}

func document(api *huma.OpenAPI, method, path string, op *huma.Operation) docsOperation {
	d := docsOperation{Method: method, Path: path, Summary: op.Summary, Description: op.Description}
	for _, p := range op.Parameters {
		d.Parameters = append(d.Parameters, docsMember{p.Name + " (" + p.In + ")", p.Schema.Type, p.Description, p.Required})
	}
	var example any
	if op.RequestBody != nil {
		if m := op.RequestBody.Content["application/json"]; m != nil {
			d.Body, example = members(api, m.Schema, ""), m.Example
		}
	}
	for status, r := range op.Responses {
		d.Statuses = append(d.Statuses, status)
		for _, m := range r.Content {
			if strings.HasPrefix(status, "2") && m.Schema != nil {
				d.Answer = members(api, m.Schema, "")
			}
		}
	}
	sort.Strings(d.Statuses)
	d.Curl = curl(method, path, example)
	return d
}

func members(api *huma.OpenAPI, s *huma.Schema, prefix string) []docsMember {
	if len(s.OneOf) > 0 { // the first is one, the others are several of it
		s = s.OneOf[0]
	}
	if s.Ref != "" {
		s = api.Components.Schemas.SchemaFromRef(s.Ref)
	}
	var out []docsMember
	for name, p := range s.Properties {
		out = append(out, docsMember{prefix + name, typeName(p), p.Description, slices.Contains(s.Required, name)})
		switch {
		case p.Ref != "":
			out = append(out, members(api, p, prefix+name+".")...)
		case p.Items != nil && p.Items.Ref != "":
			out = append(out, members(api, p.Items, prefix+name+"[].")...)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func typeName(s *huma.Schema) string {
	switch {
	case s.Ref != "":
		return "object"
	case s.Type == huma.TypeArray && s.Items != nil:
		return "list of " + typeName(s.Items) + "s"
	}
	return s.Type
}

// inPaths are examples for the names in paths.
var inPaths = strings.NewReplacer("{session}", "4001", "{pool}", "support")

// curl is a line to paste, with $CTI and $TOKEN set as the page says.
func curl(method, path string, example any) string {
	token := "$TOKEN"
	if path == ingestPath {
		token = "$INGEST_TOKEN"
	}
	line := "curl --cacert ca.crt -H \"Authorization: Bearer " + token + "\""
	if strings.HasSuffix(path, "/events") && method == http.MethodGet {
		line += " -N"
	}
	if method != http.MethodGet {
		line += " -X " + method
	}
	line += " $CTI" + inPaths.Replace(path)
	if method != http.MethodPost {
		return line
	}
	if path == "/v1/sessions" {
		example = map[string]string{"agentId": "4001", "dn": "1001"}
	}
	body, err := json.Marshal(example)
	if err != nil {
		panic(err) // the examples are ours
	}
	return line + " -H 'Content-Type: application/json' -d '" + string(body) + "'"
}

func (s *Server) serveDocs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(s.docs) // the client may be gone
}

func (s *Server) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	render, kind := s.api.OpenAPI().MarshalJSON, "application/openapi+json"
	if strings.HasSuffix(r.URL.Path, ".yaml") {
		render, kind = s.api.OpenAPI().YAML, "application/openapi+yaml"
	}
	b, err := render()
	if err != nil {
		writeProblem(w, withStatus(http.StatusInternalServerError, opencti.Rejected, "the API document cannot be rendered"))
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(b) // the client may be gone
}
