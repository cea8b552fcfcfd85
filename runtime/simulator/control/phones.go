package control

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// phoneRequest is what a person does at a telephone; each action takes some of
// it.
type phoneRequest struct {
	To     string `json:"to"`     // whom to call
	CallID string `json:"callId"` // which of several calls; without it the newest that fits
	Digits string `json:"digits"`
	On     *bool  `json:"on"`
}

func (r phoneRequest) given() []string {
	var fields []string
	for field, given := range map[string]bool{"to": r.To != "", "callId": r.CallID != "", "digits": r.Digits != "", "on": r.On != nil} {
		if given {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

// action is something that a person can do.
type action struct {
	needs, takes string // a field that must be given, and one that may
	do           func(at switchmodel.Handset, r phoneRequest) error
}

var actions = map[string]action{
	"offhook":    plain(switchmodel.Handset.OffHook),
	"hold":       plain(switchmodel.Handset.Hold),
	"transfer":   plain(switchmodel.Handset.Transfer),
	"conference": plain(switchmodel.Handset.Conference),
	"alternate":  plain(switchmodel.Handset.Alternate),
	"reconnect":  plain(switchmodel.Handset.Reconnect),
	"dial":       toward(switchmodel.Handset.Dial),
	"consult":    toward(switchmodel.Handset.Consult),
	"giveaway":   toward(switchmodel.Handset.GiveAway),
	"answer":     onCall(switchmodel.Handset.Answer),
	"hangup":     onCall(switchmodel.Handset.HangUp),
	"retrieve":   onCall(switchmodel.Handset.Retrieve),
	"mute":       onOff(switchmodel.Handset.Mute),
	"dnd":        onOff(switchmodel.Handset.DoNotDisturb),
	"digits": {needs: "digits", do: func(at switchmodel.Handset, r phoneRequest) error {
		return at.Digits(r.Digits)
	}},
}

func plain(do func(switchmodel.Handset) error) action {
	return action{do: func(at switchmodel.Handset, _ phoneRequest) error { return do(at) }}
}

func toward(do func(switchmodel.Handset, string) error) action {
	return action{needs: "to", do: func(at switchmodel.Handset, r phoneRequest) error { return do(at, r.To) }}
}

func onCall(do func(switchmodel.Handset, switchmodel.CallID) error) action {
	return action{takes: "callId", do: func(at switchmodel.Handset, r phoneRequest) error {
		return do(at, switchmodel.CallID(r.CallID))
	}}
}

func onOff(do func(switchmodel.Handset, bool)) action {
	return action{needs: "on", do: func(at switchmodel.Handset, r phoneRequest) error {
		do(at, *r.On)
		return nil
	}}
}

func (a action) check(name string, r phoneRequest) (field string, err error) {
	given := r.given()
	if a.needs != "" && !slices.Contains(given, a.needs) {
		return a.needs, fmt.Errorf("%s: %s needs it", a.needs, name)
	}
	for _, field := range given {
		if field != a.needs && field != a.takes {
			return field, fmt.Errorf("%s: %s does not take it", field, name)
		}
	}
	return "", nil
}

func (f front) phone(w http.ResponseWriter, r *http.Request) {
	phone, err := f.model.Phone(switchmodel.DeviceID(r.PathValue("dn")))
	if err != nil {
		refuse(w, http.StatusNotFound, "dn", err)
		return
	}
	reply(w, http.StatusOK, phone)
}

// handle does something at a telephone and shows what became of it.
func (f front) handle(w http.ResponseWriter, r *http.Request) {
	name, dn := r.PathValue("action"), switchmodel.DeviceID(r.PathValue("dn"))
	a, known := actions[name]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(actions)), ", ")
		refuse(w, http.StatusNotFound, "action", fmt.Errorf("action: must be one of %s", names))
		return
	}
	at, err := f.model.Handset(dn)
	if err != nil {
		refuse(w, http.StatusNotFound, "dn", err)
		return
	}
	var wanted phoneRequest
	if !decodeOr(w, r, "{}", &wanted) {
		return
	}
	if field, err := a.check(name, wanted); err != nil {
		refuse(w, http.StatusUnprocessableEntity, field, err)
		return
	}
	if err := a.do(at, wanted); err != nil {
		status, field := verdict(err, a.needs)
		refuse(w, status, field, err)
		return
	}
	f.log.Info("Did something at a telephone", "action", name, "device", dn)
	f.phone(w, r)
}

// verdict: what the switch's state does not allow now is a conflict; else a
// value is wrong.
func verdict(err error, needs string) (status int, field string) {
	var refused *switchmodel.Error
	switch {
	case errors.Is(err, switchmodel.ErrDestinationBusy):
		return http.StatusConflict, needs
	case errors.As(err, &refused) && refused.Category != switchmodel.Operation:
		return http.StatusConflict, ""
	}
	return http.StatusUnprocessableEntity, needs
}
