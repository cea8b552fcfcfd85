package behaviour

import "github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"

type (
	agentList struct {
		Queue  string   `json:"queue" need:"yes" doc:"number or name"`
		Agents []string `json:"agents" need:"yes" doc:"ranges such as 4001-4003"`
	}
	force struct {
		Agent  string `json:"agent" need:"yes" doc:"whose state"`
		State  string `json:"state" need:"yes" oneof:"notReady ready workingAfterCall loggedOff" doc:"which state"`
		Reason string `json:"reason" doc:"of notReady"`
		Queue  string `json:"queue" doc:"only for this queue"`
	}
	observation struct {
		somewhere
		Observer string `json:"observer" need:"yes" doc:"the supervisor's telephone"`
	}
)

func supervisorBehaviours() []Behaviour {
	return []Behaviour{
		scenario(19, "queueAgents", "Another list of agents serves a queue. Who is logged on and no longer on the list leaves the queue; who is new on it enters.", queueAgents),
		scenario(19, "forceState", "A supervisor sets an agent's state; during a call it is pending.", forceState),
		scenario(19, "observer", "A supervisor listens silently: his telephone becomes a party of the active call, Conferenced with the cause silentParticipation.", observer),
	}
}

func queueAgents(s Stage, p agentList) (any, error) {
	ranges := make([]switchmodel.Range, 0, len(p.Agents))
	for _, text := range p.Agents {
		r, err := switchmodel.ParseRange(text)
		if err != nil {
			return nil, wrong("agents", "%v", err)
		}
		ranges = append(ranges, r)
	}
	q, err := s.Model.SetQueueAgents(p.Queue, ranges)
	if err != nil {
		return nil, wrong("queue", "there is no queue %q", p.Queue)
	}
	return q, nil
}

func forceState(s Stage, p force) (any, error) {
	return s.Model.ForceState(switchmodel.AgentRequest{
		Agent: switchmodel.AgentID(p.Agent), State: switchmodel.AgentState(p.State), Reason: p.Reason, Queue: p.Queue,
	})
}

func observer(s Stage, p observation) (any, error) {
	if _, err := s.handset(p.DN); err != nil {
		return nil, err
	}
	if !s.Model.IsExtension(switchmodel.DeviceID(p.Observer)) {
		return nil, noTelephone("observer", p.Observer)
	}
	merge, err := s.Model.Observe(switchmodel.DeviceID(p.DN), switchmodel.DeviceID(p.Observer))
	if err != nil {
		return nil, err
	}
	return s.Model.Call(merge.Call)
}
