package link

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Records keeps what a successor of this pod must know and no CTI server tells:
// which sessions are open and what they know of their calls, which a desktop closed, and
// what was answered to idempotency keys. It must be safe for concurrent use.
type Records interface {
	Put(key string, value any) (number uint64, err error)
	Delete(key string)
	// Told waits until a standby was told of an entry, or the context ends.
	Told(ctx context.Context, number uint64)
}

// The names of the entries: kind/session key, and for answers also the idempotency key. The
// kinds of those that ended are the Endings.
const (
	sessionRecords = "session/"
	answerRecords  = "answer/"
)

var endings = []Ending{Closed, TakenOver}

func (e Ending) record(key string) string { return string(e) + "/" + key }

const (
	// toldTimeout bounds how long a request waits for a standby to know of it.
	toldTimeout = 100 * time.Millisecond
	// Bounds of what is recorded; the oldest make room.
	answersRecorded = 10_000
	endingsRecorded = 10_000
)

// recorded is what a session's entry holds.
type recorded struct {
	DN      string              `json:"dn"`
	AgentID string              `json:"agentId,omitempty"`
	Hidden  []opencti.EventType `json:"hidden,omitempty"`
	session.Presence
	// Memory is a session.Memory. A pod of another version may not understand it, and has
	// the session all the same.
	Memory json.RawMessage `json:"memory,omitempty"`
}

// journal writes the records of a link.
type journal struct {
	records Records // nil: nobody follows

	mu      sync.Mutex
	begun   uint64   // number of the newest answer
	answers []string // entries in the order in which they were made
	endings []string
	changed []*recorder   // of sessions whose memory is to be recorded
	some    chan struct{} // full when there are some
}

func newJournal(records Records) journal {
	return journal{records: records, some: make(chan struct{}, 1)}
}

func (j *journal) opened(m *member) {
	if j.records == nil {
		return
	}
	for _, e := range endings {
		j.records.Delete(e.record(m.Key()))
	}
	j.says(m)
}

// says tells what desktops said of a session, and what it knows.
func (j *journal) says(m *member) (number uint64) {
	if j.records != nil {
		number, _ = j.records.Put(sessionRecords+m.Key(), // texts and times always encode
			recorded{m.DN(), m.AgentID(), m.Hidden(), m.Presence(), encodeMemory(m.Memory())})
	}
	return number
}

func (j *journal) gone(key string) {
	if j.records != nil {
		j.records.Delete(sessionRecords + key)
	}
}

// ended marks a session that no token brings back.
func (j *journal) ended(key string, e ending) {
	if j.records != nil {
		j.put(&j.endings, endingsRecorded, e.how.record(key), e.at)
	}
}

// put writes an entry of a bounded kind.
func (j *journal) put(kind *[]string, bound int, key string, value any) uint64 {
	j.keep(kind, bound, key)
	number, _ := j.records.Put(key, value) // texts and times always encode
	return number
}

// keep counts an entry of a bounded kind; the oldest makes room.
func (j *journal) keep(kind *[]string, bound int, key string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	*kind = append(*kind, key)
	if len(*kind) <= bound {
		return
	}
	oldest := (*kind)[0]
	*kind = (*kind)[1:]
	if !slices.Contains(*kind, oldest) { // an agent's session ends each day
		j.records.Delete(oldest)
	}
}

// inherited counts an entry that is there already, oldest first.
func (j *journal) inherited(kind *[]string, bound int, key string) {
	if j.records != nil {
		j.keep(kind, bound, key)
	}
}

// next numbers an answer.
func (j *journal) next() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.begun++
	return j.begun
}

// told waits until a standby knows, but not for long.
func (j *journal) told(number uint64) {
	ctx, cancel := context.WithTimeout(context.Background(), toldTimeout)
	defer cancel()
	j.records.Told(ctx, number)
}

// recorder gives a session whom it tells what a successor must know.
func (l *Link) recorder(key string) session.Recorder {
	if l.journal.records == nil {
		return nil
	}
	return &recorder{link: l, journal: &l.journal, key: key, prefix: answerRecords + key + "/"}
}

// recorder writes what one session tells.
type recorder struct {
	link    *Link
	journal *journal
	key     string
	prefix  string
	begun   sync.Map    // records by key, until answered
	noted   atomic.Bool // its memory is to be recorded
}

// Begun implements session.Recorder. It returns when a standby knows.
func (r *recorder) Begun(key string, fingerprint []byte) {
	begun := session.AnswerRecord{Key: key, Number: r.journal.next(), Fingerprint: fingerprint}
	r.begun.Store(key, begun)
	r.journal.told(r.journal.put(&r.journal.answers, answersRecorded, r.prefix+key, begun))
}

// Answered implements session.Recorder.
func (r *recorder) Answered(key, requestID string, err *opencti.Error) {
	begun, _ := r.begun.LoadAndDelete(key)
	a, _ := begun.(session.AnswerRecord)
	a.Key, a.Answered, a.RequestID, a.Error = key, true, requestID, err
	_, _ = r.journal.records.Put(r.prefix+key, a)
}

// Inherit takes over the records of the slot's holder before: its sessions come back
// without their desktops asking. It is called once, after Apply and before Run.
func (l *Link) Inherit(entries map[string]json.RawMessage) {
	l.inheritEndings(entries)
	answers := l.inheritAnswers(entries)
	if _, _, _, err := l.current(); err != nil {
		return // the next holder may have a document that it can use
	}
	inherited := 0
	for name, value := range entries {
		key, ok := strings.CutPrefix(name, sessionRecords)
		var r recorded
		if !ok || json.Unmarshal(value, &r) != nil {
			continue
		}
		known := decodeMemory(r.Memory)
		m := l.inherit(Request{DN: r.DN, AgentID: r.AgentID, Hidden: r.Hidden, Presence: r.Presence, memory: known})
		if m == nil {
			l.journal.gone(key) // else it would come back some day when nobody is at the desk
			continue
		}
		m.Remember(answers[key])
		inherited++
	}
	if inherited > 0 {
		l.o.Log.Info("Inherited sessions of the slot's former holder", "sessions", inherited)
	}
}

// inheritAnswers gives the answers by session key, oldest first. They count for the bound as
// if they were our own.
func (l *Link) inheritAnswers(entries map[string]json.RawMessage) map[string][]session.AnswerRecord {
	all := map[string]session.AnswerRecord{}
	for name, value := range entries {
		var a session.AnswerRecord
		if strings.HasPrefix(name, answerRecords) && json.Unmarshal(value, &a) == nil {
			all[name] = a
		}
	}
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return cmp.Compare(all[a].Number, all[b].Number) })
	answers := map[string][]session.AnswerRecord{}
	for _, name := range names {
		a := all[name]
		key := strings.TrimSuffix(strings.TrimPrefix(name, answerRecords), "/"+a.Key)
		answers[key] = append(answers[key], a)
		l.journal.inherited(&l.journal.answers, answersRecorded, name)
		l.journal.begun = a.Number // nobody else writes yet
	}
	return answers
}

func (l *Link) inheritEndings(entries map[string]json.RawMessage) {
	at := map[string]time.Time{}
	for name, value := range entries {
		for _, how := range endings {
			key, ok := strings.CutPrefix(name, how.record(""))
			var ended time.Time
			if !ok || json.Unmarshal(value, &ended) != nil {
				continue
			}
			at[name] = ended
			l.mu.Lock()
			l.endings[key] = ending{how, ended}
			l.mu.Unlock()
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(at), func(a, b string) int { return at[a].Compare(at[b]) }) {
		l.journal.inherited(&l.journal.endings, endingsRecorded, name)
	}
}

// inherit makes a session that the next resync brings into step; nil when its agent is
// in no pool any more.
func (l *Link) inherit(r Request) *member {
	if l.admit(&r) != nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m, opened, _ := l.enter(r)
	if !opened {
		return nil
	}
	m.pass()
	return m
}
