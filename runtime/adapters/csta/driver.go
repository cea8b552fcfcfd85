package csta

import (
	"context"
	"fmt"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/adapters/dial"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Config is the key-value configuration of the class.
type Config struct {
	Address   string `cti:"address,required" type:"hostPort" doc:"Host and port of the switch's CSTA XML service; Avaya AES: 4721, with TLS 4722."`
	Secondary string `cti:"secondaryAddress" type:"hostPort" doc:"Where to connect when address does not answer."`

	TLS            bool   `cti:"tls,default=false" doc:"Connect with TLS."`
	TLSCA          string `cti:"tlsCA" doc:"Certificates (PEM) of the authorities that may sign the switch's certificate; without it, the well-known ones."`
	TLSServerName  string `cti:"tlsServerName" doc:"Name in the switch's certificate; without it, the host of the address."`
	TLSCertificate string `cti:"tlsCertificate" doc:"Certificate (PEM) that proves who we are, where the switch asks."`
	TLSKey         string `cti:"tlsKey,secret" doc:"Private key (PEM) of tlsCertificate."`

	Username        string `cti:"username" doc:"User of the application session; without it, the session opens without a login."`
	Password        string `cti:"password,secret" doc:"Password of the user."`
	ApplicationID   string `cti:"applicationId,default=ctilink" doc:"Name by which the switch knows this application."`
	ProtocolVersion string `cti:"protocolVersion,default=http://www.ecma-international.org/standards/ecma-323/csta/ed3" doc:"Edition of ECMA-323 to ask for; its namespace is used in all messages."`

	SessionDuration     time.Duration `cti:"sessionDuration,default=60s" doc:"How long the switch keeps the session without a sign of life; one is sent after half of it."`
	ResponseTimeout     time.Duration `cti:"responseTimeout,default=5s" doc:"How long the switch may take to answer a request."`
	OutstandingRequests int           `cti:"outstandingRequests,default=10" doc:"How many requests may wait for their answers at once; Avaya AES takes 10."`
	RequestsPerSecond   int           `cti:"requestsPerSecond,default=0" doc:"How many requests may be sent in a second; 0: as fast as the answers come. Avaya AES wants some 200 ms between two: 5."`
	AgentStatePoll      time.Duration `cti:"agentStatePoll,default=0s" doc:"How often to ask for each agent's state, for switches that do not tell what is done at the telephone (Avaya AES); 0: never."`

	DeclineTo  string `cti:"declineTo" doc:"Number to which DeclineCall sends the call (DeflectCall); without it, the device leaves the call and the switch decides."`
	Microphone string `cti:"microphone,default=1" doc:"Which microphone of a telephone MuteCall switches off, as the switch numbers them (auditoryApparatus)."`
}

// Driver is the class csta.
type Driver struct{}

// Describe implements opencti.Driver.
func (Driver) Describe() opencti.Description {
	return opencti.Description{
		Name:       "csta",
		Summary:    "CSTA III XML (ECMA-269, ECMA-323, ECMA-354) over TCP or TLS: Avaya AES and other CSTA switches.",
		Config:     func() any { return new(Config) },
		Device:     (*device)(nil),
		Connection: (*connection)(nil),
		Handover:   opencti.Overlap,
		Rules:      defaultRules(),
	}
}

// Connect implements opencti.Driver: it opens an application session and nothing else.
func (Driver) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	config, ok := env.Config.(*Config)
	if !ok {
		return nil, opencti.Errorf(opencti.InvalidRequest, "configuration is a %T, not a %T", env.Config, config)
	}
	socket, err := config.server().Dial(ctx)
	if err != nil {
		return nil, err
	}
	c := newConnection(socket, *config, env)
	if err := c.startSession(ctx); err != nil {
		c.fail(err)
		c.running.Wait()
		return nil, err
	}
	return c, nil
}

// server is where the class's parameters lead.
func (c *Config) server() dial.Server {
	return dial.Server{
		Called: "the switch", Addresses: []string{c.Address, c.Secondary}, Timeout: c.ResponseTimeout,
		TLS: c.TLS, CA: c.TLSCA, ServerName: c.TLSServerName, Certificate: c.TLSCertificate, Key: c.TLSKey,
	}
}

// cleanupDelay is how long the switch keeps a lost session for somebody who comes back to it.
// Nobody does: ECMA-354 has no such service, and monitors are of use only to who knows their
// references. What a lost session holds is licences. Not zero, which may mean the default.
const cleanupDelay = time.Second

// startSession opens the application session and starts its signs of life.
func (c *connection) startSession(ctx context.Context) error {
	start := &wire.StartApplicationSession{
		ApplicationID:     c.config.ApplicationID,
		ProtocolVersions:  []string{c.config.ProtocolVersion},
		RequestedDuration: int(c.config.SessionDuration.Seconds()),
	}
	if c.config.Username != "" {
		start.Login = &wire.SessionLoginInfo{
			UserName: c.config.Username, Password: c.config.Password,
			CleanupDelay: int(cleanupDelay.Seconds()),
		}
	}
	answer, err := c.exchange(ctx, errand{}, start, c.sessionStarted)
	if err != nil {
		return err
	}
	switch a := answer.message.(type) {
	case *wire.StartApplicationSessionPosResponse:
		c.keepAlive(a.Duration)
		return nil
	case *wire.StartApplicationSessionNegResponse:
		return sessionError(a.ErrorCode)
	}
	return unexpected(start, answer.message)
}

// longestVersion bounds the name of an edition: it stands in every message.
const longestVersion = 256

// sessionStarted runs in the reader: what the switch sends next is of the session.
func (c *connection) sessionStarted(a answer) {
	if r, ok := a.message.(*wire.StartApplicationSessionPosResponse); ok {
		c.sessionID = r.SessionID
		if r.ProtocolVersion != "" && len(r.ProtocolVersion) <= longestVersion {
			c.namespace = r.ProtocolVersion
		}
	}
}

// stopSession ends the application session; the monitors that it has end with it.
func (c *connection) stopSession(ctx context.Context) {
	stop := &wire.StopApplicationSession{SessionID: c.sessionID, Reason: wire.EndReason{Defined: wire.EndNormal}}
	if _, err := c.exchange(ctx, errand{}, stop, nil); err != nil {
		c.log.Debug("Session ended without an answer", "error", err)
	}
}

// keepAlive resets the session's timer after half of its duration, for as long as the
// connection lives. A switch that does not answer is lost: this finds half-open sockets.
func (c *connection) keepAlive(seconds int) {
	duration := c.lifetime(seconds)
	c.running.Go(func() {
		timer := time.NewTimer(duration / 2)
		defer timer.Stop()
		for {
			select {
			case <-c.done:
				return
			case <-timer.C:
			}
			if err := c.resetTimer(&duration); err != nil {
				c.fail(opencti.Errorf(opencti.LinkDown, "the switch gave no sign of life").WithDetail(err.Error()))
				return
			}
			timer.Reset(duration / 2)
		}
	})
}

// longestSession is more than any switch keeps a session without a sign of life; a half-open
// socket must be found in time.
const longestSession = time.Hour

// lifetime is how long the switch says that it keeps the session; what makes no sense is
// not believed.
func (c *connection) lifetime(seconds int) time.Duration {
	if seconds <= 0 {
		return max(c.config.SessionDuration, time.Second)
	}
	return time.Duration(min(seconds, int(longestSession/time.Second))) * time.Second
}

func (c *connection) resetTimer(duration *time.Duration) error {
	reset := &wire.ResetApplicationSessionTimer{SessionID: c.sessionID, RequestedDuration: int(c.config.SessionDuration.Seconds())}
	answer, err := c.exchange(context.Background(), errand{}, reset, nil)
	if err != nil {
		return err
	}
	switch a := answer.message.(type) {
	case *wire.ResetApplicationSessionTimerPosResponse:
		if a.Duration > 0 {
			*duration = c.lifetime(a.Duration)
		}
		return nil
	case *wire.ResetApplicationSessionTimerNegResponse:
		return sessionError(a.ErrorCode)
	}
	return unexpected(reset, answer.message)
}

func unexpected(request, answer wire.Message) error {
	return opencti.Errorf(opencti.Rejected, "the switch gave an answer that does not fit").
		WithDetail(fmt.Sprintf("%s to %s", wire.Name(answer), wire.Name(request)))
}
