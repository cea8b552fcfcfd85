package switchmodel

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config is what stays the same while the switch runs.
type Config struct {
	Extensions []Range
	// Agents may log on at any extension (free seating); all share one password.
	Agents   []Range
	Password string
	Queues   []QueueConfig

	RingTime   time.Duration // an ACD call rings this long, then goes back to its queue
	WrapUpTime time.Duration // automatic work after an ACD call; 0: none
	// AnswerDelay is how long an outside party that is called lets it ring.
	AnswerDelay time.Duration
	// AgentAnswerDelay lets agents answer the calls of their queues by themselves;
	// 0: never.
	AgentAnswerDelay time.Duration
	// NoAnswerReason is the reason that the switch gives an agent whom it made
	// not ready because a call was not answered.
	NoAnswerReason string
	// RefuseLogoutWhileBusy refuses what is otherwise done when the call ends.
	RefuseLogoutWhileBusy bool
	// SurvivingLinkage says whose global id a call has that was made of two.
	SurvivingLinkage Side
	// ConferenceParties bounds the parties of a call.
	ConferenceParties int
	// DoNotDisturbTo is the number where calls go for a telephone that is not to be
	// disturbed; empty: they find it busy.
	DoNotDisturbTo string
	// Seed makes global call ids differ between switches and repeat in tests.
	Seed uint64
}

// Side is one of two calls that become one.
type Side string

// The first call, or the one that was made about it.
const (
	FirstLinkage   Side = "first"
	ConsultLinkage Side = "consult"
)

// QueueConfig is a queue: the number that is dialled and who serves it.
type QueueConfig struct {
	ID     DeviceID
	Name   string
	Agents []Range
}

// DefaultConfig is the switch of the quick start.
func DefaultConfig() Config {
	agents := []Range{{First: "4001", Last: "4010"}}
	return Config{
		Extensions:     []Range{{First: "1001", Last: "1010"}},
		Agents:         agents,
		Password:       "secret",
		Queues:         []QueueConfig{{ID: "5000", Name: "support", Agents: agents}},
		RingTime:       20 * time.Second,
		WrapUpTime:     10 * time.Second,
		AnswerDelay:    3 * time.Second,
		NoAnswerReason: "no-answer",

		SurvivingLinkage:  FirstLinkage,
		ConferenceParties: 6,
	}
}

// Validate names the first field that is wrong.
func (c Config) Validate() error {
	switch {
	case len(c.Extensions) == 0:
		return errors.New("extensions: at least one range is needed")
	case len(c.Agents) == 0:
		return errors.New("agents: at least one range is needed")
	case c.RingTime <= 0:
		return errors.New("ringTime: must be more than 0")
	case c.WrapUpTime < 0:
		return errors.New("wrapUpTime: must not be negative")
	case c.AnswerDelay < 0:
		return errors.New("answerDelay: must not be negative")
	case c.AgentAnswerDelay < 0:
		return errors.New("agentAnswerDelay: must not be negative")
	case c.SurvivingLinkage != FirstLinkage && c.SurvivingLinkage != ConsultLinkage:
		return fmt.Errorf("survivingLinkage: must be %s or %s", FirstLinkage, ConsultLinkage)
	case c.ConferenceParties < 3:
		return errors.New("conferenceParties: must be at least 3")
	}
	if err := disjoint(c.Extensions, c.Agents); err != nil {
		return err
	}
	if to := c.DoNotDisturbTo; to != "" && !isDigits(strings.TrimPrefix(to, "+")) {
		return fmt.Errorf("doNotDisturbTo: %q is no number", to)
	}
	return c.validateQueues()
}

// Numbers are dialled: an agent's and an extension's must differ.
func disjoint(extensions, agents []Range) error {
	for _, e := range extensions {
		for _, a := range agents {
			if e.overlaps(a) {
				return fmt.Errorf("agents: %s overlaps the extensions %s", a, e)
			}
		}
	}
	return nil
}

func (c Config) validateQueues() error {
	seen := map[string]bool{}
	for i, q := range c.Queues {
		id := string(q.ID)
		switch {
		case !isDigits(id) || isOutside(id):
			return fmt.Errorf("queues[%d].id: %q must be 1 to %d digits", i, id, maxInternalDigits)
		case q.Name == "":
			return fmt.Errorf("queues[%d].name: is missing", i)
		case seen[id] || seen[q.Name]:
			return fmt.Errorf("queues[%d]: id %s or name %q is taken", i, id, q.Name)
		case contains(c.Extensions, id) || contains(c.Agents, id):
			return fmt.Errorf("queues[%d].id: %s is also an extension or agent", i, id)
		}
		seen[id], seen[q.Name] = true, true
	}
	return nil
}
