package switchmodel

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Range is a set of numbers of the same length, such as 1001-1010, or a single
// one. Load tests name thousands of agents by one range.
type Range struct {
	First, Last string
}

// ParseRange reads "1001-1010" or "1001".
func ParseRange(text string) (Range, error) {
	first, last, found := strings.Cut(strings.TrimSpace(text), "-")
	if !found {
		last = first
	}
	switch {
	case !isDigits(first) || !isDigits(last):
		return Range{}, fmt.Errorf("range %q: want digits, such as 1001-1010", text)
	case len(first) != len(last):
		return Range{}, fmt.Errorf("range %q: both ends need the same number of digits", text)
	case last < first:
		return Range{}, fmt.Errorf("range %q: the first number is above the last", text)
	}
	return Range{First: first, Last: last}, nil
}

// UnmarshalText lets configuration files write a range as a string.
func (r *Range) UnmarshalText(text []byte) error {
	parsed, err := ParseRange(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// MarshalText is the inverse of UnmarshalText.
func (r Range) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func (r Range) String() string {
	if r.First == r.Last {
		return r.First
	}
	return r.First + "-" + r.Last
}

// Contains compares digits as text, which is numeric order at equal length.
func (r Range) Contains(number string) bool {
	return len(number) == len(r.First) && isDigits(number) && r.First <= number && number <= r.Last
}

func (r Range) overlaps(other Range) bool {
	return len(r.First) == len(other.First) && r.First <= other.Last && other.First <= r.Last
}

// Numbers lists a range's numbers, in order.
func (r Range) Numbers() iter.Seq[string] {
	return func(yield func(string) bool) {
		first, _ := strconv.ParseUint(r.First, 10, 64)
		last, _ := strconv.ParseUint(r.Last, 10, 64)
		for n := first; n <= last; n++ {
			if !yield(fmt.Sprintf("%0*d", len(r.First), n)) {
				return
			}
		}
	}
}

func contains(ranges []Range, number string) bool {
	for _, r := range ranges {
		if r.Contains(number) {
			return true
		}
	}
	return false
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// isOutside says whether a number leaves the switch: the numbering plan keeps
// short numbers for itself, as most do.
func isOutside(number string) bool {
	digits := strings.TrimPrefix(number, "+")
	return isDigits(digits) && (len(digits) > maxInternalDigits || strings.HasPrefix(number, "+"))
}

const maxInternalDigits = 6
