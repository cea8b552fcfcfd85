package asterisk

import (
	"context"
	"slices"
	"strconv"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// loginReason is the reason of the pause with which an agent begins.
const loginReason = "login"

// LoginAgent implements opencti.AgentStateControl: the telephone becomes a member of the
// queue, or of all that are configured, paused. Asterisk's queues know no passwords.
func (d *device) LoginAgent(ctx context.Context, r opencti.Request) error {
	queues := list(d.c.config.Queues)
	if r.Queue != "" {
		queues = []string{r.Queue}
	}
	if len(queues) == 0 {
		return opencti.Errorf(opencti.InvalidQueue, "queue is missing; name one, or set the class's parameter queues")
	}
	agent := r.AgentID
	if agent == "" {
		agent = d.agentID
	}
	d.c.mu.Lock()
	elsewhere := d.c.mirror.Where(agent)
	d.c.mu.Unlock()
	if agent != "" && elsewhere != "" && elsewhere != d.dn {
		return opencti.Errorf(opencti.AlreadyLoggedIn, "the agent is logged in at another telephone")
	}
	var joined []string
	var already error
	for _, queue := range queues {
		err := d.enter(ctx, queue, agent)
		switch e := opencti.AsError(err); {
		case e == nil:
			joined = append(joined, queue)
		case e.Code == opencti.AlreadyLoggedIn:
			already = err
		default:
			d.leave(context.WithoutCancel(ctx), joined) // all or none
			return err
		}
	}
	if len(joined) == 0 {
		return already
	}
	return nil
}

func (d *device) enter(ctx context.Context, queue, agent string) error {
	headers := []ami.Header{header("Queue", queue), header("Interface", d.c.mirror.Interface(d.dn)), header("MemberName", agent),
		header("StateInterface", d.c.config.stateInterface(d.dn)), header("Paused", "true"), header("Reason", loginReason)}
	if wrapUp := int(d.c.config.WrapUpTime.Seconds()); wrapUp > 0 {
		headers = append(headers, header("Wrapuptime", strconv.Itoa(wrapUp)))
	}
	if _, err := d.c.request(ctx, "QueueAdd", headers...); err != nil {
		return err
	}
	// Who logs in elsewhere next must be found here.
	err := d.c.until(ctx, "QueueAdd", func(m *mirror.Mirror) bool { return slices.Contains(m.Memberships(d.dn), queue) })
	if e := opencti.AsError(err); e != nil && e.Code == opencti.Timeout {
		return opencti.Errorf(opencti.Timeout, "Asterisk did it and told no event; see read in manager.conf").WithDetail("QueueAdd")
	}
	return err
}

// leave takes back what was begun, as well as it can.
func (d *device) leave(ctx context.Context, queues []string) {
	for _, queue := range queues {
		if _, err := d.c.request(ctx, "QueueRemove", header("Queue", queue), header("Interface", d.c.mirror.Interface(d.dn))); err != nil {
			d.c.complain("Agent could not be taken out of a queue again", "device", opencti.Mask(d.dn), "error", err)
		}
	}
}

// LogoutAgent implements opencti.AgentStateControl: the telephone leaves the queue, or all.
func (d *device) LogoutAgent(ctx context.Context, r opencti.Request) error {
	queues := []string{r.Queue}
	if r.Queue == "" {
		d.c.mu.Lock()
		queues = d.c.mirror.Memberships(d.dn)
		d.c.mu.Unlock()
	}
	if len(queues) == 0 {
		return opencti.Errorf(opencti.NotLoggedIn, "the agent is logged in to no queue")
	}
	var failed error
	for _, queue := range queues {
		if _, err := d.c.request(ctx, "QueueRemove", header("Queue", queue), header("Interface", d.c.mirror.Interface(d.dn))); err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// SetAgentReady implements opencti.AgentStateControl.
func (d *device) SetAgentReady(ctx context.Context, r opencti.Request) error {
	return d.pause(ctx, r.Queue, "false", "")
}

// SetAgentNotReady implements opencti.AgentStateControl. After-call work is a pause, too, by
// its reason.
func (d *device) SetAgentNotReady(ctx context.Context, r opencti.Request) error {
	reason := r.ReasonCode
	if r.WorkMode == opencti.AfterCallWorkMode {
		reason = opencti.AfterCallWorkMode
	}
	return d.pause(ctx, r.Queue, "true", reason)
}

func (d *device) pause(ctx context.Context, queue, paused, reason string) error {
	_, err := d.c.request(ctx, "QueuePause", header("Queue", queue), header("Interface", d.c.mirror.Interface(d.dn)),
		header("Paused", paused), header("Reason", reason))
	return err
}
