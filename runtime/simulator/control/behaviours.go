package control

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// behaviours lists what the switch can be made to do, and what of it is going on.
func (f front) behaviours(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"behaviours": f.director.List()})
}

func (f front) behave(w http.ResponseWriter, r *http.Request) {
	b, known := f.behaviour(w, r)
	if !known {
		return
	}
	parameters := b.Blank()
	if !decodeOr(w, r, "{}", parameters) {
		return
	}
	begun, err := f.director.Begin(b, parameters)
	if err != nil {
		f.refuseBehaviour(w, b, err)
		return
	}
	f.log.Info("Asked for a behaviour", "name", b.Name)
	reply(w, http.StatusOK, begun)
}

func (f front) behaviour(w http.ResponseWriter, r *http.Request) (behaviour.Behaviour, bool) {
	b, known := f.director.Find(r.PathValue("name"))
	if !known {
		refuse(w, http.StatusNotFound, "name", fmt.Errorf("name: there is no behaviour %q; GET /v1/behaviours lists them", r.PathValue("name")))
	}
	return b, known
}

func (f front) refuseBehaviour(w http.ResponseWriter, b behaviour.Behaviour, err error) {
	var parameter *behaviour.ParameterError
	var state *switchmodel.Error
	switch {
	case errors.As(err, &parameter):
		refuse(w, http.StatusUnprocessableEntity, parameter.Field, err)
	case errors.As(err, &state):
		refuse(w, http.StatusConflict, "", fmt.Errorf("%s: %w", b.Name, err))
	default:
		refuse(w, http.StatusInternalServerError, "", fmt.Errorf("%s: %w", b.Name, err))
	}
}

func (f front) endBehaviour(w http.ResponseWriter, r *http.Request) {
	b, known := f.behaviour(w, r)
	if !known {
		return
	}
	f.director.End(b.Name)
	w.WriteHeader(http.StatusNoContent)
}

func (f front) endBehaviours(w http.ResponseWriter, _ *http.Request) {
	f.director.Close()
	w.WriteHeader(http.StatusNoContent)
}
