package behaviour

import (
	"fmt"
	"strings"
)

// Usage names the parameters: those that are needed with a star, defaults
// behind an equals sign.
func (b Behaviour) Usage() string {
	words := make([]string, 0, len(b.Parameters))
	for _, p := range b.Parameters {
		switch {
		case p.Required:
			p.Name += "*"
		case p.Default != "":
			p.Name += "=" + p.Default
		}
		words = append(words, p.Name)
	}
	return strings.Join(words, " ")
}

// Help lists the table for a terminal.
func Help() string {
	var out strings.Builder
	for _, b := range Table() {
		fmt.Fprintf(&out, "\n  %-20s %2d  %s", b.Name, b.Number, b.Usage())
	}
	return out.String()
}
