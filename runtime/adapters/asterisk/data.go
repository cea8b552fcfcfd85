package asterisk

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// AttachData implements opencti.CallDataControl: on all channels of the call, so that it stays
// with whoever of them stays.
func (d *device) AttachData(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	return d.c.attach(ctx, merged(p.Call.Data, r.Variables), append(append([]string{p.Leg}, p.Far...), p.Parked...)...)
}

func merged(old, told map[string]string) map[string]string {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, told)
	return out
}

// attach sets call data on channels, to be inherited by those that they call.
func (c *connection) attach(ctx context.Context, data map[string]string, channels ...string) error {
	variables, err := c.packed(data)
	if err != nil {
		return err
	}
	for i, channel := range channels {
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			err := c.setVariable(ctx, channel, name, variables[name])
			if e := opencti.AsError(err); e != nil && e.Code == opencti.NoSuchCall && i > 0 {
				break // that one has left meanwhile
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// packed puts call data into channel variables: those that are configured as they are, the
// others together.
func (c *connection) packed(data map[string]string) (map[string]string, error) {
	out, others := map[string]string{}, url.Values{}
	plain := list(c.config.DataVariables)
	for name, value := range data {
		if slices.Contains(plain, name) {
			out[name] = value
		} else {
			others.Set(name, value)
		}
	}
	if len(others) > 0 {
		out[mirror.DataVariable] = others.Encode()
	}
	for name, value := range out {
		if _, err := ami.Marshal("Setvar", "", header("Variable", "__"+name), header("Value", value)); err != nil {
			return nil, opencti.Errorf(opencti.InvalidRequest, "variables: %s is too long, or has a line break: Asterisk takes some 1000 bytes for it", name)
		}
	}
	return out, nil
}

// assignments are call data for Originate.
func (c *connection) assignments(data map[string]string) ([]ami.Header, error) {
	variables, err := c.packed(data)
	if err != nil {
		return nil, err
	}
	var out []ami.Header
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		out = append(out, header("Variable", ami.Assignment("__"+name, variables[name])))
	}
	if _, err := ami.Marshal("Originate", "", out...); errors.As(err, new(*ami.TooLongError)) {
		return nil, opencti.Errorf(opencti.InvalidRequest, "variables are too long: Asterisk takes some 1000 bytes for one")
	}
	return out, err
}

// setVariable sets a variable that is inherited.
func (c *connection) setVariable(ctx context.Context, channel, name, value string) error {
	return c.set(ctx, channel, "__", name, value)
}

// mark sets a variable that says something of this channel alone.
func (c *connection) mark(ctx context.Context, channel, name, value string) error {
	return c.set(ctx, channel, "", name, value)
}

// set takes the variable over, too: events of it may be filtered.
func (c *connection) set(ctx context.Context, channel, inherited, name, value string) error {
	if _, err := c.request(ctx, "Setvar", header("Channel", channel), header("Variable", inherited+name), header("Value", value)); err != nil {
		return err
	}
	c.changed(func(m *mirror.Mirror) []mirror.Change { return m.Set(channel, name, value) })
	return nil
}

// handOn tells the next telephone how a call comes there, and for which.
func (c *connection) handOn(ctx context.Context, channel string, by opencti.OfferedBy, original opencti.CallType) error {
	return c.setVariable(ctx, channel, mirror.HandedOnVariable, mirror.Lineage{By: by, Original: original}.String())
}
