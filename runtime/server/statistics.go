package server

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const (
	// askWidth is how many questions one request has under way at the CTI server.
	askWidth = 8
	// toldAgain is the longest time without an event of a queue.
	toldAgain = 60 * time.Second
	// eventQueueStatistics is the type of the events of queues.
	eventQueueStatistics = "QueueStatistics"
)

// InQueues is what every request about queues has.
type InQueues struct {
	Queue []string `query:"queue,explode" maxItems:"64" doc:"A queue; repeat it for more. Absent: all queues for which the pools' agents work." example:"support"`
}

type statisticsOutput struct {
	Body QueueReport
}

// QueueReport is the answer to GET /v1/statistics.
type QueueReport struct {
	Queues []opencti.QueueStatistics `json:"queues"`
	// Unavailable is not used for queues that the request names: those are an error.
	Unavailable []UnavailableQueue `json:"unavailable,omitempty" doc:"Queues of the pools that could not be asked for."`
}

// UnavailableQueue is a queue of which nothing is known now.
type UnavailableQueue struct {
	Queue   string            `json:"queue"`
	Code    opencti.ErrorCode `json:"code"`
	Message string            `json:"message"`
}

type statisticsStreamInput struct {
	InQueues
	Interval int `query:"interval" minimum:"1" maximum:"60" default:"5" doc:"The least time between two events of a queue, in seconds."`
}

func (s *Server) registerStatistics() {
	huma.Register(s.api, huma.Operation{
		OperationID: "getStatistics", Method: http.MethodGet, Path: "/v1/statistics", Tags: []string{"Statistics"},
		Summary: "Queues at this moment", Errors: append(slices.Clone(errorStatuses), http.StatusNotImplemented),
	}, s.getStatistics)
	schema := s.api.OpenAPI().Components.Schemas.Schema(typeOf[opencti.QueueStatistics](), true, "QueueStatistics")
	huma.Register(s.api, huma.Operation{
		OperationID: "streamStatistics", Method: http.MethodGet, Path: "/v1/statistics/events", Tags: []string{"Statistics"},
		Summary: "Queues, as they change",
		Description: "Server-sent events of the type QueueStatistics: each queue at once, and then when something about it has " +
			"changed, at least every 60 seconds. The CTI server is asked once, however many read. While it cannot be asked there " +
			"are no events; `at` says how old the figures are.",
		Errors:    append(slices.Clone(errorStatuses), http.StatusNotImplemented),
		Responses: map[string]*huma.Response{"200": {Description: "The stream.", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: schema}}}},
	}, s.streamStatistics)
}

// queues are those that the request names, or all.
func (in *InQueues) queues(of Queues) (list []string, named bool) {
	if len(in.Queue) == 0 {
		return of.Queues(), false
	}
	return slices.Compact(slices.Sorted(slices.Values(in.Queue))), true
}

func (s *Server) getStatistics(ctx context.Context, in *InQueues) (*statisticsOutput, error) {
	of := Queues(linkOf(ctx))
	queues, named := in.queues(of)
	answers, errs := askAll(ctx, of, queues)
	out := &statisticsOutput{Body: QueueReport{Queues: []opencti.QueueStatistics{}}}
	for i, err := range errs {
		switch {
		case err == nil:
			out.Body.Queues = append(out.Body.Queues, answers[i])
		case named || cannot(err):
			return nil, problem(err)
		default:
			e := opencti.AsError(err)
			out.Body.Unavailable = append(out.Body.Unavailable, UnavailableQueue{queues[i], e.Code, e.Message})
		}
	}
	return out, nil
}

// cannot says whether an error is of the link, not of one queue.
func cannot(err error) bool {
	code := opencti.AsError(err).Code
	return code == opencti.NotSupportedByClass || code == opencti.LinkDown
}

// askAll asks for each queue, some at the same time.
func askAll(ctx context.Context, of Queues, queues []string) ([]opencti.QueueStatistics, []error) {
	answers, errs := make([]opencti.QueueStatistics, len(queues)), make([]error, len(queues))
	width := make(chan struct{}, askWidth)
	var wg sync.WaitGroup
	for i, queue := range queues {
		width <- struct{}{}
		wg.Go(func() {
			defer func() { <-width }()
			ctx, cancel := context.WithTimeout(ctx, pollTimeout)
			defer cancel()
			answers[i], errs[i] = of.QueueStatistics(ctx, queue)
		})
	}
	wg.Wait()
	return answers, errs
}

func (s *Server) streamStatistics(ctx context.Context, in *statisticsStreamInput) (*huma.StreamResponse, error) {
	l := linkOf(ctx)
	documents := documentsOf(l)
	queues, named := in.queues(l)
	reader := s.polls.read(l, queues, time.Duration(in.Interval)*time.Second)
	if err := firstAnswers(ctx, reader, named); err != nil {
		reader.leave()
		return nil, problem(err)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer reader.leave()
		r, w := humago.Unwrap(c)
		sw := s.newSSE(w)
		told := newTold()
		err := s.watch(r.Context(), l, sw, func() error {
			if !named && documents.newer() {
				reader.turnTo(l, l.Queues())
			}
			return told.each(reader, func(latest *opencti.QueueStatistics) error { return sw.addJSON(eventQueueStatistics, latest) })
		}, reader.news)
		s.o.Log.Debug("A stream of statistics ended", "queues", len(queues), "why", err)
	}}, nil
}

// firstAnswers waits for an answer of each queue. What the request names must be there.
func firstAnswers(ctx context.Context, reader *pollReader, named bool) error {
	if err := reader.first(ctx); err != nil {
		return err
	}
	var refused error
	reader.answers(func(_ string, _ opencti.QueueStatistics, err error) {
		if refused == nil && err != nil && (named || cannot(err)) {
			refused = err
		}
	})
	return refused
}

// told is what one reader was told of each queue.
type told struct {
	last map[string]opencti.QueueStatistics
	at   map[string]time.Time
}

func newTold() *told {
	return &told{map[string]opencti.QueueStatistics{}, map[string]time.Time{}}
}

// each tells the news of each queue of which there is some for this reader.
func (t *told) each(reader *pollReader, tell func(*opencti.QueueStatistics) error) (err error) {
	now := time.Now()
	reader.answers(func(queue string, latest opencti.QueueStatistics, unknown error) {
		since := now.Sub(t.at[queue])
		// A poll may come a little early; another reader may want more of them.
		if unknown != nil || err != nil || since < reader.interval*9/10 || same(t.last[queue], latest) && since < toldAgain {
			return
		}
		t.last[queue], t.at[queue] = latest, now
		err = tell(&latest)
	})
	return err
}

// same says whether two answers tell the same.
func same(a, b opencti.QueueStatistics) bool {
	a.At, b.At = time.Time{}, time.Time{}
	return a == b
}
