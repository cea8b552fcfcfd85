package switchmodel

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// Customers call in with data of their own, so that it is seen when it is lost.
const customerPrefix = "+4930"

func isCustomer(number string) bool { return strings.HasPrefix(number, customerPrefix) }

var (
	phones       = rapid.SampledFrom([]DeviceID{"1001", "1002", "1003", "1004", "1999"})
	destinations = rapid.SampledFrom([]string{"1001", "1002", "1003", "1004", "1005", "4001", "5000", "5001", "9999", "+4989123456", ""})
	agentStates  = rapid.SampledFrom([]AgentState{LoggedOn, LoggedOff, Ready, Ready, NotReady, WorkingAfterCall, Busy})
)

func (d *desk) anyAgentRequest(t *rapid.T) {
	_, _ = d.SetAgentState(AgentRequest{
		Device:   phones.Draw(t, "device"),
		Agent:    rapid.SampledFrom([]AgentID{"", "", "", "4001", "4002", "4003"}).Draw(t, "agent"),
		Password: "secret",
		Queue:    rapid.SampledFrom([]string{"", "", "", "support", "sales"}).Draw(t, "queue"),
		State:    agentStates.Draw(t, "state"),
		Reason:   rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "reason"),
	})
}

func (d *desk) anyInbound(t *rapid.T) {
	from := customerPrefix + fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "from"))
	_, _ = d.Inbound(InboundCall{
		From: from,
		To:   destinations.Draw(t, "to"),
		Data: map[string]string{from: "attached"},
		Caller: Caller{
			Patience: time.Duration(rapid.IntRange(0, 40).Draw(t, "patience")) * time.Second,
			TalkTime: time.Duration(rapid.IntRange(0, 40).Draw(t, "talk")) * time.Second,
		},
	})
}

func (d *desk) anyMakeCall(t *rapid.T) {
	_, _ = d.MakeCall(phones.Draw(t, "from"), destinations.Draw(t, "to"), nil)
}

func (d *desk) anyCallRequest(t *rapid.T) {
	switch rapid.SampledFrom([]string{"any", "answer", "answer", "answer", "hold", "retrieve"}).Draw(t, "request") {
	case "any":
		request := rapid.SampledFrom([]func(ConnectionID) error{d.Answer, d.Hold, d.Retrieve, d.Clear}).Draw(t, "request")
		_ = request(d.anyConnection(t))
	case "answer":
		_ = d.Answer(d.anyIn(t, Alerting))
	case "hold":
		_ = d.Hold(d.anyIn(t, Connected))
	case "retrieve":
		_ = d.Retrieve(d.anyIn(t, Hold))
	}
}

// anyIn is a telephone's connection in a state, if there is one.
func (d *desk) anyIn(t *rapid.T, state ConnectionState) ConnectionID {
	ids := []ConnectionID{}
	for _, c := range d.Calls() {
		for _, n := range c.Connections {
			if n.State == state && d.IsExtension(n.Device) {
				ids = append(ids, ConnectionID{Call: c.ID, Device: n.Device})
			}
		}
	}
	if len(ids) == 0 {
		return d.anyConnection(t)
	}
	return rapid.SampledFrom(ids).Draw(t, string(state))
}

// anyConnection is one that there is, or none.
func (d *desk) anyConnection(t *rapid.T) ConnectionID {
	ids := []ConnectionID{{Call: "0", Device: "1001"}}
	for _, c := range d.Calls() {
		for _, n := range c.Connections {
			ids = append(ids, ConnectionID{Call: c.ID, Device: n.Device})
		}
	}
	return rapid.SampledFrom(ids).Draw(t, "connection")
}

var someData = rapid.SampledFrom([]map[string]string{nil, {"note": "1"}, {"note": "2", "case": "C-9"}})

func (d *desk) anyConsult(t *rapid.T) {
	_, _ = d.Consult(d.anyIn(t, Connected), destinations.Draw(t, "to"), someData.Draw(t, "data"))
}

// anyPairRequest mostly takes a held and an active call of the same telephone.
func (d *desk) anyPairRequest(t *rapid.T) {
	held, active := d.anyIn(t, Hold), d.anyConnection(t)
	if calls, err := d.CallsAt(held.Device); err == nil && rapid.IntRange(0, 9).Draw(t, "of the same") > 0 {
		for _, c := range calls {
			if c.StateAt(held.Device) == Connected {
				active = ConnectionID{Call: c.ID, Device: held.Device}
			}
		}
	}
	switch rapid.SampledFrom([]string{"transfer", "transfer", "conference", "conference", "alternate", "reconnect"}).Draw(t, "request") {
	case "transfer":
		_, _ = d.Transfer(held, active)
	case "conference":
		_, _ = d.Conference(held, active)
	case "alternate":
		_ = d.Alternate(held, active)
	case "reconnect":
		_ = d.Reconnect(active, held)
	}
}

func (d *desk) anyRedirect(t *rapid.T) {
	to, data := destinations.Draw(t, "to"), someData.Draw(t, "data")
	if rapid.Bool().Draw(t, "rings") {
		_ = d.Deflect(d.anyIn(t, Alerting), to, data)
		return
	}
	_, _ = d.SingleStepTransfer(d.anyIn(t, Connected), to, data)
}

func (d *desk) anyFeature(t *rapid.T) {
	on := rapid.Bool().Draw(t, "on")
	switch rapid.SampledFrom([]string{"mute", "dnd", "data", "digits"}).Draw(t, "feature") {
	case "mute":
		_ = d.SetMute(phones.Draw(t, "device"), on)
	case "dnd":
		_ = d.SetDoNotDisturb(phones.Draw(t, "device"), on)
	case "data":
		_ = d.Attach(d.anyConnection(t), someData.Draw(t, "data"))
	case "digits":
		_ = d.SendDigits(d.anyConnection(t), rapid.SampledFrom([]string{"", "12#", "x"}).Draw(t, "digits"))
	}
}

func (d *desk) anyHandset(t *rapid.T) {
	h, err := d.Handset(phones.Draw(t, "device"))
	if err != nil {
		return
	}
	to, call := destinations.Draw(t, "to"), d.anyConnection(t).Call
	if rapid.Bool().Draw(t, "any call") {
		call = Any
	}
	_ = rapid.SampledFrom([]func() error{
		h.OffHook, h.Hold, h.Transfer, h.Conference, h.Alternate, h.Reconnect,
		func() error { return h.Dial(to) },
		func() error { return h.Consult(to) },
		func() error { return h.Consult(to) },
		func() error { return h.GiveAway(to) },
		func() error { return h.Answer(call) },
		func() error { return h.Answer(Any) },
		func() error { return h.Retrieve(call) },
		func() error { return h.HangUp(call) },
		func() error { return h.Digits("1") },
	}).Draw(t, "action")()
}
