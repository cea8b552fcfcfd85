{{- define "ctilink.fullname" -}}
{{- $name := .Release.Name }}
{{- if not (contains "operator" $name) }}{{ $name = printf "%s-operator" $name }}{{ end }}
{{- /* Room for suffixes in names of at most 63 characters. */}}
{{- trunc 53 $name | trimSuffix "-" }}
{{- end }}

{{- define "ctilink.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "ctilink.fullname" .) }}
{{- end }}

{{- define "ctilink.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "ctilink.selector" -}}
app.kubernetes.io/name: ctilink-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ctilink.labels" -}}
{{ include "ctilink.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "ctilink.subject" -}}
- kind: ServiceAccount
  name: {{ include "ctilink.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
