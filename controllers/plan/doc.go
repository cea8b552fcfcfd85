// Package plan turns manifests into what must exist: the slot documents of a link
// and its child objects.
//
// It is pure: no client, no clock, nothing random. The same input gives the same
// bytes, so that server-side apply of an unchanged plan changes nothing, and the
// golden files in testdata show every field that reaches a cluster. The operator
// uses all of it; the standalone runtime uses Slots alone.
package plan
