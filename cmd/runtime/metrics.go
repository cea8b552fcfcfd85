package main

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// metrics counts what the link does. Its labels are of closed sets: never an agent,
// a device or a number.
type metrics struct {
	registry   *prometheus.Registry
	events     *prometheus.CounterVec
	dropped    *prometheus.CounterVec
	latency    prometheus.Histogram
	activities *prometheus.HistogramVec
	connected  prometheus.Gauge
	changes    *prometheus.CounterVec
	resync     prometheus.Histogram
	sessions   prometheus.GaugeFunc
	holding    prometheus.Gauge
	epoch      prometheus.Gauge

	link atomic.Pointer[link.Link] // while this pod holds the slot
}

var _ link.Observer = (*metrics)(nil)

func newMetrics() *metrics {
	m := &metrics{
		registry:   prometheus.NewRegistry(),
		events:     counter("events_total", "Events told to sessions, by name.", "event"),
		dropped:    counter("events_dropped_total", "Raw events that ended in a step of HandleEvent.", "step"),
		latency:    histogram("event_latency_seconds", "From the CTI server's bytes to the session's log.", 1e-5, 2, 16),
		activities: prometheus.NewHistogramVec(opts("activity_seconds", "Time of activities, by outcome: ok or the error code.", 1e-3, 2, 14), []string{"activity", "outcome"}),
		connected:  gauge("connected", "1 while the CTI server is connected."),
		changes:    counter("connection_changes_total", "Connections made (true) and lost (false).", "connected"),
		resync:     histogram("resync_seconds", "Time to bring all sessions back after a connect.", 1e-2, 2, 14),
		holding:    gauge("slot_holding", "1 while this pod holds the slot."),
		epoch:      gauge("slot_epoch", "Epoch of this pod's acquisition; 0 while it does not hold the slot."),
	}
	m.sessions = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: metricsPrefix + "sessions", Help: "Open sessions."}, func() float64 {
		l := m.link.Load()
		if l == nil {
			return 0
		}
		st, _ := l.Status()
		return float64(st.Sessions)
	})
	m.registry.MustRegister(m.events, m.dropped, m.latency, m.activities, m.connected, m.changes, m.resync, m.sessions, m.holding, m.epoch,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

const metricsPrefix = "ctilink_"

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: metricsPrefix + name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: metricsPrefix + name, Help: help})
}

func opts(name, help string, first, factor float64, n int) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{Name: metricsPrefix + name, Help: help, Buckets: prometheus.ExponentialBuckets(first, factor, n)}
}

func histogram(name, help string, first, factor float64, n int) prometheus.Histogram {
	return prometheus.NewHistogram(opts(name, help, first, factor, n))
}

// EventHandled implements session.Observer.
func (m *metrics) EventHandled(name opencti.EventName, after time.Duration) {
	m.events.WithLabelValues(string(name)).Inc()
	m.latency.Observe(after.Seconds())
}

// EventDropped implements session.Observer.
func (m *metrics) EventDropped(step string) { m.dropped.WithLabelValues(step).Inc() }

// ActivityDone implements session.Observer.
func (m *metrics) ActivityDone(a opencti.Activity, code opencti.ErrorCode, took time.Duration) {
	outcome := "ok"
	if code != "" {
		outcome = string(code)
	}
	m.activities.WithLabelValues(string(a), outcome).Observe(took.Seconds())
}

// ConnectionChanged implements link.Observer.
func (m *metrics) ConnectionChanged(connected bool) {
	m.changes.WithLabelValues(strconv.FormatBool(connected)).Inc()
	m.connected.Set(0)
	if connected {
		m.connected.Set(1)
	}
}

// Resynced implements link.Observer.
func (m *metrics) Resynced(_ int, took time.Duration) { m.resync.Observe(took.Seconds()) }

// hold tells of the slot: the link at work and its epoch, or nil and 0 when this pod
// does not hold it.
func (m *metrics) hold(l *link.Link, epoch int64) {
	m.link.Store(l)
	m.epoch.Set(float64(epoch))
	m.holding.Set(min(1, float64(epoch)))
}
