package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// explain puts the compiler's first finding into words for people who do not know the
// compiler, with a hint.
func explain(env *cel.Env, source string, issues *cel.Issues) *Error {
	found := slices.Clone(issues.Errors())
	slices.SortStableFunc(found, func(a, b *cel.Error) int {
		if a.Location.Line() != b.Location.Line() {
			return a.Location.Line() - b.Location.Line()
		}
		return a.Location.Column() - b.Location.Column()
	})
	first := found[0]
	e := &Error{Line: max(first.Location.Line(), 1), Column: max(first.Location.Column(), 0) + 1, cause: issues.Err()}
	for _, f := range findings {
		if m := f.says.FindStringSubmatch(first.Message); m != nil {
			e.Problem, e.Hint = f.means(place{env, source, e.Line, e.Column}, m)
			return e
		}
	}
	e.Problem = "is not a CEL expression"
	return e
}

// place is where a finding is.
type place struct {
	env          *cel.Env
	source       string
	line, column int
}

// rest is the source from the place on, up to the end of the line.
func (p place) rest() string {
	lines := strings.Split(p.source, "\n")
	if p.line > len(lines) {
		return ""
	}
	line := []rune(lines[p.line-1])
	if p.column > len(line) {
		return ""
	}
	return string(line[p.column-1:])
}

// before is the source up to the place.
func (p place) before() string {
	lines := strings.Split(p.source, "\n")
	if p.line > len(lines) {
		return p.source
	}
	line := []rune(lines[p.line-1])
	return strings.Join(lines[:p.line-1], "\n") + string(line[:min(p.column-1, len(line))])
}

// findings are the compiler's messages that rules meet, in the order in which they are
// looked for.
var findings = []struct {
	says  *regexp.Regexp
	means func(place, []string) (problem, hint string)
}{
	{regexp.MustCompile(`^Syntax error: missing '(.)'`), func(_ place, m []string) (string, string) {
		return "the expression ends too early", "a " + m[1] + " is missing"
	}},
	{regexp.MustCompile(`^Syntax error`), syntax},
	{regexp.MustCompile(`^reserved identifier: (\w+)`), func(_ place, m []string) (string, string) {
		hint := ""
		if m[1] == "if" {
			hint = "write condition ? one : other"
		}
		return quoted(m[1]) + " is a word that CEL keeps for itself", hint
	}},
	{regexp.MustCompile(`^undeclared reference to '([^']*)'(?:.*did you mean '([^']*)')?`), undeclared},
	{regexp.MustCompile(`^undefined field '([^']*)'`), undefined},
	{regexp.MustCompile(`^type '([^']*)' does not support field selection`), func(_ place, m []string) (string, string) {
		return a(m[1:2], "") + " has no fields", ""
	}},
	{regexp.MustCompile(`^expected type '([^']*)' but found '([^']*)'`), func(_ place, m []string) (string, string) {
		return fmt.Sprintf("gives %s, must give %s", m[2], m[1]), comparing(m[1])
	}},
	{regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'`), noOverload},
	{regexp.MustCompile(`^invalid matches argument`), func(place, []string) (string, string) {
		return "is not a regular expression", "it is written in RE2's language; a backslash in a text is written twice"
	}},
	{regexp.MustCompile(`regex|program size`), func(place, []string) (string, string) {
		return "the regular expression is too big", "make it shorter, with fewer repetitions"
	}},
	{regexp.MustCompile(`^comprehension exceeds nesting limit`), func(place, []string) (string, string) {
		return fmt.Sprintf("has more than %d loops within each other", loopsBound), "look into one list at a time"
	}},
	{regexp.MustCompile(`^invalid argument to has\(\) macro`), func(place, []string) (string, string) {
		return "has() must be asked of a field", "write has(event.field)"
	}},
	{regexp.MustCompile(`^invalid \w+ literal`), func(place, []string) (string, string) {
		return "the number is out of range", "numbers of telephones are texts: put them in quotes"
	}},
	{regexp.MustCompile(`limit|exceeds|too (?:long|deep|many)`), func(place, []string) (string, string) {
		return "the expression is too long or too deeply nested", "split it into several rules"
	}},
}

// syntax explains what stands at the place.
func syntax(p place, _ []string) (problem, hint string) {
	rest := strings.TrimLeft(p.rest(), " ")
	problem = "there is something here that CEL does not know"
	switch {
	case rest == "":
		return "the expression ends too early", ends(p.before())
	case strings.HasPrefix(rest, "="):
		hint = "= is no comparison, write =="
	case strings.HasSuffix(p.before(), "<") && rest[0] == '>':
		hint = "write != for not equal"
	case strings.ContainsRune("‘’‚“”„", []rune(rest)[0]):
		hint = "use straight quotes: '…'"
	case rest[0] == '\'' || rest[0] == '"':
		if strings.Contains(rest, `\`) {
			hint = `a backslash in a text is written twice`
		} else {
			problem, hint = "a text begins here and does not end", "close it with "+rest[:1]
		}
	case rest[0] == ')' || rest[0] == ']' || rest[0] == '}':
		problem = "there is one " + rest[:1] + " too many"
	case rest[0] == '+':
		hint = "numbers of telephones are texts: put them in quotes"
	case rest[0] == ';':
		hint = "a rule has one expression; join conditions with &&"
	case rest[0] == '.':
		problem, hint = "a name must follow the dot", "for names with other signs than letters and digits write event['name']"
	default:
		if hint = words[firstWord(rest)]; hint == "" {
			hint = words[lastWord(p.before())]
		}
	}
	return problem, hint
}

// ends says what an expression that stops too early wants.
func ends(before string) string {
	before = strings.TrimSpace(before)
	for _, operator := range []string{"&&", "||", "==", "!=", "?", ":", ".", "+"} {
		if strings.HasSuffix(before, operator) {
			return "something must follow " + operator
		}
	}
	if strings.Contains(before, "?") {
		return "condition ? one : other needs its other"
	}
	return ""
}

// words of other languages.
var words = map[string]string{
	"and": "write && for and", "or": "write || for or", "not": "write ! for not", "is": "write == for is",
	"eq": "write ==", "ne": "write !=", "contains": "write text.contains('part')", "like": "write text.contains('part')",
	"AND": "write && for and", "OR": "write || for or", "NOT": "write ! for not", "then": "write condition ? one : other",
}

func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(s)
	}
	return s[:end]
}

func lastWord(s string) string {
	s = strings.TrimRight(s, " ")
	return s[strings.LastIndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })+1:]
}

// elsewhere says where variables are known that not every expression may read.
var elsewhere = map[string]string{
	"name":  "the event's name is known in filter and populate only",
	"call":  "callId says which call it is; the call is known after that",
	"event": "the raw event is read by event rules only; a treatment reads call and session",
	"raw":   "the raw event is read by event rules only; a treatment reads call and session",
}

// undeclared explains a name that is no variable and no function.
func undeclared(p place, m []string) (problem, hint string) {
	problem = quoted(m[1]) + " is not known here"
	if strings.HasPrefix(strings.TrimPrefix(p.rest(), m[1]), "(") || strings.HasPrefix(p.rest(), "(") {
		problem = "there is no function " + quoted(m[1])
	}
	_, isEvent := opencti.TypeOf(opencti.EventName(m[1]))
	near := nearest(m[1], variablesOf(p.env))
	switch {
	case elsewhere[m[1]] != "":
		return problem, elsewhere[m[1]]
	case isEvent || slices.Contains(callTypes, m[1]):
		return problem, "a text stands in quotes: '" + m[1] + "'"
	case near != "":
		return problem, "did you mean " + near + "?"
	case m[2] != "":
		return problem, "did you mean " + m[2] + "?"
	}
	return problem, "it may read " + strings.Join(variablesOf(p.env), ", ")
}

// undefined explains a field that a variable, or something in it, does not have.
func undefined(p place, m []string) (problem, hint string) {
	owner := lastWord(p.before())
	problem = "there is no field " + quoted(m[1])
	for _, v := range p.env.Variables() {
		if v.Name() == owner {
			return problem, suggestion(m[1], fieldsOf(p.env, v.Type().TypeName()))
		}
	}
	for _, inner := range []string{"opencti.Party", "opencti.Treatment", "opencti.ScreenPop"} {
		if near := nearest(m[1], fieldsOf(p.env, inner)); near != "" {
			return problem, "did you mean " + near + "?"
		}
	}
	return problem, ""
}

func fieldsOf(env *cel.Env, typeName string) []string {
	fields, _ := env.CELTypeProvider().FindStructFieldNames(typeName)
	slices.Sort(fields)
	return fields
}

// noOverload explains an operator or function with operands that it does not take.
func noOverload(_ place, m []string) (problem, hint string) {
	operands := strings.Split(strings.Trim(m[2], "()"), ", ")
	switch m[1] {
	case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_":
		problem = a(operands, " cannot be compared with ")
		if slices.Contains(operands, "string") && slices.Contains(operands, "int") {
			hint = "numbers of calls and telephones are texts: put them in quotes"
		}
	case "_&&_", "_||_", "!_":
		problem, hint = "takes true and false, not "+a(operands, " and "), comparing("bool")
	case "_+_":
		problem, hint = a(operands, " cannot be added to "), "string(x) makes a text of anything"
	case "_?_:_":
		problem, hint = "the two sides of : are of different types", "give both the same type"
	case "@in":
		problem, hint = "in must be asked of a list or map", "write x in ['one', 'other']"
	default:
		problem = fmt.Sprintf("%s does not take (%s)", strings.Trim(m[1], "_@"), strings.Join(operands, ", "))
	}
	return problem, hint
}

// a puts types into a sentence.
func a(types []string, between string) string {
	out := make([]string, len(types))
	for i, t := range types {
		if out[i] = "a " + t; strings.HasPrefix(t, "int") {
			out[i] = "an " + t
		}
	}
	return strings.Join(out, between)
}

// wrongType explains an expression that gives something else than its field takes.
func wrongType(want, got *cel.Type) *Error {
	e := &Error{Line: 1, Column: 1, Problem: fmt.Sprintf("gives %s, must give %s", got, want)}
	switch {
	case want.Kind() == cel.BoolKind:
		e.Hint = comparing("bool")
	case want.Kind() == cel.StringKind:
		e.Hint = "string(x) makes a text of anything"
	case want.Kind() == cel.ListKind && got.Kind() == cel.StringKind:
		e.Hint = "write [x] for a list of one"
	}
	return e
}

// quoted repeats a name of the expression, as far as a person needs it.
func quoted(name string) string {
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	return strconv.Quote(name)
}

func comparing(want string) string {
	if want != "bool" {
		return ""
	}
	return "compare it with something: x == 'text'"
}

func variablesOf(env *cel.Env) (out []string) {
	for _, v := range env.Variables() {
		if !strings.Contains(v.Name(), ".") && v.Type().Kind() != cel.TypeKind {
			out = append(out, v.Name())
		}
	}
	slices.Sort(out)
	return out
}

// callTypes and offers are what the fields callType and offeredBy may be.
var (
	callTypes = []string{string(opencti.Inbound), string(opencti.Outbound), string(opencti.Internal), string(opencti.Consult), string(opencti.UnknownType)}
	offers    = []string{string(opencti.ByDirect), string(opencti.ByQueue), string(opencti.ByConsult), string(opencti.ByBlindTransfer), string(opencti.ByTransfer)}
)
