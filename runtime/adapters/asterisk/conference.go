package asterisk

import (
	"context"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// ConferenceCall implements opencti.ConferenceControl: all meet in a conference of Asterisk's.
func (d *device) ConferenceCall(ctx context.Context, r opencti.Request) error {
	p, err := d.pair(r)
	if err != nil {
		return err
	}
	if p.consult.Call.State != opencti.Established {
		return opencti.Errorf(opencti.InvalidState, "the consulted party has not answered")
	}
	data := merged(p.held.Call.Data, merged(p.consult.Call.Data, r.Variables))
	if err := d.c.attach(ctx, data, slices.Concat([]string{p.consult.Leg}, p.consult.Far, p.held.Parked, p.held.Far)...); err != nil {
		return err
	}
	if p.held.Room != "" {
		return d.join(ctx, p.consult, p.held.Room, p.consult.Leg)
	}
	waiting, err := p.waiting()
	if err != nil {
		return err
	}
	room := roomOf(p.consult.Call.Leg)
	if err := d.join(ctx, p.consult, room, p.consult.Leg); err != nil {
		return err
	}
	if err := d.redirect(ctx, waiting, d.c.config.roomContext(), room); err != nil {
		return err
	}
	if p.oneLeg() {
		return nil
	}
	return d.c.hangUp(ctx, p.held.Leg)
}

// join sends the party of a call to a conference, and with it the telephone's channel, if it is
// given.
func (d *device) join(ctx context.Context, p mirror.Place, room string, leg ...string) error {
	if err := onePartner(p); err != nil {
		return err
	}
	headers := []ami.Header{header("Channel", p.Far[0]), header("Context", d.c.config.roomContext()), header("Exten", room), header("Priority", "1")}
	for _, channel := range leg {
		headers = append(headers, header("ExtraChannel", channel), header("ExtraContext", d.c.config.roomContext()),
			header("ExtraExten", room), header("ExtraPriority", "1"))
	}
	return d.c.redirect(ctx, headers...)
}

// roomOf is a number for a conference that no other has: the digits of a UID.
func roomOf(uid string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, uid)
	return "8" + digits
}

// DropParty implements opencti.ConferenceControl. Party is the UID of a channel.
func (d *device) DropParty(ctx context.Context, r opencti.Request) error {
	p, err := d.place(r.CallID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Call.Parties, func(party mirror.Party) bool { return party.ID == r.Party })
	if i < 0 || r.Party == p.Call.Leg {
		return opencti.Errorf(opencti.InvalidRequest, "party names none of the other parties of the call")
	}
	d.c.mu.Lock()
	name := d.c.mirror.Name(r.Party)
	d.c.mu.Unlock()
	if name == "" {
		return opencti.Errorf(opencti.NoSuchCall, "the party has left already")
	}
	return d.c.hangUp(ctx, name)
}
