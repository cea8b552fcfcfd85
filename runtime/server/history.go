package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const (
	// historyStep is what one sample stands for, historySpan is how long it is kept.
	historyStep = 30 * time.Second
	historySpan = time.Hour
)

// QueueHistory is how many calls waited in a queue in the last hour.
type QueueHistory struct {
	Queue   string        `json:"queue"`
	Samples []QueueSample `json:"samples" doc:"Oldest first. Of half minutes that are absent nothing is known."`
}

// QueueSample is the most calls that were seen waiting in a half minute.
type QueueSample struct {
	At           time.Time `json:"at" doc:"When the half minute began."`
	CallsWaiting int       `json:"callsWaiting"`
}

// history keeps the last hour of queues, in memory: the next holder of the slot begins its
// own. The zero value is ready; it is safe for concurrent use.
type history struct {
	mu sync.Mutex
	of map[string][]QueueSample
}

// add takes an answer of the CTI server.
func (h *history) add(s opencti.QueueStatistics) {
	at := s.At.UTC().Truncate(historyStep)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = map[string][]QueueSample{}
	}
	samples := recent(h.of[s.Queue], at)
	if last := len(samples) - 1; last >= 0 && !samples[last].At.Before(at) {
		samples[last].CallsWaiting = max(samples[last].CallsWaiting, s.CallsWaiting)
	} else {
		samples = append(samples, QueueSample{at, s.CallsWaiting})
	}
	h.of[s.Queue] = samples
}

// knows says whether there is a sample of this half minute.
func (h *history) knows(queue string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	samples := h.of[queue]
	return len(samples) > 0 && now.Sub(samples[len(samples)-1].At) < historyStep
}

// lastHour gives what is known of queues.
func (h *history) lastHour(queues []string, now time.Time) []QueueHistory {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []QueueHistory{}
	for _, queue := range queues {
		if samples := recent(h.of[queue], now); len(samples) > 0 {
			out = append(out, QueueHistory{queue, slices.Clone(samples)})
		}
	}
	return out
}

// forget keeps nothing but these queues.
func (h *history) forget(but []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for queue := range h.of {
		if !slices.Contains(but, queue) {
			delete(h.of, queue)
		}
	}
}

// recent leaves out what is older than the span.
func recent(samples []QueueSample, now time.Time) []QueueSample {
	i := slices.IndexFunc(samples, func(s QueueSample) bool { return now.Sub(s.At) < historySpan })
	if i < 0 {
		return samples[:0]
	}
	return samples[i:]
}

// Remember asks for the pools' queues each half minute while this pod holds the slot, so
// that a supervisor who comes sees the last hour. It returns when the context ends.
func (s *Server) Remember(ctx context.Context) {
	tick := time.NewTicker(historyStep)
	defer tick.Stop()
	for {
		if l, ok := s.o.Routing.Local(); ok {
			s.polls.remember(ctx, l)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// remember asks for the queues for which nobody else asks.
func (p *polls) remember(ctx context.Context, of Queues) {
	all, now := of.Queues(), time.Now()
	p.history.forget(all)
	queues := slices.DeleteFunc(slices.Clone(all), func(queue string) bool { return p.history.knows(queue, now) })
	answers, errs := askAll(ctx, of, queues)
	for i, err := range errs {
		if err == nil {
			p.history.add(answers[i])
		}
	}
}
