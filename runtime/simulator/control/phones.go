package control

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

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
	if !behaviour.HasAction(name) {
		refuse(w, http.StatusNotFound, "action", fmt.Errorf("action: must be one of %s", behaviour.Actions()))
		return
	}
	at, err := f.model.Handset(dn)
	if err != nil {
		refuse(w, http.StatusNotFound, "dn", err)
		return
	}
	var wanted behaviour.Handling
	if !decodeOr(w, r, "{}", &wanted) {
		return
	}
	if needs, err := behaviour.Handle(at, name, wanted); err != nil {
		status, field := verdict(err, needs)
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
	var parameter *behaviour.ParameterError
	switch {
	case errors.As(err, &parameter):
		return http.StatusUnprocessableEntity, parameter.Field
	case errors.Is(err, switchmodel.ErrDestinationBusy):
		return http.StatusConflict, needs
	case errors.As(err, &refused) && refused.Category != switchmodel.Operation:
		return http.StatusConflict, ""
	}
	return http.StatusUnprocessableEntity, needs
}
