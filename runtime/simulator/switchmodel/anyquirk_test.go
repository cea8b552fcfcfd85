package switchmodel

import (
	"time"

	"pgregory.net/rapid"
)

var (
	quirks = rapid.SampledFrom([]Quirk{
		ReusesCallIDs, RingsUnanswered, ReservesAgents, WrapsUp, FailsDialling, SharesLine, BringsDataLate, LosesSight, WithholdsNumbers,
	})
	knownAgents = rapid.SampledFrom([]AgentID{"4001", "4002", "4003", "4009"})
)

func (d *desk) anyQuirk(t *rapid.T) {
	q := quirks.Draw(t, "quirk")
	if rapid.Bool().Draw(t, "ends") {
		d.BehaveAsUsual(q)
		return
	}
	o := Oddity{
		Times:  rapid.IntRange(0, 3).Draw(t, "times"),
		Delay:  time.Duration(rapid.IntRange(0, 15).Draw(t, "delay")) * time.Second,
		Reason: "odd",
		With:   phones.Draw(t, "with"),
	}
	if rapid.Bool().Draw(t, "somewhere") {
		o.Device = phones.Draw(t, "device")
	}
	d.Behave(q, o)
}

// anyThirdParty is what somebody does about the calls of others.
func (d *desk) anyThirdParty(t *rapid.T) {
	one, other := phones.Draw(t, "one"), phones.Draw(t, "other")
	switch rapid.SampledFrom([]string{"pickup", "observe", "observe", "leave", "ringing"}).Draw(t, "third") {
	case "pickup":
		_ = d.Pickup(one, other)
	case "observe":
		_, _ = d.Observe(one, other)
	case "leave":
		_, _ = d.Leave(one, rapid.SampledFrom([]DeviceID{"", other}).Draw(t, "party"))
	case "ringing":
		if h, err := d.Handset(one); err == nil {
			_ = h.TransferWhileRinging(destinations.Draw(t, "to"))
		}
	}
}

func (d *desk) anySupervisor(t *rapid.T) {
	r := AgentRequest{
		Agent:  knownAgents.Draw(t, "agent"),
		Queue:  rapid.SampledFrom([]string{"", "", "support", "sales"}).Draw(t, "queue"),
		State:  agentStates.Draw(t, "state"),
		Reason: "9",
	}
	phone := phones.Draw(t, "device")
	switch rapid.SampledFrom([]string{"force", "seat", "list", "off", "keys", "linkage", "clock"}).Draw(t, "supervisor") {
	case "force":
		_, _ = d.ForceState(r)
	case "seat":
		_, _ = d.Seat(r.Agent, phone)
	case "list":
		last := string(knownAgents.Draw(t, "last"))
		_, _ = d.SetQueueAgents(r.Queue, []Range{{First: min(string(r.Agent), last), Last: max(string(r.Agent), last)}})
	case "off":
		d.LogOff(phone, "255")
	case "keys":
		if h, err := d.Handset(phone); err == nil {
			_ = h.Set(r)
		}
	case "linkage":
		d.KeepLinkage(rapid.SampledFrom([]Side{FirstLinkage, ConsultLinkage}).Draw(t, "side"))
	case "clock":
		d.JumpClock(time.Duration(rapid.IntRange(-100, 100).Draw(t, "by")) * time.Hour)
	}
}
