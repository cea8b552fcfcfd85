// Command asterisk runs a real Asterisk as a contact centre, with SIP telephones for its agents
// and its carrier, on loopback, without root: something to point a link at. It takes commands
// from its input and ends with it, or by Ctrl-C.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctilink/ctilink-operator/hack/asterisk/debian"
	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx"
	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := pbx.Options{Agents: 2}
	root := &cobra.Command{
		Use: "asterisk", Short: "Run a real Asterisk as a contact centre, with telephones",
		SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	root.Flags().IntVar(&o.Agents, "agents", o.Agents, "how many agents' telephones there are, from 1001 on")
	root.Flags().StringVar(&o.Host, "host", "127.0.0.1", "this machine's address for the manager interface")
	root.Flags().StringSliceVar(&o.Permit, "permit", nil, "networks that may come to it, 10.244.0.0/16, besides loopback")
	root.Flags().BoolVar(&o.FreePBX, "freepbx", false, "queues, hints and dialplan as FreePBX generates them")
	if err := root.ExecuteContext(ctx); err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, o pbx.Options) error {
	store, err := cache.Default()
	if err != nil {
		return err
	}
	tree, err := debian.Fetch(ctx, store, func(format string, args ...any) { fmt.Printf(format+" …\n", args...) })
	if err != nil {
		return err
	}
	o.Tree = tree
	p, err := pbx.Start(ctx, o)
	if err != nil {
		return err
	}
	defer p.Close()
	c, err := open(ctx, p)
	if err != nil {
		return err
	}
	defer c.close()
	fmt.Printf("address   %s\naddressTLS %s\nusername  %s\npassword  %s\ntlsCA     %s/etc/cert.pem\nlog       %s/log/messages\n\n%s",
		p.AMI(), p.AMITLS(), p.User, p.Secret, p.Dir, p.Dir, usage)
	return c.obey(ctx, os.Stdin)
}

const usage = `call 8001 [+4930123]    the carrier calls: 8001 support, 8002 sales, 1001 an agent
dial 1001 0301234567    an agent's telephone dials
answer 1001             also: hold, retrieve, hangup
phones                  who has which calls
quit
`

// centre is the telephones by their numbers; the carrier's is called carrier.
type centre struct{ phones map[string]*phone.Phone }

func open(ctx context.Context, p *pbx.PBX) (*centre, error) {
	c := &centre{phones: map[string]*phone.Phone{}}
	carrier, err := phone.New(phone.Config{Server: p.SIP(), Number: "carrier", Listen: p.Trunk(), OnRing: func(c *phone.Call) { _ = c.Answer() }})
	if err != nil {
		return nil, err
	}
	c.phones["carrier"] = carrier
	for _, number := range p.Numbers() {
		f, err := phone.New(phone.Config{Server: p.SIP(), Number: number, Password: p.Password(number)})
		if err != nil {
			c.close()
			return nil, err
		}
		c.phones[number] = f
		if err := f.Register(ctx); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

func (c *centre) close() {
	for _, p := range c.phones {
		p.Close()
	}
}

// obey does what is typed, until there is no more.
func (c *centre) obey(ctx context.Context, in io.Reader) error {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, more := <-lines:
			words := strings.Fields(line)
			if !more || len(words) > 0 && words[0] == "quit" {
				return nil
			}
			if err := c.do(ctx, words); err != nil {
				fmt.Println(err)
			}
		}
	}
}

var errUsage = errors.New("not understood; there are:\n" + strings.TrimSpace(usage))

func (c *centre) do(ctx context.Context, words []string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	switch {
	case len(words) == 0:
		return nil
	case words[0] == "phones":
		for number, p := range c.phones {
			fmt.Println(number, p)
		}
		return nil
	case words[0] == "call" && len(words) >= 2:
		from := "+4930123"
		if len(words) > 2 {
			from = words[2]
		}
		_, err := c.phones["carrier"].Dial(ctx, words[1], from)
		return err
	case len(words) >= 2 && c.phones[words[1]] != nil:
		return act(ctx, c.phones[words[1]], words)
	}
	return errUsage
}

// act is what one telephone does with its call.
func act(ctx context.Context, p *phone.Phone, words []string) error {
	if words[0] == "dial" && len(words) > 2 {
		_, err := p.Dial(ctx, words[2], "")
		return err
	}
	wanted := map[string][]phone.State{"answer": {phone.Ringing}, "hold": {phone.Talking}, "retrieve": {phone.Holding},
		"hangup": {phone.Talking, phone.Dialing, phone.Ringing, phone.Holding}}[words[0]]
	if wanted == nil {
		return errUsage
	}
	call, err := p.Await(ctx, wanted...)
	if err != nil {
		return err
	}
	switch words[0] {
	case "answer":
		return call.Answer()
	case "hold":
		return call.Hold(ctx)
	case "retrieve":
		return call.Retrieve(ctx)
	}
	return call.HangUp(ctx)
}
