package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func (s *Server) registerLink() {
	huma.Register(s.api, huma.Operation{
		OperationID: "getLink", Method: http.MethodGet, Path: "/v1/link", Tags: []string{"Link"},
		Summary: "The link: its class, its state, what it can do and what it does", Errors: errorStatuses,
	}, s.getLink)
}

// LinkInfo is the answer to GET /v1/link.
type LinkInfo struct {
	Name         string             `json:"name"`
	Class        string             `json:"class" doc:"The implementation class."`
	Driver       string             `json:"driver" doc:"The driver behind the class."`
	State        string             `json:"state" enum:"Connecting,Connected,Disconnected" doc:"The connection to the CTI server."`
	Sessions     int                `json:"sessions" doc:"How many sessions are open."`
	Activities   []opencti.Activity `json:"activities" doc:"The activities that the class supports."`
	PurposeBound bool               `json:"purposeBound" doc:"What began as TransferInitiate cannot end in ConferenceCall, nor the other way round."`
	Modes        []ModeInfo         `json:"modes" doc:"What a desktop has in each telephony mode. The pool decides the mode; a session's is in its snapshot."`
	Statistics   LinkStatistics     `json:"statistics"`
}

// ModeInfo is a row of the mode table.
type ModeInfo struct {
	Mode       opencti.TelephonyMode `json:"mode" enum:"Simple,SimpleWithAgentState,Full"`
	Activities []opencti.Activity    `json:"activities" doc:"The activities that the mode permits and the class supports."`
	Events     []opencti.EventName   `json:"events" doc:"The events that a desktop sees; of calls in a simple mode only while they are offered."`
}

// LinkStatistics counts what there is at this moment.
type LinkStatistics struct {
	SessionsByPool map[string]int            `json:"sessionsByPool" doc:"Open sessions by pool; those without a pool under the empty name."`
	Agents         map[opencti.EventName]int `json:"agents" doc:"Sessions with an agent, by the agent's state."`
	Calls          map[opencti.EventName]int `json:"calls" doc:"Calls at the devices, by state. A call between two of them is counted at each."`
	Queues         []string                  `json:"queues" doc:"The queues for which the pools' agents work."`
}

type linkOutput struct {
	Body LinkInfo
}

func (s *Server) getLink(ctx context.Context, _ *struct{}) (*linkOutput, error) {
	l := linkOf(ctx)
	st, _ := l.Status()
	out := LinkInfo{Name: s.o.Link, State: string(st.Connection), Sessions: st.Sessions}
	name, driver, class := l.Class()
	out.Class, out.Driver = name, driver
	out.Activities, out.PurposeBound = class.Supported, class.PurposeBound
	out.Modes = modeTable(class.Supported, class.LoginInSimpleMode)
	out.Statistics = statisticsOf(l)
	return &linkOutput{out}, nil
}

// modeTable says what each mode leaves of what the class supports.
func modeTable(supported []opencti.Activity, loginInSimpleMode bool) []ModeInfo {
	var out []ModeInfo
	for _, m := range opencti.TelephonyModes() {
		row := ModeInfo{Mode: m, Activities: []opencti.Activity{}}
		for _, a := range supported {
			logs := a == opencti.LoginAgent || a == opencti.LogoutAgent
			if m.Permits(a) || logs && loginInSimpleMode {
				row.Activities = append(row.Activities, a)
			}
		}
		for _, n := range opencti.EventNames() {
			if m.Shows(n, true) {
				row.Events = append(row.Events, n)
			}
		}
		out = append(out, row)
	}
	return out
}

func statisticsOf(l *link.Link) LinkStatistics {
	st, _ := l.Status()
	out := LinkStatistics{
		SessionsByPool: st.SessionsByPool, Agents: map[opencti.EventName]int{}, Calls: map[opencti.EventName]int{},
		Queues: slices.Concat([]string{}, l.Queues()),
	}
	all, _ := l.Sessions()
	for _, of := range all {
		snap := of.Snapshot()
		if snap.AgentID != "" {
			out.Agents[snap.Agent.State]++
		}
		for _, c := range snap.Calls {
			out.Calls[c.State]++
		}
	}
	return out
}
