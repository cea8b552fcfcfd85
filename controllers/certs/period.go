package certs

import (
	"hash/fnv"
	"time"
)

// period is how long a certificate is in use before a link gets a new one.
const period = 90 * 24 * time.Hour

// Period numbers the rotation period that a link is in, and says how long it still
// lasts. Links begin theirs at different times, spread by name, so that not all of
// a cluster's links roll their pods at once.
func Period(namespace, name string, now time.Time) (number int64, left time.Duration) {
	h := fnv.New64a()
	h.Write([]byte(namespace + "/" + name))
	offset := time.Duration(h.Sum64() % uint64(period))
	since := now.Sub(time.Unix(0, 0)) + offset
	return int64(since / period), period - since%period
}
