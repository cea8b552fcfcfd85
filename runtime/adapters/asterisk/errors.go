package asterisk

import (
	"strings"
	"unicode"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// refusals maps the beginnings of Asterisk's texts; it has no codes.
var refusals = []struct {
	text    string
	code    opencti.ErrorCode
	message string
}{
	{"Authentication failed", opencti.AuthenticationFailed, "Asterisk does not know the user, or the secret is another"},
	{"Permission denied", opencti.Forbidden, "Asterisk's user may not do this; see write in manager.conf"},
	{"Invalid/unknown command", opencti.NotCapable, "this Asterisk cannot do this; a module may be missing"},
	{"Unable to add interface: Already there", opencti.AlreadyLoggedIn, "the agent is logged in to this queue already"},
	{"Unable to add interface to queue: No such queue", opencti.InvalidQueue, "Asterisk has no such queue"},
	{"Unable to remove interface from queue: No such queue", opencti.InvalidQueue, "Asterisk has no such queue"},
	{"Unable to remove interface: Not there", opencti.NotLoggedIn, "the agent is not logged in to this queue"},
	{"Member not dynamic", opencti.NotCapable, "the agent is a member of this queue by Asterisk's configuration, and stays one"},
	{"Interface not found", opencti.NotLoggedIn, "the agent is not logged in to this queue"},
	{"No such channel", opencti.NoSuchCall, "the call is over"},
	{"Channel does not exist", opencti.NoSuchCall, "the call is over"},
	{"Channel not found", opencti.NoSuchCall, "the call is over, or its telephone is none that can be told"},
	{"Channel1 does not exist", opencti.NoSuchCall, "the call is over"},
	{"Channel2 does not exist", opencti.NoSuchCall, "the call is over"},
	{"No channel specified", opencti.NoSuchCall, "the call is over"},
	{"Redirect failed, channel not up", opencti.InvalidState, "Asterisk cannot send this call elsewhere as it is now"},
	{"Unable to add Channel1", opencti.InvalidState, "Asterisk cannot connect these calls as they are now"},
	{"Unable to add Channel", opencti.InvalidState, "Asterisk cannot connect these calls as they are now"},
	{"Extension does not exist", opencti.InvalidDestination, "Asterisk's dialplan has no such number"},
	{"Transfer invalid", opencti.InvalidState, "Asterisk cannot transfer this call as it is now"},
	{"Transfer not permitted", opencti.Forbidden, "Asterisk does not permit this transfer"},
}

// refusal makes an error of the text with which Asterisk refused an action.
func refusal(action, text string) *opencti.Error {
	for _, r := range refusals {
		if strings.HasPrefix(text, r.text) {
			return opencti.Errorf(r.code, "%s", r.message).WithDetail(action + ": " + r.text)
		}
	}
	return opencti.Errorf(opencti.Rejected, "Asterisk refused the request").WithDetail(action + ": " + withoutNumbers(peerText(text)))
}

// withoutNumbers keeps telephone numbers out of errors and logs.
func withoutNumbers(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '#'
		}
		return r
	}, text)
}

// longestText bounds foreign text in errors and logs.
const longestText = 200

// peerText is a text of Asterisk's for errors and logs: short, in one line.
func peerText(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(clean) > longestText {
		clean = strings.ToValidUTF8(clean[:longestText], "") + "…"
	}
	return clean
}

// isName says whether a number or name can stand in names of channels and extensions.
func isName(text string) bool {
	return text != "" && len(text) <= 80 && strings.Trim(text, nameLetters) == ""
}

const nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+*#-"
