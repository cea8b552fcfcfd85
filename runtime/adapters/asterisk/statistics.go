package asterisk

import (
	"context"
	"strconv"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// QueueStatistics implements opencti.Statistics.
func (c *connection) QueueStatistics(ctx context.Context, queue string) (opencti.QueueStatistics, error) {
	items, err := c.list(ctx, "QueueStatus", header("Queue", queue))
	if err != nil {
		return opencti.QueueStatistics{}, err
	}
	out := opencti.QueueStatistics{Queue: queue, At: time.Now()}
	known := false
	for _, item := range items {
		switch item.Event() {
		case "QueueParams":
			known = true
			out.CallsWaiting = number(item, "Calls")
		case "QueueEntry":
			out.LongestWaitSeconds = max(out.LongestWaitSeconds, number(item, "Wait"))
		case "QueueMember":
			c.count(item, &out)
		}
	}
	if !known {
		return out, opencti.Errorf(opencti.InvalidQueue, "Asterisk has no such queue")
	}
	return out, nil
}

// count adds an agent by the device state of the queue's list.
func (c *connection) count(member ami.Message, to *opencti.QueueStatistics) {
	to.AgentsLoggedIn++
	const notInUse, invalid, unavailable = 1, 4, 5
	switch status := number(member, "Status"); {
	case status == invalid, status == unavailable:
		to.AgentsUnavailable++
	case status > notInUse:
		to.AgentsBusy++
	case member.Get("Paused") == "1":
		to.AgentsUnavailable++
	default:
		to.AgentsAvailable++
	}
}

func number(m ami.Message, key string) int {
	n, err := strconv.Atoi(m.Get(key))
	if err != nil {
		return 0
	}
	return n
}
