package portrait

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// The guide's names are there, and every one that the front has stands in its page.
func TestThePageHasEveryName(t *testing.T) {
	page, err := os.ReadFile("../../../docs/portrait.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names.Table() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/portrait.md does not have `%s`", name)
		}
	}
	table1 := "CTICLIENTINITIALIZE CTICLIENTUNINITIALIZE AGENTINITIALIZE AGENTUNINITIALIZE CTICLIENTRECONNECT SETAGENTSTATE MAKECALL " +
		"ACCEPTCALL RELEASECALL HOLDCALL RETRIEVECALL INITIATETRANSFER COMPLETETRANSFER CANCELTRANSFER INITIATECONFERENCE CANCELCONFERENCE " +
		"COMPLETECONFERENCE BLINDTRANSFER GETEVENTS INCOMINGCALL ESTABLISHCALL INCOMINGCONSULT INCOMINGBLINDTRANSFER CALLABANDONED"
	for _, name := range strings.Fields(table1) {
		if !names.Known(name) {
			t.Errorf("the front does not know %s of the guide's Table 1", name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(trials)) {
		if messageOf(key) == nil {
			t.Errorf("a trial of %s, which is no request", key)
		}
	}
}
