package wire

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	connectionParts = regexp.MustCompile(`<callID>([^<]*)</callID><deviceID([^>]*)>([^<]*)</deviceID>`)
	aCallID         = regexp.MustCompile(`<(/?)callID>`)
	anElement       = regexp.MustCompile(`<(/?)([A-Za-z])`)
	ourNamespace    = regexp.MustCompile(` xmlns="[^"]*"`)
)

// variants are the ways in which switches write the same message.
var variants = map[string]func(string) string{
	// The device before the call, and both spelt as in older products.
	"callId and deviceId": func(xml string) string {
		xml = connectionParts.ReplaceAllString(xml, `<deviceId$2>$3</deviceId><callId>$1</callId>`)
		return aCallID.ReplaceAllString(xml, `<${1}callId>`)
	},
	"a prefix, and another edition": func(xml string) string {
		_, body, _ := strings.Cut(xml, "?>")
		body = anElement.ReplaceAllString(ourNamespace.ReplaceAllString(body, ""), `<${1}csta:$2`)
		return strings.Replace(body, ">", ` xmlns:csta="`+ed5+`">`, 1)
	},
	"no namespace, one line for each element": func(xml string) string {
		_, body, _ := strings.Cut(xml, "?>")
		return strings.ReplaceAll(ourNamespace.ReplaceAllString(body, ""), "><", ">\n  <")
	},
	"elements that are not known": func(xml string) string {
		end := strings.LastIndex(xml, "</")
		return xml[:end] + `<servicesPermitted><callControlServices><holdCall>true</holdCall></callControlServices></servicesPermitted>` +
			`<mediaCallCharacteristics><mediaClass>voice</mediaClass></mediaCallCharacteristics>` + xml[end:]
	},
}

// Every message is understood in every variant.
func TestVariants(t *testing.T) {
	for name, write := range variants {
		t.Run(name, func(t *testing.T) {
			for _, m := range goldens() {
				body, err := Marshal(m, "")
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(body), "xsi:type") {
					continue // it has prefixes of its own
				}
				variant := write(strings.TrimSpace(string(body)))
				got, err := Unmarshal([]byte(variant))
				if err != nil {
					t.Fatalf("%s: %v", variant, err)
				}
				if diff := cmp.Diff(m, got, exportAll); diff != "" {
					t.Errorf("%s\n(-want +got):\n%s", variant, diff)
				}
			}
		})
	}
}
