// Package web holds what browsers load: files as they are, without a build. The server
// serves them.
package web

import _ "embed"

// PegaDesktopAPI is pega_cti_desktopAPI.js: the functions that Pega Call's client-side
// OpenCTI calls.
//
//go:embed pega_cti_desktopAPI.js
var PegaDesktopAPI []byte
