package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed dist
var dist embed.FS

// policy is the Content-Security-Policy of the pages: nothing inline, no foreign origin,
// and markup is made by the toolbar's own templates alone (Trusted Types; lit-html is the
// name of their policy).
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types lit-html; frame-ancestors "

// pages are the files behind paths without a file's name.
var pages = map[string]string{"/toolbar/": "index.html", "/toolbar/team": "team.html"}

// types by extension; those of the machine are not asked.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

// Toolbar serves the toolbar and the team view: the files under dist, at /toolbar/. They
// are public; what they may do the API decides. framers are the origins whose pages may
// show it in a frame, as a CRM's side panel does; the page's own may always.
func Toolbar(framers ...string) http.Handler {
	files := ready()
	csp := policy + strings.Join(append([]string{"'self'"}, framers...), " ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/toolbar" {
			http.Redirect(w, r, "/toolbar/", http.StatusMovedPermanently)
			return
		}
		name, ok := pages[r.URL.Path]
		if !ok {
			name = strings.TrimPrefix(r.URL.Path, "/toolbar/")
		}
		f, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Security-Policy", csp)
		f.serve(w, r)
	})
}

// file is a file of dist, ready to be sent.
type file struct {
	kind, etag     string
	plain, gzipped []byte
}

// ready are the files, pressed once.
var ready = sync.OnceValue(readFiles)

func readFiles() map[string]*file {
	files := map[string]*file{}
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := dist.ReadFile(name)
		files[strings.TrimPrefix(name, "dist/")] = newFile(name, b)
		return err
	})
	if err != nil {
		panic(err) // the files are in the program
	}
	return files
}

func newFile(name string, b []byte) *file {
	sum := sha256.Sum256(b)
	kind, ok := types[path.Ext(name)]
	if !ok {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression) // the level is a right one
	_, _ = w.Write(b)                                     // into memory
	_ = w.Close()
	return &file{kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, b, z.Bytes()}
}

// serve sends the file. Browsers ask each time whether it is still the same: its name does
// not change with a new version, so that pages may name it.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Etag", f.etag)
	h.Add("Vary", "Accept-Encoding")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of a CRM load the element
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipped
	}
	_, _ = w.Write(body) // the client may be gone
}
