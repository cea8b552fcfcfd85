package v1alpha1

// DesktopSpec says how desktops other than our own pages reach the link, and where its
// events go by themselves.
type DesktopSpec struct {
	// allowedOrigins are the origins of web pages that may use the API from a browser,
	// such as https://crm.example.com. The link's own pages need none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^https?://[a-z0-9.-]+(:[0-9]+)?$`
	AllowedOrigins []string `json:"allowedOrigins,omitempty"`

	// eventSink takes every event by POST: a server-side desktop cannot come for them.
	// +optional
	EventSink *EventSink `json:"eventSink,omitempty"`

	// ingestSecretRef names a Secret of this namespace whose key "token" whoever posts
	// events to /v1/events must send. Absent: the link takes none.
	// +optional
	IngestSecretRef *LocalObjectReference `json:"ingestSecretRef,omitempty"`

	// portrait is for clients of Portrait Foundation, which speak XML at /portrait. The
	// front is there in any case; this says how it is.
	// +optional
	Portrait *PortraitFront `json:"portrait,omitempty"`
}

// PortraitFront says how the front for clients of Portrait Foundation is.
type PortraitFront struct {
	// socketTimeoutSeconds is how long a client may be silent before it has to reconnect. 120
	// when absent.
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=86400
	SocketTimeoutSeconds int32 `json:"socketTimeoutSeconds,omitempty"`
	// tokenInPath Allowed lets clients that cannot set a header send the desktop token in the
	// path, /portrait/<token>: the logs of proxies may then have it. Refused when absent.
	// +optional
	TokenInPath TokenInPath `json:"tokenInPath,omitempty"`
	// names are what the clients call things otherwise: the name in docs/portrait.md to
	// theirs.
	// +optional
	// +kubebuilder:validation:MaxProperties=256
	Names map[string]PortraitName `json:"names,omitempty"`
}

// TokenInPath says whether a token may stand in a path.
// +kubebuilder:validation:Enum=Refused;Allowed
type TokenInPath string

// The two answers.
const (
	TokenInPathRefused TokenInPath = "Refused"
	TokenInPathAllowed TokenInPath = "Allowed"
)

// PortraitName is the name of an element.
// +kubebuilder:validation:MaxLength=64
// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9._-]*$`
type PortraitName string

// EventSink is an HTTP server that takes the events.
type EventSink struct {
	// url takes the events by POST.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^\s]+$`
	URL string `json:"url"`
	// format of the events. json when absent.
	// +optional
	Format SinkFormat `json:"format,omitempty"`
	// plainHTTP Allowed permits a url without TLS: call data and tokens can then be read
	// on the way.
	// +optional
	PlainHTTP PlainHTTP `json:"plainHTTP,omitempty"`
	// secretRef names a Secret of this namespace with the credentials: key "token" for a
	// bearer token, or "username" and "password"; "ca.crt" for the server's authority;
	// "tls.crt" and "tls.key" for a certificate of our own.
	// +optional
	SecretRef *LocalObjectReference `json:"secretRef,omitempty"`
}

// SinkFormat is a format of events.
// +kubebuilder:validation:Enum=json;pega-server;xml
type SinkFormat string

// PlainHTTP says whether a URL without TLS is permitted.
// +kubebuilder:validation:Enum=Refused;Allowed
type PlainHTTP string

// The two answers.
const (
	PlainHTTPRefused PlainHTTP = "Refused"
	PlainHTTPAllowed PlainHTTP = "Allowed"
)
