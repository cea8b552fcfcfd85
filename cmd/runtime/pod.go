package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

// dialer reaches other pods; a pod that does not answer within this time is gone.
var dialer = net.Dialer{Timeout: 2 * time.Second, KeepAlive: 5 * time.Second}

// pod is this process in a cluster: at every moment it either holds its slot and
// has a link at work, or stands by and passes requests on.
type pod struct {
	f         flags
	name      string
	slot      *slots.Slot
	ownership *slots.Ownership
	records   *slots.Records
	sink      *eventSink
	portrait  portraitFront
	metrics   *metrics
	log       *slog.Logger

	mu       sync.Mutex
	document *v1alpha1.CTISlot // newest; nil before the first
	link     *link.Link        // while this pod holds the slot
	refused  error             // why the newest document was refused
	news     chan struct{}     // closed when document changed
}

func runPod(ctx context.Context, f flags, log *slog.Logger) error {
	p, err := newPod(f, log)
	if err != nil {
		return err
	}
	id, err := loadIdentity(f.tlsDir)
	if err != nil {
		return err
	}
	key, err := server.FileSecret(f.sessionKeyFile)()
	if err != nil {
		return err
	}
	first, stop := context.WithCancel(ctx)
	defer stop()
	go p.slot.Watch(first, p.changed)
	if err := p.awaitDocument(ctx); err != nil {
		return err
	}
	api := server.New(server.Options{
		Link: p.linkName(), Version: version, Routing: p, Token: server.FileSecret(f.tokenFile), IngestToken: f.ingestToken(),
		SessionKey: []byte(key), Peers: id.transport(), MayAct: p.ownership.MayAct, Log: log, AllowedOrigins: f.allowedOrigins,
		Portrait: p.portrait.options,
	})
	p.sink = newEventSink(f.sinkDir, false, p.ownership.MayAct, log)
	peers := http.NewServeMux()
	peers.Handle("POST "+slots.RecordsPath, p.records)
	peers.Handle("/", api.Peer())
	ports := newListeners(log)
	defer ports.stop()
	defer api.CloseStreams()
	if err := errors.Join(
		ports.add("desktop", f.desktopAddress, api.Desktop(), id.desktop()),
		ports.add("peer", f.peerAddress, peers, id.peer()),
		ports.add("metrics", f.metricsAddress, operations(p.metrics.registry, p.ready), nil),
	); err != nil {
		return err
	}
	// The slot is given back before the ports close: requests that still come are
	// passed on to the next holder.
	working, cancel := ports.context(ctx)
	defer cancel(nil)
	go p.records.Follow(working, p.Holder, p.Identity(), id.transport())
	go api.Remember(working)
	if err := p.ownership.Run(working, p.hold); err != nil {
		return err
	}
	return failure(working)
}

func newPod(f flags, log *slog.Logger) (*pod, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("reach the API server: %w", err)
	}
	config.UserAgent = "ctilink-runtime/" + version
	config.Timeout = 0 // watches stay open
	name, namespace, uid, ip := os.Getenv("POD_NAME"), os.Getenv("POD_NAMESPACE"), os.Getenv("POD_UID"), os.Getenv("POD_IP")
	if name == "" || namespace == "" || uid == "" || ip == "" {
		return nil, errors.New("POD_NAME, POD_NAMESPACE, POD_UID and POD_IP must be set; the operator's Deployment does so")
	}
	slot, err := slots.NewSlot(config, namespace, f.slot, log)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client for Leases: %w", err)
	}
	_, port, err := net.SplitHostPort(f.peerAddress)
	if err != nil {
		return nil, fmt.Errorf("--peer-address: %w", err)
	}
	return &pod{
		f: f, name: name, slot: slot, records: slots.NewRecords(), metrics: newMetrics(), log: log, news: make(chan struct{}),
		ownership: slots.NewOwnership(client.CoordinationV1().Leases(namespace), f.slot,
			slots.Pod{Name: name, UID: uid, PeerAddress: net.JoinHostPort(ip, port)}, log),
	}, nil
}

// changed takes a new document. The holder puts it in force at once.
func (p *pod) changed(slot *v1alpha1.CTISlot) {
	p.mu.Lock()
	newer := p.document == nil || p.document.Generation != slot.Generation
	p.document = slot
	if !newer {
		p.mu.Unlock()
		return
	}
	p.front(slot)
	if p.link != nil {
		p.refused = p.apply(p.link, slot)
	}
	close(p.news)
	p.news = make(chan struct{})
	p.mu.Unlock()
}

// front puts in force what every pod of the link answers by, the standby, too.
func (p *pod) front(slot *v1alpha1.CTISlot) {
	if err := p.portrait.apply(slot.Spec.Portrait); err != nil {
		p.log.Error("Refused the names of the Portrait front; the last good ones stay in force", "generation", slot.Generation, "error", err)
	}
}

// apply puts a document in force in a link.
func (p *pod) apply(l *link.Link, slot *v1alpha1.CTISlot) error {
	err := l.Apply(link.Document{Generation: slot.Generation, Spec: slot.Spec})
	if err != nil {
		p.log.Error("Refused the slot document; the last good one stays in force", "generation", slot.Generation, "error", err)
		return err
	}
	p.log.Info("Applied the slot document", "generation", slot.Generation, "agents", len(slot.Spec.Agents))
	return nil
}

func (p *pod) awaitDocument(ctx context.Context) error {
	for {
		p.mu.Lock()
		known, news := p.document != nil, p.news
		p.mu.Unlock()
		if known {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		}
	}
}

func (p *pod) linkName() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.document.Spec.LinkName
}

// recordsWait is how long a process that was started again waits for its standby to
// tell what its predecessor knew.
const recordsWait = time.Second

// hold is the work for which the slot is held.
func (p *pod) hold(ctx context.Context, term slots.Term) {
	epoch := term.Epoch
	p.awaitRecords(ctx, term.Before)
	p.records.Hold(epoch, term.Before)
	defer p.records.Release()
	l := link.New(link.Options{
		Epoch: epoch, MayAct: p.ownership.MayAct, Drivers: adapters.Find, Mounted: link.Mounted(p.f.configDir),
		Records: p.records, Observer: p.metrics, Log: p.log,
	})
	p.mu.Lock()
	p.refused = p.apply(l, p.document)
	l.Inherit(p.records.Entries())
	p.link = l
	p.mu.Unlock()
	p.metrics.hold(l, epoch)
	defer p.metrics.hold(nil, 0)

	var reporting sync.WaitGroup
	reporting.Go(func() { p.report(ctx, l, epoch) })
	reporting.Go(func() { p.sink.run(ctx, l, p.sinkDocument) })
	l.Run(ctx)

	p.mu.Lock()
	p.link = nil
	p.mu.Unlock()
	l.CloseReaders()
	reporting.Wait()
}

// sinkDocument is what the newest document says of the event sink.
func (p *pod) sinkDocument() (*v1alpha1.EventSink, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.document.Spec.EventSink, p.news
}

// ingestToken is nil when the link takes no events.
func (f flags) ingestToken() func() (string, error) {
	if f.ingestTokenFile == "" {
		return nil
	}
	return server.FileSecret(f.ingestTokenFile)
}

// awaitRecords waits for the records of the holder before, if there was one.
func (p *pod) awaitRecords(ctx context.Context, before int64) {
	ctx, cancel := context.WithTimeout(ctx, recordsWait)
	defer cancel()
	p.records.Await(ctx, before)
}

// Local implements server.Routing.
func (p *pod) Local() (*link.Link, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link, p.link != nil
}

// Holder implements server.Routing.
func (p *pod) Holder() (slots.Holder, <-chan struct{}) { return p.ownership.Holder() }

// Refresh implements server.Routing.
func (p *pod) Refresh(ctx context.Context) error { return p.ownership.Refresh(ctx) }

// Identity implements server.Routing.
func (p *pod) Identity() string { return p.ownership.Identity() }

// ready says whether requests can come: this pod holds the slot or knows who does.
// The telephony server has no say in it.
func (p *pod) ready() error {
	if _, ok := p.Local(); ok {
		return nil
	}
	switch holder, _ := p.Holder(); holder.Identity {
	case "":
		return errors.New("no pod holds the slot yet")
	case p.Identity():
		// Cut off from the API server, it cannot learn who comes after it.
		return errors.New("this pod has let go of the slot and does not know the next holder")
	}
	return nil
}
