package control

import (
	"errors"
	"net/http"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// callRequest lets somebody call. From an extension it is that telephone that
// dials; from any other number it is a call from outside.
type callRequest struct {
	From  string            `json:"from"`
	To    string            `json:"to"`    // an extension, an agent, a queue's number, outside
	Queue string            `json:"queue"` // number or name; then to is only what was dialled
	Data  map[string]string `json:"data"`
	// Withheld: the number of a caller from outside is not shown.
	Withheld bool `json:"withheld"`
	// Seconds after which a caller from outside gives up or hangs up; 0: never.
	Patience float64 `json:"patience"`
	TalkTime float64 `json:"talkTime"`
}

const maxCallerSeconds = 24 * 3600

func (c callRequest) check() (field string, err error) {
	switch {
	case c.From == "":
		return "from", errors.New("from: give the number of who calls")
	case c.To == "" && c.Queue == "":
		return "to", errors.New("to: give whom to call, or a queue")
	case c.Patience < 0 || c.Patience > maxCallerSeconds:
		return "patience", errors.New("patience: must be 0 to 86400 seconds")
	case c.TalkTime < 0 || c.TalkTime > maxCallerSeconds:
		return "talkTime", errors.New("talkTime: must be 0 to 86400 seconds")
	}
	return "", nil
}

func (f front) place(w http.ResponseWriter, r *http.Request) {
	var wanted callRequest
	if !decode(w, r, &wanted) {
		return
	}
	if field, err := wanted.check(); err != nil {
		refuse(w, http.StatusUnprocessableEntity, field, err)
		return
	}
	call, err := f.dial(wanted)
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, culprit(err), err)
		return
	}
	f.log.Info("Placed a call", "call", call.ID, "from", call.Calling, "to", call.Called, "queue", call.Queue)
	w.Header().Set("Location", "/v1/calls/"+string(call.ID))
	reply(w, http.StatusCreated, call)
}

func (f front) dial(wanted callRequest) (*switchmodel.Call, error) {
	from := switchmodel.DeviceID(wanted.From)
	if f.model.IsExtension(from) {
		to := wanted.To
		if wanted.Queue != "" {
			to = wanted.Queue
		}
		id, err := f.model.MakeCall(from, to, wanted.Data)
		if err != nil {
			return nil, err
		}
		return f.model.Call(id.Call)
	}
	return f.model.Inbound(switchmodel.InboundCall{
		From: wanted.From, To: wanted.To, Queue: wanted.Queue, Data: wanted.Data, Withheld: wanted.Withheld,
		Caller: switchmodel.Caller{Patience: duration(wanted.Patience), TalkTime: duration(wanted.TalkTime)},
	})
}

// culprit is the field that made the switch refuse.
func culprit(err error) string {
	switch {
	case errors.Is(err, switchmodel.ErrInvalidDevice), errors.Is(err, switchmodel.ErrDeviceBusy), errors.Is(err, switchmodel.ErrNoLine):
		return "from"
	case errors.Is(err, switchmodel.ErrInvalidQueue):
		return "queue"
	}
	return "to"
}
