//go:build asterisk

package phone_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx"
	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx/pbxtest"
	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The telephones against the real thing, each scenario with calls of its own.
func TestTelephones(t *testing.T) {
	p := pbxtest.Start(t, 3)
	carrier := plugIn(t, phone.Config{Server: p.SIP(), Number: "carrier", Listen: p.Trunk()})
	alice, bob, carol := agent(t, p, "1001"), agent(t, p, "1002"), agent(t, p, "1003")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	t.Run("from outside, answered, held, tones, hung up", func(t *testing.T) {
		out := dial(ctx, t, carrier, "1001", "+4930123")
		in := await(ctx, t, alice, phone.Ringing)
		if in.Far != "+4930123" {
			t.Errorf("the caller is %q", in.Far)
		}
		must(t, in.Answer())
		await(ctx, t, carrier, phone.Talking)
		must(t, in.Hold(ctx))
		if got, err := p.CLI(ctx, "core show channels concise"); err != nil || !strings.Contains(got, "PJSIP/1001") {
			t.Errorf("channels: %q, %v", got, err)
		}
		must(t, in.Retrieve(ctx))
		must(t, out.Press(ctx, "12#"))
		for in.Tones() != "12#" {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				t.Fatalf("heard %q, want 12#", in.Tones())
			}
		}
		must(t, in.HangUp(ctx))
		over(ctx, t, out)
	})
	t.Run("refused", func(t *testing.T) {
		out := dial(ctx, t, alice, "1002", "")
		must(t, await(ctx, t, bob, phone.Ringing).Refuse(486))
		over(ctx, t, out)
	})
	t.Run("given up", func(t *testing.T) {
		out := dial(ctx, t, alice, "1002", "")
		in := await(ctx, t, bob, phone.Ringing)
		must(t, out.HangUp(ctx))
		over(ctx, t, in)
	})
	t.Run("blind transfer", func(t *testing.T) {
		out := dial(ctx, t, carrier, "1001", "+4930123")
		in := await(ctx, t, alice, phone.Ringing)
		must(t, in.Answer())
		must(t, in.Transfer(ctx, "1002"))
		other := await(ctx, t, bob, phone.Ringing)
		must(t, other.Answer())
		over(ctx, t, in)
		must(t, out.HangUp(ctx))
		over(ctx, t, other)
	})
	t.Run("attended transfer", func(t *testing.T) {
		out := dial(ctx, t, carrier, "1001", "+4930123")
		in := await(ctx, t, alice, phone.Ringing)
		must(t, in.Answer())
		must(t, in.Hold(ctx))
		consult := dial(ctx, t, alice, "1003", "")
		must(t, await(ctx, t, carol, phone.Ringing).Answer())
		await(ctx, t, alice, phone.Talking)
		must(t, in.TransferTo(ctx, consult))
		over(ctx, t, in)
		over(ctx, t, consult)
		must(t, out.HangUp(ctx))
	})
	t.Run("to the outside", func(t *testing.T) {
		out := dial(ctx, t, alice, "0301234567", "")
		in := await(ctx, t, carrier, phone.Ringing)
		if in.Invite.Recipient.User != "0301234567" {
			t.Errorf("the carrier was asked for %q", in.Invite.Recipient.User)
		}
		must(t, in.Answer())
		await(ctx, t, alice, phone.Talking)
		must(t, out.HangUp(ctx))
		over(ctx, t, in)
	})
}

func TestServerIsRestarted(t *testing.T) {
	p := pbxtest.Start(t, 1)
	alice := agent(t, p, "1001")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dial(ctx, t, alice, "*97", "")
	await(ctx, t, alice, phone.Talking)
	p.Kill()
	must(t, p.Run(ctx))
	must(t, alice.Register(ctx))
	if got, err := p.CLI(ctx, "core show channels concise"); err != nil || strings.Contains(got, "PJSIP") {
		t.Errorf("channels after the restart: %q, %v", got, err)
	}
}

func plugIn(t *testing.T, c phone.Config) *phone.Phone {
	t.Helper()
	p, err := phone.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func agent(t *testing.T, p *pbx.PBX, number string) *phone.Phone {
	t.Helper()
	out := plugIn(t, phone.Config{Server: p.SIP(), Number: number, Password: p.Password(number)})
	must(t, out.Register(t.Context()))
	return out
}

func dial(ctx context.Context, t *testing.T, p *phone.Phone, number, from string) *phone.Call {
	t.Helper()
	c, err := p.Dial(ctx, number, from)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func await(ctx context.Context, t *testing.T, p *phone.Phone, state phone.State) *phone.Call {
	t.Helper()
	c, err := p.Await(ctx, state)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func over(ctx context.Context, t *testing.T, c *phone.Call) {
	t.Helper()
	select {
	case <-c.Ended():
	case <-ctx.Done():
		t.Fatalf("the call with %s is %s, want over", c.Far, c.State())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
