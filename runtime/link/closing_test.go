package link

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

func closing(s *v1alpha1.CTISlotSpec) { s.Phase = v1alpha1.SlotClosing }

// wantClosed applies the closing document and waits for the end of everything.
func (b *bench) wantClosed(within time.Duration) {
	b.t.Helper()
	b.mustApply(document(2, closing))
	time.Sleep(within)
	synctest.Wait()
	if st, _ := b.Status(); !st.Closed || st.Sessions != 0 || st.Connection != v1alpha1.ConnectionDisconnected {
		b.t.Errorf("after %s the status is %+v, want it closed without sessions", within, st)
	}
	_, _, err := b.Open(b.t.Context(), Request{DN: "1001", AgentID: "4001"})
	wantCode(b.t, err, opencti.LinkDown)
}

func TestClosingEndsSessionsAndConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		b.wantClosed(time.Second)
		if _, _, err := s.Events.After(t.Context(), s.Events.Last().Sequence); !errors.Is(err, session.ErrClosed) {
			t.Errorf("the stream goes on: %v", err)
		}
		if err := b.server.Connection(1).Err(); err != nil {
			t.Errorf("the connection ended with %v, want in an orderly way", err)
		}
	})
}

func TestClosingWhileTheServerIsGone(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mustOpen("1001", "4001")
		b.server.OnConnect = func(context.Context, linktest.Config) error {
			return opencti.Errorf(opencti.LinkDown, "gone")
		}
		b.server.Connection(1).Break(errors.New("cut"))
		synctest.Wait()
		b.wantClosed(connectTimeout)
	})
}

// What is wrong with a document does not keep the link from ending: it may be why.
func TestClosingWithADocumentThatIsRefused(t *testing.T) {
	malformed := func(s *v1alpha1.CTISlotSpec) { s.Config = map[string]string{"colour": "blue"} }
	for name, begin := range map[string]func(*bench){"from the start": (*bench).run, "later": (*bench).start} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				begin(b)
				synctest.Wait()
				if err := b.Apply(document(2, malformed)); err == nil {
					t.Fatal("the document was not refused")
				}
				b.mustApply(document(3, malformed, closing))
				synctest.Wait()
				if st, _ := b.Status(); !st.Closed || st.Generation != 3 {
					t.Errorf("the status is %+v, want it closed by document 3", st)
				}
			})
		})
	}
}
