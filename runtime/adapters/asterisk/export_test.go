package asterisk

// FieldsOf makes the raw events' fields, for tests that replay recorded sessions.
var FieldsOf = fieldsOf
