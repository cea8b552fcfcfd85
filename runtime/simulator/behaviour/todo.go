package behaviour

import "errors"

// ErrNotYet is the answer of a row that has its name and nothing behind it yet.
var ErrNotYet = errors.New("not built yet")

func soon[P any](Stage, P) (effect, error) { return effect{}, ErrNotYet }
func later[P any](Stage, P) (any, error)   { return nil, ErrNotYet }

func callBehaviours() []Behaviour {
	return []Behaviour{
		fault(1, "survivingLinkage", "Says whose global id a call keeps that is made of two, by transfer or conference: the first call's or the consult's.", soon[struct {
			Side string `json:"side" need:"yes" oneof:"first consult" doc:"whose global id survives"`
			until
		}]),
		fault(2, "reuseCallIds", "The next calls get the callIDs of the calls that ended last.", soon[times]),
		scenario(4, "transferWhileRinging", "Who talks at the telephone consults somebody and transfers while it still rings there.", later[struct {
			somewhere
			To string `json:"to" need:"yes" doc:"who is called: a telephone, an agent, outside"`
		}]),
		scenario(4, "transferToQueue", "Who talks at the telephone transfers to a queue, where the call waits or rings.", later[struct {
			somewhere
			Queue string `json:"queue" need:"yes" doc:"number or name"`
			Blind bool   `json:"blind" doc:"in a single step, without a consult"`
		}]),
		scenario(5, "partyLeaves", "A party hangs up: out of a conference, or the customer during a consult. Of the calls at the telephone, also the held ones.", later[struct {
			somewhere
			Party string `json:"party" doc:"who leaves; without it who is from outside"`
		}]),
		fault(6, "ringNoAnswer", "A call of a queue that rings now, or the next one, is not answered: it goes back to its queue, and the switch makes the agent not ready with a reason of its own.", soon[struct {
			anywhere
			Delay  float64 `json:"delay" min:"0" max:"600" doc:"seconds that it rings"`
			Reason string  `json:"reason" default:"no-answer" doc:"the agent's reason"`
			times
		}]),
		fault(7, "glare", "Two at once. MakeCall: a call arrives in the same moment as the application dials. AnswerCall: the caller gives up in the same moment as the application answers. Who is first has it.", soon[struct {
			somewhere
			Request string `json:"request" need:"yes" oneof:"MakeCall AnswerCall" doc:"the application's next one"`
			First   string `json:"first" default:"switch" oneof:"switch application" doc:"who is first"`
			until
		}]),
	}
}

func handsetBehaviours() []Behaviour {
	return []Behaviour{
		scenario(3, "handset", "A person does something at a telephone, as by POST /v1/phones/{dn}/{action}.", later[struct {
			somewhere
			Action string `json:"action" need:"yes" doc:"an action of /v1/phones"`
			To     string `json:"to" doc:"whom to call"`
			CallID string `json:"callId" doc:"which of several calls"`
			Digits string `json:"digits" doc:"keys"`
			On     *bool  `json:"on" doc:"of mute and dnd"`
			Agent  string `json:"agent" doc:"who logs on"`
			Reason string `json:"reason" doc:"of notready"`
			Queue  string `json:"queue" doc:"only for this queue"`
		}]),
	}
}

func eventBehaviours() []Behaviour {
	return []Behaviour{
		fault(8, "eventsReordered", "An event is told after the one that follows it at the same monitor; after a second in any case.", soon[ofEvents]),
		fault(8, "eventsDoubled", "An event is told twice.", soon[ofEvents]),
		fault(8, "eventBeforeResponse", "The events of a request are told before its response.", soon[ofRequests]),
	}
}

func agentBehaviours() []Behaviour {
	type ofAgents struct {
		Event string `json:"event" doc:"only events of this name, such as AgentReady"`
		anywhere
		times
	}
	return []Behaviour{
		fault(9, "agentStateLate", "An agent's event is told late, while others pass it by.", soon[struct {
			Delay float64 `json:"delay" default:"2" min:"0.01" max:"600" doc:"seconds"`
			ofAgents
		}]),
		fault(9, "agentStateLost", "An agent's event is not told; GetAgentState knows.", soon[ofAgents]),
		scenario(9, "agentStatePending", "The agent asks at the telephone for a state during a call: AgentBusy with pendingAgentState, and the state when the call ends.", later[struct {
			somewhere
			State  string `json:"state" need:"yes" oneof:"notReady ready workingAfterCall loggedOff" doc:"what follows the call"`
			Reason string `json:"reason" doc:"of notReady"`
		}]),
		fault(9, "agentReserved", "A queue reserves the agent for a call before it rings: AgentBusy with the cause reserved.", soon[struct {
			Delay float64 `json:"delay" default:"1" min:"0.01" max:"600" doc:"seconds until it rings"`
			anywhere
			times
		}]),
		fault(9, "automaticWrapUp", "The work after a call of a queue ends by itself after another time than usual.", soon[struct {
			Delay float64 `json:"delay" need:"yes" min:"0.01" max:"3600" doc:"seconds"`
			anywhere
			times
		}]),
		fault(10, "lateLogout", "The next AgentLoggedOff is told only after the next AgentLoggedOn at the same telephone.", soon[struct {
			anywhere
			times
		}]),
	}
}

func requestBehaviours() []Behaviour {
	return []Behaviour{
		fault(11, "acceptThenFail", "A request is accepted and then fails. What makes a call makes one that fails; of another call the Failed event is told; of an agent the state that he has, which contradicts.", soon[struct {
			Delay float64 `json:"delay" min:"0" max:"600" doc:"seconds between acceptance and failure"`
			ofRequests
		}]),
		fault(11, "acceptThenDiscard", "A request is accepted and nothing comes of it.", soon[ofRequests]),
		fault(11, "silentDiscard", "A request is neither answered nor done.", soon[ofRequests]),
		fault(11, "answerLost", "A request is done but not answered; its events are told.", soon[ofRequests]),
		fault(11, "answerLate", "A request is done at once but answered late; its events are told before.", soon[struct {
			Delay float64 `json:"delay" default:"6" min:"0.01" max:"600" doc:"seconds"`
			ofRequests
		}]),
	}
}

func loadBehaviours() []Behaviour {
	return []Behaviour{
		fault(12, "pacing", "A request that comes too soon after the one before is refused: performanceLimitExceeded.", soon[struct {
			Interval float64 `json:"interval" default:"0.2" min:"0.001" max:"60" doc:"seconds between requests"`
			Discard  bool    `json:"discard" doc:"not refused but silently discarded"`
			until
		}]),
		fault(12, "outstandingRequests", "Requests take time, and one that comes while too many are outstanding is refused: outstandingReqLimitExceeded.", soon[struct {
			Limit int     `json:"limit" default:"10" min:"1" max:"1000" doc:"how many may be outstanding"`
			Delay float64 `json:"delay" default:"0.2" min:"0.001" max:"60" doc:"seconds that each takes"`
			until
		}]),
		fault(12, "overload", "Tells overloadImminent and overloadReached, refuses every request with resourceBusy, and tells overloadRelieved when it ends.", soon[until]),
		fault(13, "licences", "There are only so many licences: a session beyond them is refused with maxNumberSessions, a monitor with objectMonitorLimitExceeded. Those in use count.", soon[struct {
			Sessions int `json:"sessions" default:"-1" min:"-1" max:"100000" doc:"application sessions; -1: any number"`
			Monitors int `json:"monitors" default:"-1" min:"-1" max:"1000000" doc:"monitors of all sessions; -1: any number"`
			until
		}]),
		fault(13, "leakedMonitors", "Monitors of sessions that are lost are not freed and go on using licences, until it ends.", soon[until]),
	}
}

func lossBehaviours() []Behaviour {
	return []Behaviour{
		scenario(14, "monitorStop", "The switch stops the monitors of a telephone or queue and says so.", later[struct {
			DN string `json:"dn" need:"yes" doc:"telephone or queue"`
		}]),
		fault(14, "messagesLost", "Events are lost, then SystemStatus says messagesLost to everybody: when enough are, or at the end.", soon[struct {
			Count int `json:"count" min:"0" max:"100000" doc:"how many events are lost; 0: only says so"`
			anywhere
			until
		}]),
		fault(14, "halfOpen", "The connections stay open, but the switch has forgotten them: what comes is swallowed, nothing is told any more. New connections work.", soon[until]),
		fault(14, "silence", "Every connection is open but neither read nor written; what should have been said comes late.", soon[until]),
	}
}

func sessionBehaviours() []Behaviour {
	return []Behaviour{
		fault(15, "sessionResume", "All connections break; the switch keeps the sessions with their monitors for whoever comes back with the old sessionID, whatever sessionCleanupDelay was asked for.", soon[until]),
		fault(15, "resumeRefused", "A StartApplicationSession with an old sessionID is refused: invalidSessionID.", soon[times]),
		scenario(15, "sessionExpiry", "All sessions end, as when their timers are not reset: ApplicationSessionTerminated, and the connection is closed. Sessions that wait for their application end as well.", later[struct{}]),
		fault(15, "forcedLogout", "Agents whose telephone is no longer watched by any application, because its connection was lost or its session expired, are logged off after a while.", soon[struct {
			Delay  float64 `json:"delay" default:"5" min:"0" max:"600" doc:"seconds"`
			Reason string  `json:"reason" default:"255" doc:"the reason of the logout"`
			until
		}]),
	}
}

func restartBehaviours() []Behaviour {
	return []Behaviour{
		scenario(16, "restartKeepingCalls", "The switch restarts: all connections break and sessions are forgotten. Calls and agents stay.", later[struct {
			Delay float64 `json:"delay" min:"0" max:"600" doc:"seconds until it takes connections again"`
		}]),
		scenario(16, "restartLosingCalls", "The switch restarts: all connections break, sessions are forgotten, all calls are gone without a word, callIDs begin anew.", later[struct {
			Delay  float64 `json:"delay" min:"0" max:"600" doc:"seconds until it takes connections again"`
			Agents bool    `json:"agents" doc:"agents stay logged on; otherwise nobody is"`
		}]),
		fault(16, "secondary", "The primary address is out of service and the secondary (--secondary) takes over; else the secondary refuses logins with serverResourcesBusy.", soon[until]),
	}
}

func deviceBehaviours() []Behaviour {
	return []Behaviour{
		fault(17, "sharedLine", "Calls for one telephone ring at another, too. Who answers has the call; the other one is told Diverted, callPickup.", soon[struct {
			somewhere
			With string `json:"with" need:"yes" doc:"the other telephone"`
			until
		}]),
		scenario(17, "hotDesk", "An agent moves: he is logged off where he sits, if he does, and logs on at another telephone.", later[struct {
			Agent string `json:"agent" need:"yes" doc:"who moves"`
			DN    string `json:"dn" need:"yes" doc:"where to"`
		}]),
		fault(17, "deviceInUse", "Somebody else has the telephone: monitoring it and logging on at it are refused with invalidObjectState.", soon[struct {
			somewhere
			until
		}]),
	}
}

func dataBehaviours() []Behaviour {
	return []Behaviour{
		fault(18, "lateCallData", "A call from outside is told without its data; CallInformation brings it later.", soon[struct {
			Delay float64 `json:"delay" default:"1" min:"0" max:"600" doc:"seconds"`
			times
		}]),
		fault(18, "truncatedCallData", "Events tell only the beginning of each value of the call data; SnapshotCall tells all.", soon[struct {
			Length int `json:"length" default:"8" min:"0" max:"4096" doc:"bytes of each value"`
			ofEvents
		}]),
		fault(18, "networkReached", "Of a call to outside nothing is told after NetworkReached, until somebody leaves it.", soon[times]),
	}
}

func supervisorBehaviours() []Behaviour {
	return []Behaviour{
		scenario(19, "queueAgents", "Another list of agents serves a queue. Who is logged on and no longer on the list leaves the queue; who is new on it enters.", later[struct {
			Queue  string   `json:"queue" need:"yes" doc:"number or name"`
			Agents []string `json:"agents" need:"yes" doc:"ranges such as 4001-4003"`
		}]),
		scenario(19, "forceState", "A supervisor sets an agent's state; during a call it is pending.", later[struct {
			Agent  string `json:"agent" need:"yes" doc:"whose state"`
			State  string `json:"state" need:"yes" oneof:"notReady ready workingAfterCall loggedOff" doc:"which state"`
			Reason string `json:"reason" doc:"of notReady"`
			Queue  string `json:"queue" doc:"only for this queue"`
		}]),
		scenario(19, "observer", "A supervisor listens silently: his telephone becomes a party of the active call, Conferenced with the cause silentParticipation.", later[struct {
			somewhere
			Observer string `json:"observer" need:"yes" doc:"the supervisor's telephone"`
		}]),
	}
}

func foreignBehaviours() []Behaviour {
	return []Behaviour{
		fault(20, "clockJump", "The switch's clock is wrong by some seconds: in the times of the control port, and in the timestamp that every event then carries (extensions/security). Timers run on.", soon[struct {
			By float64 `json:"by" need:"yes" min:"-1000000000" max:"1000000000" doc:"seconds; negative: into the past"`
			until
		}]),
		fault(20, "withheldNumber", "A caller from outside withholds the number: restricted.", soon[times]),
		fault(20, "latin1", "Messages are written in ISO-8859-1.", soon[struct {
			Undeclared bool `json:"undeclared" doc:"while the XML declaration says nothing of it"`
			until
		}]),
		fault(20, "spelling", "Messages are spelt as other switches do: TransferredEvent, callId and deviceId in the other order, systemResourceAvailability.", soon[until]),
	}
}
