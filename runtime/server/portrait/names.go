package portrait

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Names says how a deployment's clients call what the front calls by the names of its
// table: requests, events, elements, and the values that are names, too. The zero value
// changes nothing.
type Names struct {
	theirs map[string]string // ours → theirs
	ours   map[string]string // theirs → ours
}

var xmlName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]{0,63}$`)

// ReadNames reads a names file: lines of `OURS = theirs`, empty ones, and comments that
// begin with #. Errors name the line. Two of our names may not become one.
func ReadNames(from io.Reader) (Names, error) {
	n := Names{map[string]string{}, map[string]string{}}
	lines := bufio.NewScanner(from)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := n.add(line); err != nil {
			return Names{}, fmt.Errorf("names file, line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Names{}, fmt.Errorf("read names file: %w", err)
	}
	return n, n.unambiguous()
}

func (n Names) add(line string) error {
	ours, theirs, ok := strings.Cut(line, "=")
	ours, theirs = strings.TrimSpace(ours), strings.TrimSpace(theirs)
	switch {
	case !ok:
		return fmt.Errorf("write OURS = theirs")
	case !known[ours]:
		return fmt.Errorf("%q is no name of the table in docs/portrait.md", short(ours))
	case n.theirs[ours] != "":
		return fmt.Errorf("%s stands there twice", ours)
	case !xmlName.MatchString(theirs):
		return fmt.Errorf("%q cannot be an element: use letters, digits, points, hyphens and underscores, 64 at most", short(theirs))
	}
	n.theirs[ours] = theirs
	return nil
}

// unambiguous fills the way back, and refuses a name that would stand for two.
func (n Names) unambiguous() error {
	for _, ours := range vocabulary {
		theirs := n.of(ours)
		if other, taken := n.ours[theirs]; taken {
			return fmt.Errorf("names file: %s and %s would both be %s", other, ours, theirs)
		}
		n.ours[theirs] = ours
	}
	return nil
}

// of is how the clients call a name.
func (n Names) of(ours string) string {
	if theirs, ok := n.theirs[ours]; ok {
		return theirs
	}
	return ours
}

// back is what the front calls what a client sent; itself where the table has nothing.
func (n Names) back(theirs string) string {
	if n.ours == nil {
		return theirs
	}
	return n.ours[theirs]
}

// short is enough of a foreign name to find it.
func short(name string) string {
	const bound = 64
	if len(name) <= bound {
		return name
	}
	return strings.ToValidUTF8(name[:bound], "") + "…"
}
