package simulator

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	sjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
	"github.com/ctilink/ctilink-operator/runtime/simulator/traffic"
)

// Settings is all that a person can say about a simulator, in the words of its
// configuration file.
type Settings struct {
	Extensions []switchmodel.Range `json:"extensions"`
	Agents     []switchmodel.Range `json:"agents"`
	// AgentPassword is every agent's password.
	AgentPassword string  `json:"agentPassword"`
	Queues        []Queue `json:"queues"`
	// Application is how a CSTA application logs in.
	Application Application `json:"application"`

	RingTime    Duration `json:"ringTime"`
	WrapUpTime  Duration `json:"wrapUpTime"`
	AnswerDelay Duration `json:"answerDelay"`
	// AgentAnswerDelay is after how long agents answer calls of queues by themselves; 0: never.
	AgentAnswerDelay Duration `json:"agentAnswerDelay"`
	// SeatAgents begins with every agent ready, the first at the first extension and so on.
	SeatAgents            bool   `json:"seatAgents"`
	NoAnswerReason        string `json:"noAnswerReason"`
	RefuseLogoutWhileBusy bool   `json:"refuseLogoutWhileBusy"`
	// DoNotDisturbTo is where calls go for a telephone that is not to be disturbed.
	DoNotDisturbTo string `json:"doNotDisturbTo"`
	// SurvivingLinkage is first or consult: whose global id stays on a transfer.
	SurvivingLinkage  switchmodel.Side `json:"survivingLinkage"`
	ConferenceParties int              `json:"conferenceParties"`

	CallsPerMinute float64  `json:"callsPerMinute"`
	TalkTime       Duration `json:"talkTime"`
	Patience       Duration `json:"patience"`
	Seed           uint64   `json:"seed"`
}

// Queue is a queue; without agents of its own all agents serve it.
type Queue struct {
	ID     string              `json:"id"`
	Name   string              `json:"name"`
	Agents []switchmodel.Range `json:"agents"`
}

// Application is the user of ECMA-354's session.
type Application struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// Duration is written as 90s or 1m30s.
type Duration time.Duration

// UnmarshalText reads Go's notation.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// MarshalText writes Go's notation.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// DefaultSettings is the switch of the quick start: a queue "support" (5000),
// agents 4001 to 4010, extensions 1001 to 1010, and no traffic.
func DefaultSettings() Settings {
	model, server := switchmodel.DefaultConfig(), cstaserver.DefaultConfig()
	return Settings{
		Extensions:     model.Extensions,
		Agents:         model.Agents,
		AgentPassword:  model.Password,
		Queues:         []Queue{{ID: "5000", Name: "support"}},
		Application:    Application{User: server.User, Password: server.Password},
		RingTime:       Duration(model.RingTime),
		WrapUpTime:     Duration(model.WrapUpTime),
		AnswerDelay:    Duration(model.AnswerDelay),
		NoAnswerReason: model.NoAnswerReason,

		SurvivingLinkage:  model.SurvivingLinkage,
		ConferenceParties: model.ConferenceParties,

		TalkTime: Duration(time.Minute),
		Patience: Duration(2 * time.Minute),
		Seed:     1,
	}
}

// Load reads a configuration file over the defaults.
func Load(path string) (Settings, error) {
	s := DefaultSettings()
	text, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("read the configuration: %w", err)
	}
	if err := s.read(text); err != nil {
		return s, fmt.Errorf("configuration %s: %w", path, err)
	}
	return s, nil
}

// read goes by way of JSON: its decoder is stricter, also about upper case.
func (s *Settings) read(text []byte) error {
	converted, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	queues := s.Queues
	s.Queues = nil // or the file's first queue would inherit from the default one
	strict, err := sjson.UnmarshalStrict(converted, s)
	if s.Queues == nil {
		s.Queues = queues
	}
	return errors.Join(append(strict, err)...)
}

// Validate names the first setting that is wrong.
func (s Settings) Validate() error {
	switch {
	case s.AgentPassword == "":
		return errors.New("agentPassword: is missing")
	case s.Application.User == "" || s.Application.Password == "":
		return errors.New("application: user and password are needed")
	}
	if err := s.model().Validate(); err != nil {
		return err
	}
	return s.traffic().Validate()
}

func (s Settings) model() switchmodel.Config {
	cfg := switchmodel.Config{
		Extensions:            s.Extensions,
		Agents:                s.Agents,
		Password:              s.AgentPassword,
		RingTime:              time.Duration(s.RingTime),
		WrapUpTime:            time.Duration(s.WrapUpTime),
		AnswerDelay:           time.Duration(s.AnswerDelay),
		AgentAnswerDelay:      time.Duration(s.AgentAnswerDelay),
		NoAnswerReason:        s.NoAnswerReason,
		RefuseLogoutWhileBusy: s.RefuseLogoutWhileBusy,
		DoNotDisturbTo:        s.DoNotDisturbTo,
		SurvivingLinkage:      s.SurvivingLinkage,
		ConferenceParties:     s.ConferenceParties,
		Seed:                  s.Seed,
	}
	for _, q := range s.Queues {
		agents := q.Agents
		if len(agents) == 0 {
			agents = s.Agents
		}
		cfg.Queues = append(cfg.Queues, switchmodel.QueueConfig{ID: switchmodel.DeviceID(q.ID), Name: q.Name, Agents: agents})
	}
	return cfg
}

func (s Settings) server() cstaserver.Config {
	cfg := cstaserver.DefaultConfig()
	cfg.User, cfg.Password = s.Application.User, s.Application.Password
	return cfg
}

func (s Settings) traffic() traffic.Config {
	cfg := traffic.Config{
		CallsPerMinute: s.CallsPerMinute,
		TalkTime:       time.Duration(s.TalkTime),
		Patience:       time.Duration(s.Patience),
		Seed:           s.Seed,
	}
	for _, q := range s.Queues {
		cfg.Queues = append(cfg.Queues, q.ID)
	}
	return cfg
}

// seat makes all agents ready, as far as there are extensions for them.
func (s Settings) seat(model *switchmodel.Switch) error {
	next, stop := iter.Pull(numbers(s.Extensions))
	defer stop()
	for agent := range numbers(s.Agents) {
		device, ok := next()
		if !ok {
			return nil
		}
		id := switchmodel.AgentID(agent)
		if _, err := model.Seat(id, switchmodel.DeviceID(device)); err != nil {
			return fmt.Errorf("seatAgents: %s at %s: %w", agent, device, err)
		}
		if _, err := model.SetAgentState(switchmodel.AgentRequest{Device: switchmodel.DeviceID(device), State: switchmodel.Ready}); err != nil {
			return fmt.Errorf("seatAgents: %s at %s: %w", agent, device, err)
		}
	}
	return nil
}

func numbers(ranges []switchmodel.Range) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range ranges {
			for number := range r.Numbers() {
				if !yield(number) {
					return
				}
			}
		}
	}
}
