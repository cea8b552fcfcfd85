package opencti

import "strings"

// Mask hides a phone number or device but for its last two characters. Logs,
// status, Events and metrics show numbers in no other way.
func Mask(number string) string {
	n := len(number)
	if n <= 2 {
		return strings.Repeat("*", n)
	}
	return strings.Repeat("*", min(n-2, 6)) + number[n-2:]
}
