// Package wire is the CSTA III XML codec: the frames of ECMA-323 Annex J.2, the
// session messages of ECMA-354 and the services and events of ECMA-323 that CTILink
// uses. It knows no connection, no state and nothing else of CTILink, so that the
// driver and the simulator can share it.
//
// Reading is tolerant where switches differ: namespace, prefix and edition are
// ignored, a ConnectionID's fields come in any order and as callID or callId,
// TransferredEvent is TransferedEvent, the text is UTF-8 or ISO-8859-1, elements that
// are not known are skipped, a message that is not known becomes [Unknown].
// It is strict where a peer could hurt: see [Unmarshal].
// Writing follows the schema of edition 3 in spelling and order.
//
// # Call data
//
// Data attached to a call travels as correlatorData, which CSTA keeps with the call
// (ECMA-269, parameter correlatorData) and repeats in events and in SnapshotCallResponse; userData
// of an event is read the same way. Key-value pairs are written into the schema's
// open element:
//
//	<correlatorData><private><callData xmlns="http://ctilink.io/csta">
//	  <variable name="customerId">4711</variable></callData></private></correlatorData>
//
// The schema's other form, string (hexBinary), is read too: as
// application/x-www-form-urlencoded pairs, or as one value named after its element.
//
// # Reason codes
//
// CSTA has none. They travel, as at Avaya, in the private part of extensions:
//
//	<extensions><privateData><private><agentData xmlns="http://ctilink.io/csta">
//	  <reasonCode>3</reasonCode></agentData></private></privateData></extensions>
//
// with workMode, pendingReasonCode, cause and wrapUpEndsAt (RFC 3339) beside it, where known.
// Avaya's SetAgentStatePrivateData and GetAgentStateResponsePrivateData are read too.
package wire
