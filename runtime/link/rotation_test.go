package link

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// mountPassword rotates the Secret.
func (b *bench) mountPassword(p string) { b.mounted.Store(&map[string]string{"password": p}) }

// onlyPassword makes a server that accepts one password at a time.
func (b *bench) onlyPassword(right *string) {
	b.server.OnConnect = func(_ context.Context, c linktest.Config) error {
		if c.Password != *right {
			return opencti.Errorf(opencti.AuthenticationFailed, "wrong password")
		}
		return nil
	}
}

// rotating runs a test on a link whose server takes the password "old" at first.
func rotating(t *testing.T, test func(t *testing.T, b *bench, right *string)) {
	synctest.Test(t, func(t *testing.T) {
		b, right := newBench(t), "old"
		b.onlyPassword(&right)
		b.mountPassword("old")
		b.start()
		synctest.Wait()
		b.wantState(v1alpha1.ConnectionConnected)
		test(t, b, &right)
	})
}

func TestARotatedSecretReconnectsAndKeepsTheSessions(t *testing.T) {
	rotating(t, func(t *testing.T, b *bench, right *string) {
		s := b.mustOpen("1001", "4001")
		*right = "new"
		b.mountPassword("new")
		time.Sleep(2 * mountedInterval)
		synctest.Wait()
		b.wantState(v1alpha1.ConnectionConnected)
		if n := b.server.Connections(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
		if diff := cmp.Diff([]string{"Snapshot", "LinkDown", "LinkUp", "Snapshot"}, names(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAWrongNewSecretLeavesTheConnection(t *testing.T) {
	rotating(t, func(t *testing.T, b *bench, _ *string) {
		s := b.mustOpen("1001", "4001")
		b.mountPassword("wrong")
		time.Sleep(2 * mountedInterval)
		synctest.Wait()
		st := b.wantState(v1alpha1.ConnectionConnected)
		if e := opencti.AsError(st.Refused); e == nil || e.Code != opencti.AuthenticationFailed {
			t.Errorf("refused = %v, want AuthenticationFailed", st.Refused)
		}
		if s.Snapshot().Link != opencti.LinkUp {
			t.Error("the session was lost")
		}
		b.mountPassword("old")
		time.Sleep(2 * mountedInterval)
		synctest.Wait()
		if st := b.wantState(v1alpha1.ConnectionConnected); st.Refused != nil || b.server.Connections() != 1 {
			t.Errorf("mended, but refused = %v with %d connections", st.Refused, b.server.Connections())
		}
	})
}

func TestAWrongNewSecretIsTriedSeldom(t *testing.T) {
	rotating(t, func(t *testing.T, b *bench, _ *string) {
		attempts := 0
		b.server.OnConnect = func(context.Context, linktest.Config) error {
			attempts++
			return opencti.Errorf(opencti.AuthenticationFailed, "wrong password")
		}
		b.mountPassword("wrong")
		time.Sleep(time.Hour)
		synctest.Wait()
		if attempts < 10 || attempts > 25 {
			t.Errorf("%d attempts in an hour, want about one in five minutes", attempts)
		}
	})
}

func TestAMalformedMountedKeyIsRefused(t *testing.T) {
	rotating(t, func(t *testing.T, b *bench, _ *string) {
		b.mounted.Store(&map[string]string{"password": "old", "colour": "red"})
		time.Sleep(2 * mountedInterval)
		synctest.Wait()
		st := b.wantState(v1alpha1.ConnectionConnected)
		if _, ok := st.Refused.(*opencti.ConfigError); !ok {
			t.Errorf("refused = %v, want a ConfigError", st.Refused)
		}
	})
}
