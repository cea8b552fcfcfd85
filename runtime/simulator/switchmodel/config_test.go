package switchmodel

import (
	"strings"
	"testing"
)

func TestParseRange(t *testing.T) {
	tests := map[string]struct {
		tc   string
		want Range
		err  string
	}{
		"range":      {tc: "1001-1010", want: Range{"1001", "1010"}},
		"one number": {tc: "1001", want: Range{"1001", "1001"}},
		"zeros":      {tc: "0001-0100", want: Range{"0001", "0100"}},
		"letters":    {tc: "10a-10b", err: "want digits"},
		"nothing":    {tc: "", err: "want digits"},
		"length":     {tc: "1-10", err: "same number of digits"},
		"backwards":  {tc: "1010-1001", err: "above the last"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseRange(test.tc)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, %v; want %v, %q", got, err, test.want, test.err)
			}
		})
	}
}

func TestValidateNamesTheField(t *testing.T) {
	tests := map[string]struct {
		tc   func(*Config)
		want string
	}{
		"default":               {func(*Config) {}, ""},
		"no phones":             {func(c *Config) { c.Extensions = nil }, "extensions: "},
		"no agents":             {func(c *Config) { c.Agents = nil }, "agents: "},
		"agents are extensions": {func(c *Config) { c.Agents = []Range{{"1010", "1020"}} }, "agents: 1010-1020 overlaps"},
		"no ringing":            {func(c *Config) { c.RingTime = 0 }, "ringTime: "},
		"wrap-up before":        {func(c *Config) { c.WrapUpTime = -1 }, "wrapUpTime: "},
		"answer before":         {func(c *Config) { c.AnswerDelay = -1 }, "answerDelay: "},
		"queue is outside":      {func(c *Config) { c.Queues[0].ID = "+4930" }, "queues[0].id: "},
		"queue is an agent":     {func(c *Config) { c.Queues[0].ID = "4001" }, "queues[0].id: 4001 is also"},
		"queue without name":    {func(c *Config) { c.Queues[0].Name = "" }, "queues[0].name: "},
		"queue twice":           {func(c *Config) { c.Queues = append(c.Queues, c.Queues[0]) }, "queues[1]: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			test.tc(&cfg)
			_, err := New(cfg)
			if (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestLogsShowTwoDigits(t *testing.T) {
	for number, want := range map[DeviceID]string{"+4930123456": "*********56", "1001": "**01", "7": "7", "": ""} {
		if got := number.MarshalLog(); got != want {
			t.Errorf("%q is logged as %q, want %q", number, got, want)
		}
	}
}
