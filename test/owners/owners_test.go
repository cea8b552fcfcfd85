package owners

import (
	"strings"
	"testing"
	"time"
)

var rules = Rules{Deadline: 10 * time.Second, Lease: 15 * time.Second, Travel: time.Second}

// at is a time in seconds.
func at(seconds float64) time.Time {
	return time.Unix(1_800_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

// held is a version of the Lease: a process of pod a or b, e.g. "a1".
func held(seconds float64, process string, epoch int64) Version {
	return Version{Holder: process, Address: process[:1], Epoch: epoch, Renewed: at(seconds)}
}

func free(seconds float64) Version { return Version{Renewed: at(seconds)} }

func act(seconds float64, peer string, connection uint64) Act {
	return Act{At: at(seconds), Peer: peer, Connection: connection, Name: "AnswerCall"}
}

func keep(seconds float64, peer string, connection uint64) Act {
	return Act{At: at(seconds), Peer: peer, Connection: connection, Name: "StartApplicationSession"}
}

// A history that is right, and seeded ones that must not pass.
func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		versions []Version
		acts     []Act
		want     string // in the error; empty: all is right
	}{
		"one owner": {
			versions: []Version{held(0, "a1", 7), held(5, "a1", 7)},
			acts:     []Act{keep(0.1, "a", 1), act(1, "a", 1), act(14, "a", 1)},
		},
		"given back": {
			versions: []Version{held(0, "a1", 7), free(1), held(1.2, "b1", 8)},
			acts:     []Act{keep(0.1, "a", 1), act(1, "a", 1), keep(1.3, "b", 2), act(1.4, "b", 2)},
		},
		"expired": {
			versions: []Version{held(0, "a1", 7), held(15.5, "b1", 8)},
			acts:     []Act{keep(0.1, "a", 1), act(9.9, "a", 1), {At: at(12), Peer: "a", Connection: 1, Name: "StopApplicationSession"}, keep(15.6, "b", 2), act(16, "b", 2)},
		},
		"taken back by the pod's next process": {
			versions: []Version{held(0, "a1", 7), held(2, "a2", 8)},
			acts:     []Act{keep(0.1, "a", 1), act(1, "a", 1), keep(2.1, "a", 2), act(2.2, "a", 2)},
		},
		"before the recording": {
			versions: []Version{held(10, "a1", 7)},
			acts:     []Act{act(3, "b", 1), act(11, "a", 2)},
		},
		"a connection from before the recording": {
			versions: []Version{held(10, "a1", 7)},
			acts:     []Act{keep(3, "a", 1), act(11, "a", 1)},
		},
		"the same process again after the API server was away": {
			versions: []Version{held(0, "a1", 7), held(60, "a1", 8)},
			acts:     []Act{keep(0.1, "a", 1), keep(60.1, "a", 2), act(61, "a", 2)},
		},

		"two owners at once": {
			versions: []Version{held(0, "a1", 7), held(15.5, "b1", 8)},
			acts:     []Act{keep(0.1, "a", 1), keep(15.6, "b", 2), act(16, "b", 2), act(16.1, "a", 1)},
			want:     "AnswerCall by a on connection 1 at 08:00:16.100: the slot is held by b",
		},
		"past the deadline": {
			versions: []Version{held(0, "a1", 7), held(16, "b1", 8)},
			acts:     []Act{keep(0.1, "a", 1), act(12, "a", 1)},
			want:     "its last renewal was 12s ago",
		},
		"the new owner before it has the Lease": {
			versions: []Version{held(0, "a1", 7), free(1), held(2, "b1", 8)},
			acts:     []Act{keep(0.1, "a", 1), keep(1.5, "b", 2), act(1.6, "b", 2)},
			want:     "AnswerCall by b on connection 2",
		},
		"the Lease taken too early": {
			versions: []Version{held(0, "a1", 7), held(9, "b1", 8)},
			want:     "b took the slot 9s after the last renewal of a",
		},
		"a dead process acts": {
			versions: []Version{held(0, "a1", 7), held(2, "a2", 8)},
			acts:     []Act{keep(0.1, "a", 1), keep(2.1, "a", 2), act(3, "a", 1)},
			want:     "the connection is of a process before",
		},
		"an epoch goes back": {
			versions: []Version{held(0, "a1", 7), free(1), held(2, "b1", 6)},
			want:     "epoch 6 of b1 came after epoch 7",
		},
		"a stranger": {
			versions: []Version{held(0, "a1", 7)},
			acts:     []Act{act(1, "c", 3)},
			want:     "AnswerCall by c",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(rules, tc.versions, tc.acts)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("Check() = %v, want %q", err, tc.want)
			}
		})
	}
}
