package asterisk

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/adapters/dial"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Config is the key-value configuration of the class.
type Config struct {
	Address   string `cti:"address,required" type:"hostPort" doc:"Host and port of Asterisk's manager interface: 5038, with TLS 5039."`
	Secondary string `cti:"secondaryAddress" type:"hostPort" doc:"Where to connect when address does not answer."`

	TLS            bool   `cti:"tls,default=false" doc:"Connect with TLS."`
	TLSCA          string `cti:"tlsCA" doc:"Certificates (PEM) of the authorities that may sign Asterisk's certificate; without it, the well-known ones."`
	TLSServerName  string `cti:"tlsServerName" doc:"Name in Asterisk's certificate; without it, the host of the address."`
	TLSCertificate string `cti:"tlsCertificate" doc:"Certificate (PEM) that proves who we are, where something before Asterisk asks."`
	TLSKey         string `cti:"tlsKey,secret" doc:"Private key (PEM) of tlsCertificate."`

	Username string `cti:"username,required" doc:"User of manager.conf."`
	Password string `cti:"password,required,secret" doc:"The user's secret; it is never sent, only proven (MD5 challenge)."`

	Endpoint       string `cti:"endpoint,default=PJSIP/{dn}" doc:"Device of the telephone with the number {dn}."`
	Member         string `cti:"member,default=PJSIP/{dn}" doc:"Interface by which queues call the telephone {dn}; FreePBX: Local/{dn}@from-queue/n."`
	StateInterface string `cti:"stateInterface,default=PJSIP/{dn}" doc:"Device whose state queues watch; FreePBX: hint:{dn}@ext-local."`
	Queues         string `cti:"queues" doc:"Queues that LoginAgent without a queue joins, separated by spaces or commas."`
	Trunks         string `cti:"trunks,default=PJSIP/trunk*" doc:"Devices whose other end is outside, separated by spaces or commas; * stands for anything. Other calls are internal."`
	Context        string `cti:"context,default=from-internal" doc:"Context of the dialplan in which agents dial."`
	AcceptTone     string `cti:"acceptTone,default=#" doc:"Tone by which an always-connected leg accepts a call (agents.conf, ackcall)."`
	CTIContext     string `cti:"ctiContext,default=ctilink" doc:"Context of the dialplan for calls on hold; consults use it with -consult, conferences with -room behind it."`
	RemoteControl  string `cti:"remoteControl,default=notify" enum:"notify,connected,none" doc:"How a telephone is told to answer and to hold. notify: by SIP NOTIFY with the events talk and hold. connected: the agent's leg is always connected (AgentLogin, with member Local/{dn}@agent-request/n), and answers by a tone. none: agents answer at the telephone. But for notify, hold is done by the switch."`
	DataVariables  string `cti:"dataVariables,default=CTI_CUSTOMER CTI_CASE" doc:"Channel variables that are call data, separated by spaces or commas. Data with other names travels in CTILINK_DATA."`

	WrapUpTime      time.Duration `cti:"wrapUpTime,default=0s" doc:"After-call work after each call of a queue, for members added by LoginAgent; 0: what the queue says, of which Asterisk does not tell."`
	RingTimeout     time.Duration `cti:"ringTimeout,default=30s" doc:"How long the agent's own telephone rings at MakeCall, where it is not answered by remote control."`
	PhoneTimeout    time.Duration `cti:"phoneTimeout,default=5s" doc:"How long a telephone may take to do what it was told."`
	ResponseTimeout time.Duration `cti:"responseTimeout,default=5s" doc:"How long Asterisk may take to answer a request."`
	KeepAlive       time.Duration `cti:"keepAlive,default=20s" doc:"How often Asterisk is asked for a sign of life."`

	OutstandingRequests int    `cti:"outstandingRequests,default=50" doc:"How many requests may wait for their answers at once."`
	RequestsPerSecond   int    `cti:"requestsPerSecond,default=200" doc:"How many requests may be sent in a second; 0: as fast as the answers come."`
	DisturbFamily       string `cti:"doNotDisturbFamily,default=DND" doc:"Family of Asterisk's database in which do-not-disturb is kept by number; the dialplan must look there, as FreePBX's does."`
}

// Driver is the class asterisk.
type Driver struct{}

// Describe implements opencti.Driver.
func (Driver) Describe() opencti.Description {
	return opencti.Description{
		Name:       "asterisk",
		Summary:    "Asterisk, FreePBX and others like it, by the manager interface (AMI) over TCP or TLS.",
		Config:     func() any { return new(Config) },
		Device:     (*device)(nil),
		Connection: (*connection)(nil),
		Handover:   opencti.Overlap,
		Rules:      defaultRules(),
	}
}

// Connect implements opencti.Driver: it logs in, says which events it wants and asks what is
// there. Nothing at the switch changes by it.
func (Driver) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	config, ok := env.Config.(*Config)
	if !ok {
		return nil, opencti.Errorf(opencti.InvalidRequest, "configuration is a %T, not a %T", env.Config, config)
	}
	naming, err := config.naming()
	if err != nil {
		return nil, err
	}
	socket, err := config.server().Dial(ctx)
	if err != nil {
		return nil, err
	}
	c := newConnection(socket, *config, naming, env)
	if err := c.start(ctx); err != nil {
		c.fail(err)
		c.running.Wait()
		return nil, err
	}
	return c, nil
}

// naming checks what a type cannot.
func (c *Config) naming() (mirror.Naming, error) {
	for key, template := range map[string]string{"endpoint": c.Endpoint, "member": c.Member, "stateInterface": c.StateInterface} {
		if strings.Count(template, "{dn}") != 1 {
			return mirror.Naming{}, &opencti.ConfigError{Key: key, Problem: "must have {dn} once, for the telephone's number"}
		}
	}
	n := mirror.Naming{Endpoint: c.Endpoint, Member: c.Member, Trunks: list(c.Trunks), Data: list(c.DataVariables),
		HoldContext: c.CTIContext, HoldExtension: holdExtension, ConsultContext: c.consultContext()}
	for _, trunk := range n.Trunks {
		if _, err := path.Match(trunk, ""); err != nil {
			return n, &opencti.ConfigError{Key: "trunks", Problem: "has a pattern that makes no sense; only * and ? are special"}
		}
	}
	for _, name := range n.Data {
		if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" || strings.HasPrefix(name, "_") ||
			strings.HasPrefix(name, "CTILINK_") {
			return n, &opencti.ConfigError{Key: "dataVariables", Problem: "names variables of letters, digits and _, none of which begins with _ or CTILINK_"}
		}
	}
	return n, nil
}

// list reads what spaces or commas separate.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// server is where the class's parameters lead.
func (c *Config) server() dial.Server {
	return dial.Server{
		Called: "Asterisk", Addresses: []string{c.Address, c.Secondary}, Timeout: c.ResponseTimeout,
		TLS: c.TLS, CA: c.TLSCA, ServerName: c.TLSServerName, Certificate: c.TLSCertificate, Key: c.TLSKey,
	}
}

func (c *Config) stateInterface(dn string) string {
	return strings.ReplaceAll(c.StateInterface, "{dn}", dn)
}

// consultContext and roomContext go with the context for calls on hold.
func (c *Config) consultContext() string { return c.CTIContext + "-consult" }
func (c *Config) roomContext() string    { return c.CTIContext + "-room" }

func (c *Config) obeysNotify() bool { return c.RemoteControl == "notify" }
