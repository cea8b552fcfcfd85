package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// JSON reads one event or a list of events:
//
//	{"id"?, "name", "dn"?, "agentId"?, "fields"?: {…}}
//
// fields hold texts, booleans, whole numbers, lists and objects of these; null is as good
// as absent. The caller has checked size, depth and doubled names.
func JSON(body []byte) ([]Event, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("the body is not JSON")
	}
	list, isList := v.([]any)
	if !isList {
		e, err := jsonEvent(v)
		return []Event{e}, within("body", err)
	}
	if len(list) > EventsBound {
		return nil, fmt.Errorf("body holds more than %d events", EventsBound)
	}
	out := make([]Event, 0, len(list))
	for i, v := range list {
		e, err := jsonEvent(v)
		if err != nil {
			return nil, within(fmt.Sprintf("body[%d]", i), err)
		}
		out = append(out, e)
	}
	return out, nil
}

func jsonEvent(v any) (Event, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return Event{}, mistaken("is not an object")
	}
	var e envelope
	fields := map[string]any{}
	texts := map[string]*string{"id": &e.id, "name": &e.name, "dn": &e.dn, "agentId": &e.agentID}
	for _, name := range slices.Sorted(maps.Keys(members)) { // the same mistake gives the same answer
		to, isText := texts[name]
		var err error
		switch {
		case isText:
			if *to, ok = members[name].(string); !ok {
				err = mistaken("is not a text")
			}
		case name == "fields":
			fields, err = object(members[name], 1)
		default:
			err = mistaken("is unknown; an event has id, name, dn, agentId and fields")
		}
		if err != nil {
			return Event{}, within("."+short(name), err)
		}
	}
	return e.event(fields)
}

// object reads fields, or what is below one.
func object(v any, depth int) (map[string]any, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return nil, mistaken("is not an object")
	}
	out := make(map[string]any, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if members[name] == nil {
			continue
		}
		field, err := value(members[name], depth+1)
		if err != nil {
			return nil, within("."+short(name), err)
		}
		out[name] = field
	}
	return out, nil
}

// value is what rules can read.
func value(v any, depth int) (any, error) {
	if depth > depthBound {
		return nil, mistaken("is nested deeper than %d levels", depthBound)
	}
	switch v := v.(type) {
	case string, bool:
		return v, nil
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return nil, mistaken("is not a whole number of 64 bits; send it as a text")
		}
		return n, nil
	case []any:
		out := make([]any, 0, len(v))
		for i, item := range v {
			item, err := value(item, depth+1)
			if err != nil {
				return nil, within(fmt.Sprintf("[%d]", i), err)
			}
			out = append(out, item)
		}
		return out, nil
	case map[string]any:
		return object(v, depth)
	}
	return nil, mistaken("is null")
}
