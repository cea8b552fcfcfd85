package plan

import (
	"errors"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
)

// checkPortrait judges what the schema cannot: the names that the clients of a link use.
func checkPortrait(front *v1alpha1.PortraitFront) *Problem {
	if front == nil {
		return nil
	}
	_, err := PortraitNames(front)
	if wrong := (*names.Error)(nil); errors.As(err, &wrong) {
		return refuse(messages.PortraitName, "name", wrong.Name, "problem", wrong.Problem)
	}
	return nil
}

// PortraitNames are the names that a front's clients use.
func PortraitNames(front *v1alpha1.PortraitFront) (names.Names, error) {
	theirs := map[string]string{}
	for ours, called := range front.Names {
		theirs[ours] = string(called)
	}
	return names.New(theirs)
}
