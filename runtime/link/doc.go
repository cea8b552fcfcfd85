// Package link is one slot at work: the connection to the CTI server, the sessions
// on it, and their resync after a loss. It imports session, the registry of
// adapters, opencti and api; it knows neither HTTP nor Leases.
package link
