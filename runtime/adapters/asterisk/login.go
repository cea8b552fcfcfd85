package asterisk

import (
	"context"
	"crypto/md5" //nolint:gosec // it is the interface's own way to prove a secret without sending it
	"encoding/hex"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func header(key, value string) ami.Header { return ami.Header{Key: key, Value: value} }

// start greets, logs in and asks for everything that is there.
func (c *connection) start(ctx context.Context) error {
	messages := newReader(c.socket)
	_ = c.socket.SetReadDeadline(time.Now().Add(c.config.ResponseTimeout))
	version, err := messages.Greeting()
	if err != nil {
		return opencti.Errorf(opencti.LinkDown, "address is not that of an Asterisk manager interface").WithDetail(err.Error())
	}
	_ = c.socket.SetReadDeadline(time.Time{})
	c.log.Debug("Asterisk greeted", "interface", peerText(version))
	c.running.Go(func() { c.read(messages) })
	c.running.Go(c.loop)
	if err := c.login(ctx); err != nil {
		return err
	}
	if err := c.checkRights(ctx); err != nil {
		return err
	}
	if err := c.chooseEvents(ctx); err != nil {
		return err
	}
	if err := c.sync(ctx, time.Time{}); err != nil {
		return err
	}
	c.running.Go(c.keepAlive)
	return nil
}

// login proves the secret. Events wait until their filter is set.
func (c *connection) login(ctx context.Context) error {
	challenge, err := c.request(ctx, "Challenge", header("AuthType", "MD5"))
	if err != nil {
		return err
	}
	proof := md5.Sum([]byte(challenge.Get("Challenge") + c.config.Password)) //nolint:gosec // see above
	_, err = c.request(ctx, "Login", header("AuthType", "MD5"), header("Username", c.config.Username),
		header("Key", hex.EncodeToString(proof[:])), header("Events", "off"))
	return err
}

// rights are classes of actions (manager.conf, write), each with an action that shows whether the
// user has it. Without the first ones nothing works at a desktop; who may not dial may work.
var rights = []struct {
	class, action string
	optional      bool
}{{"call", "Redirect", false}, {"agent", "QueueAdd", false}, {"system", "DBPut", false}, {"originate", "Originate", true}}

// checkRights asks what the user may do, so that an admin learns it now and not an agent later.
func (c *connection) checkRights(ctx context.Context) error {
	commands, err := c.request(ctx, "ListCommands")
	if err != nil {
		return err
	}
	var missing []string
	for _, r := range rights {
		switch {
		case commands.Get(r.action) != "":
		case r.optional:
			c.log.Warn("Asterisk's user may not do everything; see write in manager.conf", "missing", r.class)
		default:
			missing = append(missing, r.class)
		}
	}
	if len(missing) > 0 {
		return opencti.Errorf(opencti.Forbidden, "Asterisk's user lacks rights: add %s to its write in manager.conf", strings.Join(missing, ", "))
	}
	return nil
}

// Classes of events (manager.conf, read). VarSet and what every step of the dialplan does are
// in dialplan, which is wanted only where a filter makes it small.
const (
	classes         = "system,call,agent,user"
	classesFiltered = classes + ",dialplan"
)

// chooseEvents lets Asterisk send what is looked at and nothing else: most of its traffic is
// something else. Where it has no such filters, or the user may not set them, the classes
// alone decide.
func (c *connection) chooseEvents(ctx context.Context) error {
	mask := classesFiltered
	for _, filter := range c.filters() {
		_, err := c.request(ctx, "Filter", append([]ami.Header{header("Operation", "Add")}, filter...)...)
		if opencti.AsError(err) != nil {
			if c.Err() != nil {
				return c.lost()
			}
			c.log.Info("Asterisk sets no event filter for this user; all events of its classes will come", "error", err)
			mask = classes
			break
		}
	}
	_, err := c.request(ctx, "Events", header("EventMask", mask))
	return err
}

// filters are conditions one of which an event must meet (Asterisk 20.11, 22.1: advanced filters).
// The old kind, a regular expression, is accepted and filters nothing: see MatchCriteria.
func (c *connection) filters() [][]ami.Header {
	var out [][]ami.Header
	add := func(criteria, filter string) {
		out = append(out, []ami.Header{header("MatchCriteria", "action(include),"+criteria), header("Filter", filter)})
	}
	for _, name := range append(mirror.Events(), "OriginateResponse", "Shutdown", "FullyBooted") {
		switch name {
		case "VarSet":
			for _, variable := range c.variables() {
				for _, inherited := range []string{"", "_", "__"} {
					add("name(VarSet),header(Variable),method(exact)", inherited+variable)
				}
			}
		case "DeviceStateChange":
			add("name(DeviceStateChange),header(Device),method(starts_with)", "Custom:DND")
		default:
			add("name("+name+")", "")
		}
	}
	return out
}

// variables are those of channels that matter.
func (c *connection) variables() []string {
	return append(mirror.Variables(), list(c.config.DataVariables)...)
}

// keepAlive finds half-open sockets.
func (c *connection) keepAlive() {
	ticker := time.NewTicker(max(c.config.KeepAlive, time.Second))
	defer ticker.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-ticker.C:
		}
		if _, err := c.request(context.Background(), "Ping"); err != nil {
			c.fail(opencti.Errorf(opencti.LinkDown, "Asterisk gave no sign of life").WithDetail(err.Error()))
			return
		}
	}
}
