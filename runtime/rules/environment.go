package rules

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Bounds of an expression. Whoever writes a rule must not be able to stop the sessions
// that run it, nor the operator that checks it.
const (
	sourceBound  = 8192 // characters
	nodesBound   = 1000 // parts of the syntax tree
	depthBound   = 50   // of the syntax tree
	loopsBound   = 2    // loops within loops
	patternBound = 250  // instructions of a regular expression
	costBound    = 50_000
)

// environments hold what each kind of expression may read. They are made once: that
// takes longer than to compile an expression.
type environments struct {
	callID   *cel.Env // the raw event
	identify *cel.Env // and what the session knows of its call
	convert  *cel.Env // and the event's name: filter and populate
	treat    *cel.Env // an offered call
}

// sessionVars is the variable session.
type sessionVars struct {
	DN      string `json:"dn"`
	AgentID string `json:"agentId"`
}

// callVars is the variable call of event rules.
type callVars struct {
	Known    bool              `json:"known"`
	State    opencti.EventName `json:"state"`
	CallType opencti.CallType  `json:"callType"`
}

// Types of the variables that are not CEL's own. Their fields are named as in JSON.
const (
	sessionType = "ctilink.Session"
	callType    = "ctilink.Call"
	offeredType = "ctilink.OfferedCall"
)

var known = sync.OnceValue(func() environments {
	base := must(cel.NewEnv(
		ext.NativeTypes(
			cel.NativeTypeFor[sessionVars](cel.NativeTypeAlias(sessionType), ext.ParseStructTag("json")),
			cel.NativeTypeFor[callVars](cel.NativeTypeAlias(callType), ext.ParseStructTag("json")),
			cel.NativeTypeFor[opencti.Call](cel.NativeTypeAlias(offeredType), ext.ParseStructTag("json")),
		),
		ext.Strings(ext.StringsVersion(5)),
		cel.Variable("session", cel.ObjectType(sessionType)),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateRegexProgramSizeLimit(patternBound), cel.ValidateComprehensionNestingLimit(loopsBound)),
		cel.ParserExpressionSizeLimit(sourceBound), cel.ExpressionNodeLimit(nodesBound), cel.ExpressionNestingDepthLimit(depthBound),
		cel.RegexProgramSizeLimit(patternBound),
		cel.EnableMacroCallTracking(), // so that a Trace can repeat expressions
	))
	var e environments
	e.callID = must(base.Extend(cel.Variable("event", cel.MapType(cel.StringType, cel.DynType)), cel.Variable("raw", cel.StringType)))
	e.identify = must(e.callID.Extend(cel.Variable("call", cel.ObjectType(callType))))
	e.convert = must(e.identify.Extend(cel.Variable("name", cel.StringType)))
	e.treat = must(base.Extend(cel.Variable("call", cel.ObjectType(offeredType))))
	return e
})

// must is for what depends on nothing outside: the package's own test would fail.
func must(env *cel.Env, err error) *cel.Env {
	if err != nil {
		panic(err)
	}
	return env
}
