package opencti

import (
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ParameterType is the type of a configuration value.
type ParameterType string

// The parameter types.
const (
	TypeString   ParameterType = "string"
	TypeInteger  ParameterType = "integer"
	TypeBoolean  ParameterType = "boolean"
	TypeDuration ParameterType = "duration"
	TypeHostPort ParameterType = "hostPort"
	TypeURL      ParameterType = "url"
	TypeEnum     ParameterType = "enum"
)

// Parameter is one key of a class's key-value configuration.
type Parameter struct {
	Name        string
	Description string
	Type        ParameterType
	Required    bool
	Default     string
	Enum        []string
	Secret      bool
}

// ConfigError names the key that is wrong and says how to mend it. It never
// contains the value.
type ConfigError struct {
	Key     string
	Problem string
}

// Error implements error.
func (e *ConfigError) Error() string { return fmt.Sprintf("config key %q %s", e.Key, e.Problem) }

// ParametersOf reads the parameters from the struct tags of a driver's
// configuration, a pointer to a struct:
//
//	Host     string        `cti:"host,required" doc:"Name or address of the CTI server."`
//	Port     int           `cti:"port,default=4721" doc:"…"`
//	Password string        `cti:"password,secret" doc:"…"`
//	Timeout  time.Duration `cti:"responseTimeout,default=5s" doc:"…"`
//	Mode     string        `cti:"mode,default=a" enum:"a,b" doc:"…"`
//	Peer     string        `cti:"peer" type:"hostPort" doc:"…"`
//
// It panics on a tag that makes no sense: that is a mistake in the driver.
func ParametersOf(config any) []Parameter {
	t := reflect.TypeOf(config).Elem()
	var out []Parameter
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("cti")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(tag, ",")
		p := Parameter{Name: name, Description: f.Tag.Get("doc"), Type: typeOf(f)}
		if p.Type == TypeEnum {
			p.Enum = strings.Split(f.Tag.Get("enum"), ",")
		}
		for o := range strings.SplitSeq(rest, ",") {
			switch k, v, _ := strings.Cut(o, "="); k {
			case "":
			case "required":
				p.Required = true
			case "secret":
				p.Secret = true
			case "default":
				p.Default = v
			default:
				panic(fmt.Sprintf("%s.%s: unknown option %q in the cti tag", t, f.Name, o))
			}
		}
		out = append(out, p)
	}
	return out
}

func typeOf(f reflect.StructField) ParameterType {
	if f.Tag.Get("enum") != "" {
		return TypeEnum
	}
	if t := f.Tag.Get("type"); t != "" {
		return ParameterType(t)
	}
	switch {
	case f.Type == reflect.TypeFor[time.Duration]():
		return TypeDuration
	case f.Type.Kind() == reflect.Int:
		return TypeInteger
	case f.Type.Kind() == reflect.Bool:
		return TypeBoolean
	case f.Type.Kind() == reflect.String:
		return TypeString
	}
	panic(fmt.Sprintf("%s: a configuration field cannot be a %s", f.Name, f.Type))
}

// CheckConfig says what is wrong with a key-value configuration: unknown keys,
// missing required ones, malformed values. It returns nil when all is well, else
// the first problem in the order of the keys.
func CheckConfig(params []Parameter, values map[string]string) error {
	known := map[string]Parameter{}
	for _, p := range params {
		known[p.Name] = p
		if p.Required && p.Default == "" && values[p.Name] == "" {
			return &ConfigError{p.Name, "is missing; set it in spec.config or in an object that spec.configFrom names"}
		}
	}
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		p, ok := known[k]
		if !ok {
			return &ConfigError{k, "is not a parameter of this class; it takes " + names(params)}
		}
		if problem := p.check(values[k]); problem != "" {
			return &ConfigError{k, problem}
		}
	}
	return nil
}

func names(params []Parameter) string {
	out := make([]string, len(params))
	for i, p := range params {
		out[i] = p.Name
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

func (p Parameter) check(v string) string {
	if !isText(v) {
		return "holds bytes that are not text in UTF-8; write it again, e.g. with kubectl create secret --from-literal"
	}
	switch p.Type {
	case TypeInteger:
		if n, err := strconv.Atoi(v); err != nil || n < 0 {
			return "must be a whole number, 0 or more"
		}
	case TypeBoolean:
		if v != "true" && v != "false" {
			return "must be true or false"
		}
	case TypeDuration:
		if d, err := time.ParseDuration(v); err != nil || d < 0 {
			return "must be a duration such as 500ms, 5s or 1m30s"
		}
	case TypeHostPort:
		if h, port, err := net.SplitHostPort(v); err != nil || h == "" || port == "" {
			return "must be host:port"
		}
	case TypeURL:
		if u, err := url.Parse(v); err != nil || u.Scheme == "" || u.Host == "" {
			return "must be an absolute URL"
		}
	case TypeEnum:
		if !slices.Contains(p.Enum, v) {
			return "must be one of " + strings.Join(p.Enum, ", ")
		}
	}
	return ""
}

// isText says whether a CTI server could be told the value: another one would be sent in its
// place, and refused as a wrong password.
func isText(v string) bool {
	return utf8.ValidString(v) && !strings.ContainsFunc(v, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

// DecodeConfig checks the values and writes them, or the defaults, into the
// driver's configuration struct.
func DecodeConfig(values map[string]string, config any) error {
	params := ParametersOf(config)
	if err := CheckConfig(params, values); err != nil {
		return err
	}
	v := reflect.ValueOf(config).Elem()
	for i, n := 0, 0; i < v.NumField(); i++ {
		if _, ok := v.Type().Field(i).Tag.Lookup("cti"); !ok {
			continue
		}
		p := params[n]
		n++
		s, ok := values[p.Name]
		if !ok {
			s = p.Default
		}
		if s != "" {
			set(v.Field(i), s)
		}
	}
	return nil
}

// set cannot fail: check has seen the value, and defaults are checked by the
// driver's own test.
func set(f reflect.Value, s string) {
	switch f.Interface().(type) {
	case time.Duration:
		d, _ := time.ParseDuration(s)
		f.SetInt(int64(d))
	case int:
		n, _ := strconv.Atoi(s)
		f.SetInt(int64(n))
	case bool:
		f.SetBool(s == "true")
	default:
		f.SetString(s)
	}
}
