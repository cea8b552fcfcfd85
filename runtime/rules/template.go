package rules

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// addressBound is how many bytes browsers and servers take for sure.
const addressBound = 8192

// template is an address with {expression} in it.
type template struct {
	texts  []string // one more than values
	values []*expression
}

// fixed is the part of an address that no call may change: data of a call comes from
// callers, and must not lead a desktop to another server.
var fixed = regexp.MustCompile(`^https?://[^/?#@\\\s{}]+[/?#]`)

// parseTemplate takes an address apart and compiles its expressions. The error lacks
// rule and field.
func parseTemplate(source string) (*template, *Error) {
	t := &template{}
	for i := 0; ; {
		open := strings.IndexAny(source[i:], "{}")
		if open < 0 {
			t.texts = append(t.texts, source[i:])
			return t, t.check(source)
		}
		open += i
		if source[open] == '}' {
			return nil, inAddress(source, open, "there is a } without its {", "write %7D for one that stands for itself")
		}
		end := closing(source, open)
		if end < 0 {
			return nil, inAddress(source, open, "this { has no }", "write %7B for one that stands for itself")
		}
		t.texts = append(t.texts, source[i:open])
		if problem := t.add(source, open+1, end); problem != nil {
			return nil, problem
		}
		i = end + 1
	}
}

func (t *template) add(source string, begin, end int) *Error {
	if strings.TrimSpace(source[begin:end]) == "" {
		return inAddress(source, begin, "there is no expression in the braces", "write {call.ani}")
	}
	e, problem := compile(known().treat, source[begin:end], text)
	if problem != nil {
		return problem.shifted(utf8.RuneCountInString(source[:begin]))
	}
	t.values = append(t.values, e)
	return nil
}

// shifted moves an error of an expression to its place in the address.
func (e *Error) shifted(by int) *Error {
	c := *e
	if c.Line <= 1 {
		c.Line, c.Column = 1, max(c.Column, 1)+by
	}
	return &c
}

func inAddress(source string, at int, problem, hint string) *Error {
	return &Error{Line: 1, Column: utf8.RuneCountInString(source[:at]) + 1, Problem: problem, Hint: hint}
}

// closing finds the brace that closes an expression, which may have maps and texts of
// its own; -1 when there is none.
func closing(source string, open int) int {
	depth, quote := 0, byte(0)
	for i := open; i < len(source); i++ {
		switch c := source[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// check judges the address as a whole.
func (t *template) check(source string) *Error {
	server := t.texts[0]
	if len(t.values) == 0 {
		server += "/" // nothing can be appended to the server's name
	}
	if !fixed.MatchString(server) {
		return inAddress(source, 0, "must begin with https:// or http:// and a server that is written out, without a user",
			"an expression may stand behind the / after the server")
	}
	if _, err := url.Parse(strings.Join(t.texts, "x")); err != nil {
		return inAddress(source, 0, "is not an address", "write https://server/path?name={expression}")
	}
	return nil
}

const (
	errAddressTooLong = failure("the address would be too long")
	errNoText         = failure("a value in an address must be a text")
)

// fill puts the values in, escaped for a query. What the call does not have is an empty
// text.
func (t *template) fill(vars *offer) (string, error) {
	var out strings.Builder
	out.WriteString(t.texts[0])
	for i, e := range t.values {
		v, absent, err := e.value(vars, nil)
		if err != nil {
			return "", err
		}
		s, ok := v.(string)
		if !ok && !absent && v != nil {
			return "", errNoText
		}
		// A blank as %20 is one in a path, too.
		out.WriteString(strings.ReplaceAll(url.QueryEscape(s), "+", "%20"))
		out.WriteString(t.texts[i+1])
		if out.Len() > addressBound {
			return "", errAddressTooLong
		}
	}
	return out.String(), nil
}
