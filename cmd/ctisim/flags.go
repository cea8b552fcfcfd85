package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// flags are what the command line says; it wins over the configuration file.
type flags struct {
	listen, secondary, control, config string
	verbose                            bool

	extensions, agents, queues                            []string
	ringTime, wrapUpTime, talkTime, patience, answerDelay time.Duration
	agentAnswerDelay                                      time.Duration
	seatAgents                                            bool
	callsPerMinute                                        float64
	seed                                                  uint64
	applicationUser, applicationPassword, agentPassword   string
}

func newFlags() *flags { return &flags{} }

func (f *flags) addTo(set *pflag.FlagSet) {
	d := simulator.DefaultSettings()
	set.StringVar(&f.listen, "listen", ":4721", "address for CSTA applications")
	set.StringVar(&f.secondary, "secondary", "", "address of a standby for CSTA applications; empty: none")
	set.StringVar(&f.control, "control", ":8088", "address of the HTTP control port")
	set.StringVar(&f.config, "config", "", "YAML file: queues [{id, name, agents}], application {user, password}, and the other flags in camelCase")
	set.BoolVarP(&f.verbose, "verbose", "v", false, "log every request and event")

	set.StringSliceVar(&f.extensions, "extensions", texts(d.Extensions), "ranges of extensions")
	set.StringSliceVar(&f.agents, "agents", texts(d.Agents), "ranges of agents")
	set.StringSliceVar(&f.queues, "queues", []string{"5000=support"}, "queues as number=name; all agents serve them")
	set.StringVar(&f.agentPassword, "agent-password", d.AgentPassword, "password of every agent")
	set.StringVar(&f.applicationUser, "application-user", d.Application.User, "user of CSTA applications")
	set.StringVar(&f.applicationPassword, "application-password", d.Application.Password, "password of CSTA applications")

	set.DurationVar(&f.ringTime, "ring-time", time.Duration(d.RingTime), "how long a call of a queue rings before it goes back there")
	set.DurationVar(&f.wrapUpTime, "wrap-up-time", time.Duration(d.WrapUpTime), "work after a call of a queue; 0: none")
	set.DurationVar(&f.answerDelay, "answer-delay", time.Duration(d.AnswerDelay), "how long an outside party that is called lets it ring")
	set.DurationVar(&f.agentAnswerDelay, "agent-answer-delay", time.Duration(d.AgentAnswerDelay), "agents answer calls of queues by themselves after this; 0: never")
	set.BoolVar(&f.seatAgents, "seat-agents", d.SeatAgents, "begin with every agent ready, the first at the first extension and so on")
	set.Float64Var(&f.callsPerMinute, "calls-per-minute", d.CallsPerMinute, "generated callers; 0: none")
	set.DurationVar(&f.talkTime, "talk-time", time.Duration(d.TalkTime), "how long generated callers talk, on average")
	set.DurationVar(&f.patience, "patience", time.Duration(d.Patience), "how long generated callers wait, on average")
	set.Uint64Var(&f.seed, "seed", d.Seed, "the same seed gives the same callers")
}

func texts(ranges []switchmodel.Range) []string {
	var all []string
	for _, r := range ranges {
		all = append(all, r.String())
	}
	return all
}

// settings are the defaults, then the file, then the flags that were given.
func (f *flags) settings(given *pflag.FlagSet) (simulator.Settings, error) {
	s := simulator.DefaultSettings()
	if f.config != "" {
		var err error
		if s, err = simulator.Load(f.config); err != nil {
			return s, err
		}
	}
	var failed error
	given.Visit(func(flag *pflag.Flag) {
		if apply := f.overrides(&s)[flag.Name]; apply != nil && failed == nil {
			if err := apply(); err != nil {
				failed = fmt.Errorf("--%s: %w", flag.Name, err)
			}
		}
	})
	return s, failed
}

func (f *flags) overrides(s *simulator.Settings) map[string]func() error {
	return map[string]func() error{
		"extensions":           func() error { return parseRanges(&s.Extensions, f.extensions) },
		"agents":               func() error { return parseRanges(&s.Agents, f.agents) },
		"queues":               func() error { return parseQueues(&s.Queues, f.queues) },
		"agent-password":       set(&s.AgentPassword, f.agentPassword),
		"application-user":     set(&s.Application.User, f.applicationUser),
		"application-password": set(&s.Application.Password, f.applicationPassword),
		"ring-time":            set(&s.RingTime, simulator.Duration(f.ringTime)),
		"wrap-up-time":         set(&s.WrapUpTime, simulator.Duration(f.wrapUpTime)),
		"answer-delay":         set(&s.AnswerDelay, simulator.Duration(f.answerDelay)),
		"agent-answer-delay":   set(&s.AgentAnswerDelay, simulator.Duration(f.agentAnswerDelay)),
		"seat-agents":          set(&s.SeatAgents, f.seatAgents),
		"calls-per-minute":     set(&s.CallsPerMinute, f.callsPerMinute),
		"talk-time":            set(&s.TalkTime, simulator.Duration(f.talkTime)),
		"patience":             set(&s.Patience, simulator.Duration(f.patience)),
		"seed":                 set(&s.Seed, f.seed),
	}
}

func set[T any](target *T, value T) func() error {
	return func() error { *target = value; return nil }
}

func parseRanges(target *[]switchmodel.Range, texts []string) error {
	*target = nil
	for _, text := range texts {
		r, err := switchmodel.ParseRange(text)
		if err != nil {
			return err
		}
		*target = append(*target, r)
	}
	return nil
}

func parseQueues(target *[]simulator.Queue, texts []string) error {
	*target = nil
	for _, text := range texts {
		id, name, found := strings.Cut(text, "=")
		if !found {
			return fmt.Errorf("%q: want number=name, such as 5000=support", text)
		}
		*target = append(*target, simulator.Queue{ID: id, Name: name})
	}
	return nil
}
