// Package world is the conformance kit's World for the class asterisk: a real Asterisk with
// real SIP telephones. Programs and tests enter; it imports the kit, and no driver.
package world

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/ctilink/ctilink-operator/hack/asterisk/debian"
	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx"
	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// World is an Asterisk with three agents' telephones, two queues and the carrier's other side.
type World struct {
	PBX *pbx.PBX
	// Carrier is the telephone of everybody outside.
	Carrier *phone.Phone
	// Phones are the agents', by number.
	Phones map[string]*phone.Phone
	proxy  *proxy
}

var (
	_ conformance.World   = (*World)(nil)
	_ conformance.Journal = (*World)(nil)
)

// Numbers outside: one answers by itself, the other is busy.
const (
	outside = "+4930123456"
	busy    = "+4930999999"
)

// Options say what world it is.
type Options struct {
	Tree debian.Tree
	// Agents is how many there are; 0: three.
	Agents int
	// These are Asterisk's; see pbx.Options.
	RingSeconds, Verbose int
	Host                 string
	Permit               []string
	FreePBX              bool
}

// New starts everything, until Close.
func New(ctx context.Context, o Options) (*World, error) {
	if o.Agents == 0 {
		o.Agents = 3
	}
	p, err := pbx.Start(ctx, pbx.Options{Tree: o.Tree, Agents: o.Agents, RingSeconds: o.RingSeconds, Verbose: o.Verbose,
		Host: o.Host, Permit: o.Permit, FreePBX: o.FreePBX})
	if err != nil {
		return nil, err
	}
	w := &World{PBX: p, Phones: map[string]*phone.Phone{}}
	if err := w.open(ctx); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *World) open(ctx context.Context) (err error) {
	if w.proxy, err = newProxy(w.PBX.AMI()); err != nil {
		return err
	}
	w.Carrier, err = phone.New(phone.Config{Server: w.PBX.SIP(), Number: "carrier", Listen: w.PBX.Trunk(), Refuses: refuses,
		OnRing: func(c *phone.Call) { _ = c.Answer() }})
	if err != nil {
		return err
	}
	for _, number := range w.PBX.Numbers() {
		if w.Phones[number], err = phone.New(phone.Config{Server: w.PBX.SIP(), Number: number, Password: w.PBX.Password(number)}); err != nil {
			return err
		}
	}
	return w.Register(ctx)
}

func refuses(dialled string) int {
	if dialled == busy {
		return int(sip.StatusBusyHere)
	}
	return 0
}

// Register registers all agents' telephones, again after a restart of Asterisk.
func (w *World) Register(ctx context.Context) error {
	for _, p := range w.Phones {
		if err := p.Register(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Transcript is the last of what the manager interface said.
func (w *World) Transcript() string {
	w.proxy.mu.Lock()
	defer w.proxy.mu.Unlock()
	return string(w.proxy.said)
}

// Close ends everything.
func (w *World) Close() {
	for _, p := range w.Phones {
		if p != nil {
			p.Unplug()
		}
	}
	if w.Carrier != nil {
		w.Carrier.Unplug()
	}
	if w.proxy != nil {
		w.proxy.close()
	}
	w.PBX.Close()
}

// Config is what the class needs to reach this Asterisk.
func (w *World) Config() map[string]string {
	c := map[string]string{"address": w.proxy.address(), "username": w.PBX.User, "password": w.PBX.Secret, "queues": "8001",
		"dataVariables": "CTI_CASE", "phoneTimeout": "1s", "responseTimeout": "3s"}
	if w.PBX.FreePBX {
		c["member"], c["stateInterface"] = "Local/{dn}@from-queue/n", "hint:{dn}@ext-local"
	}
	return c
}

// member is the interface by which queues call a telephone.
func (w *World) member(number string) string {
	if w.PBX.FreePBX {
		return "Local/" + number + "@from-queue/n"
	}
	return "PJSIP/" + number
}

// Bench is the class on this world.
func (w *World) Bench(class string, d opencti.Driver) conformance.Bench {
	wrong, nowhere := w.Config(), w.Config()
	wrong["password"] = "wrong"
	nowhere["address"] = "127.0.0.1:1" // nobody listens there
	return conformance.Bench{
		Class: class, Driver: d, Config: w.Config(), World: w,
		Refusals: []conformance.Refusal{
			{Name: "a wrong password", Config: wrong, Want: opencti.AuthenticationFailed},
			{Name: "an address where nobody listens", Config: nowhere, Want: opencti.LinkDown},
		},
		CannotTell: map[opencti.EventName]string{
			opencti.Unknown: "a telephone is a member of queues or it is not; Unknown stands in the Snapshots of sessions without an agent",
		},
		Never: map[conformance.Deed]string{
			conformance.GoesOffHook:   "a SIP telephone says nothing before it has a number",
			conformance.MutesItself:   "a SIP telephone mutes its own microphone and tells nobody",
			conformance.Conferences:   "a SIP telephone mixes a conference itself; to Asterisk these are two calls",
			conformance.LosesMessages: "the manager interface loses no events without losing the connection",
			conformance.Forgets:       "a telephone is a member of queues or it is not",
		},
	}
}

// Cast implements conformance.World.
func (w *World) Cast() conformance.Cast {
	c := conformance.Cast{Queues: []string{"8001", "8002"}, Customer: "+492215550101", Outside: outside, Busy: busy, Unknown: "77"}
	for i, number := range w.PBX.Numbers() {
		c.Agents = append(c.Agents, conformance.Agent{ID: fmt.Sprint(4001 + i), DN: number})
	}
	return c
}

// Requests implements conformance.Journal.
func (w *World) Requests(context.Context) (uint64, error) { return w.proxy.requests(), nil }

// Reset implements conformance.World.
func (w *World) Reset(ctx context.Context) error {
	if _, err := w.PBX.CLI(ctx, "channel request hangup all"); err != nil {
		return err
	}
	for _, number := range w.PBX.Numbers() {
		w.Phones[number].SetDeaf(false)
		commands := []string{"devstate change Custom:DND" + number + " UNAVAILABLE", "database del DND " + number}
		for _, queue := range w.Cast().Queues {
			commands = append(commands, "queue remove member "+w.member(number)+" from "+queue)
		}
		for _, command := range commands {
			// What is not there cannot be removed.
			_, _ = w.PBX.CLI(ctx, command)
		}
	}
	return w.quiet(ctx)
}

// quiet waits until there are no calls. A telephone that still has one when Asterisk has none hangs
// up: what one of them said was lost.
func (w *World) quiet(ctx context.Context) error {
	if err := w.noCalls(ctx); err == nil || ctx.Err() != nil {
		return err
	}
	for _, p := range append(w.agents(), w.Carrier) {
		for _, c := range p.Calls() {
			_ = c.HangUp(ctx) // Asterisk knows no such call
		}
	}
	return w.noCalls(ctx)
}

func (w *World) noCalls(ctx context.Context) error {
	return until(ctx, func() error {
		channels, err := w.PBX.CLI(ctx, "core show channels concise")
		if err != nil {
			return err
		}
		if strings.TrimSpace(channels) != "" {
			return fmt.Errorf("there are still channels:\n%s", channels)
		}
		for _, p := range append(w.agents(), w.Carrier) {
			if len(p.Calls()) > 0 {
				return fmt.Errorf("telephone %s still has %s", p.Number, p)
			}
		}
		return nil
	})
}

func (w *World) agents() []*phone.Phone {
	var out []*phone.Phone
	for _, number := range w.PBX.Numbers() {
		out = append(out, w.Phones[number])
	}
	return out
}

// until asks again until it is so, for some seconds.
func until(ctx context.Context, is func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		err := is()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// Headers carries call data to the dialplan.
func Headers(data map[string]string) []sip.Header {
	if len(data) == 0 {
		return nil
	}
	values := url.Values{}
	for name, value := range data {
		values.Set(name, value)
	}
	return []sip.Header{sip.NewHeader("X-Data", values.Encode())}
}
