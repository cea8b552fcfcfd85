// Package portrait is the XML front of Portrait Foundation's telephony guide ("Integrating
// Telephony", 7.1): one document a request, one a response, for clients that know nothing
// else. The guide gives names and no elements; every name is in one table (names.go,
// table.go, tell.go) that a deployment can override. The server uses it; it imports session
// and opencti, and knows links by the interface Sessions alone.
package portrait
