package wire

import "strings"

// CSTAErrorCode answers a request that was refused (ECMA-269, ErrorValue): one of its
// fields is set.
type CSTAErrorCode struct {
	response
	Operation            string `xml:"operation,omitempty"`
	StateIncompatibility string `xml:"stateIncompatibility,omitempty"`
	// SystemResource is spelt as in the schema.
	SystemResource string `xml:"systemResourceAvailibility,omitempty"`
	// SystemResourceProper is spelt as in the dictionary; it is read, never written.
	SystemResourceProper  string `xml:"systemResourceAvailability,omitempty"`
	SubscribedResource    string `xml:"subscribedResourceAvailability,omitempty"`
	PerformanceManagement string `xml:"performanceManagement,omitempty"`
	Security              string `xml:"security,omitempty"`
	PrivateData           string `xml:"privateData,omitempty"`
	PrivateErrorCode      string `xml:"privateErrorCode,omitempty"`
	Unspecified           *Empty `xml:"unspecified"`
}

// Categories of errors, as the schema spells them.
const (
	CategoryOperation             = "operation"
	CategoryState                 = "stateIncompatibility"
	CategorySystemResource        = "systemResourceAvailibility"
	CategorySubscribedResource    = "subscribedResourceAvailability"
	CategoryPerformanceManagement = "performanceManagement"
	CategorySecurity              = "security"
	CategoryPrivateData           = "privateData"
	CategoryPrivateErrorCode      = "privateErrorCode"
	CategoryUnspecified           = "unspecified"
)

// Value returns the category and the error in it.
func (c CSTAErrorCode) Value() (category, value string) {
	for _, field := range []struct{ category, value string }{
		{CategoryOperation, c.Operation},
		{CategoryState, c.StateIncompatibility},
		{CategorySystemResource, c.SystemResource + c.SystemResourceProper},
		{CategorySubscribedResource, c.SubscribedResource},
		{CategoryPerformanceManagement, c.PerformanceManagement},
		{CategorySecurity, c.Security},
		{CategoryPrivateData, c.PrivateData},
		{CategoryPrivateErrorCode, c.PrivateErrorCode},
	} {
		if v := strings.TrimSpace(field.value); v != "" {
			return field.category, v
		}
	}
	return CategoryUnspecified, ""
}
