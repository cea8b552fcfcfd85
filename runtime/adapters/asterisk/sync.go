package asterisk

import (
	"context"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// youngEnough is how old an answer may be that is given to one more telephone: after a
// reconnection all of them ask at once.
const youngEnough = time.Second

// sync asks Asterisk for everything that is there, unless what is known is not older than
// since: channels with their variables (Status tells more than CoreShowChannels), bridges,
// queues' members.
func (c *connection) sync(ctx context.Context, since time.Time) error {
	c.syncing.Lock()
	defer c.syncing.Unlock()
	c.mu.Lock()
	fresh := !c.synced.IsZero() && c.synced.After(since)
	lists := mirror.Lists{Mark: c.mirror.Mark()}
	c.mu.Unlock()
	if fresh {
		return nil
	}
	began := time.Now()
	var err error
	variables := append([]string{mirror.OnHold}, c.variables()...)
	if lists.Bridges, err = c.list(ctx, "BridgeList"); err != nil {
		return err
	}
	if lists.Channels, err = c.list(ctx, "Status", header("Variables", strings.Join(variables, ","))); err != nil {
		return err
	}
	if lists.Members, err = c.list(ctx, "QueueStatus"); err != nil {
		return err
	}
	// Who has set do-not-disturb; without the module nobody is told.
	lists.Devices, err = c.list(ctx, "DeviceStateList")
	if e := opencti.AsError(err); e != nil && e.Code != opencti.NotCapable && e.Code != opencti.Forbidden {
		return err
	}
	c.do(func(m *mirror.Mirror) []mirror.Change { return m.Resync(lists, time.Now()) })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.synced = began
	return nil
}
