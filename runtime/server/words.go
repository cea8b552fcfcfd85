package server

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

const unknownHere = "is not known here; /docs lists what is"

// The API framework's words, for people who never heard of schemas. They follow the
// place: "body.agentId must be a text in quotes".
func init() {
	validation.MsgUnexpectedProperty = unknownHere
	validation.MsgExpectedRequiredProperty = "lacks %s"
	validation.MsgExpectedString = `must be a text in quotes, such as "7"`
	validation.MsgExpectedBoolean = "must be true or false"
	validation.MsgExpectedInteger = "must be a whole number"
	validation.MsgExpectedNumber = "must be a number"
	validation.MsgExpectedArray = "must be a list: [ … ]"
	validation.MsgExpectedObject = "must be an object: { … }"
	validation.MsgExpectedOneOf = `must be one of "%s"`
	validation.MsgExpectedMinimumNumber = "must be %v or more"
	validation.MsgExpectedMaximumNumber = "must be %v or less"
	validation.MsgExpectedMaxLength = "may have %d characters at most"
	validation.MsgExpectedMaxItems = "may have %d items at most"
	validation.MsgExpectedMaxProperties = "may have %d members at most"
}

// said are the framework's texts that are no variables.
var said = map[string]string{
	"invalid integer":          "must be a whole number",
	"invalid boolean":          "must be true or false",
	"unknown query parameter":  unknownHere,
	"request body is required": "the body is missing: send a JSON object; /docs says what it needs",
}

// inWords gives what the framework says in words that say how to mend it.
func inWords(text string) string {
	if strings.HasPrefix(text, huma.ErrUnknownContentType.Error()) {
		return "must be JSON, sent with Content-Type: application/json"
	}
	if words, ok := said[text]; ok {
		return words
	}
	return text
}
