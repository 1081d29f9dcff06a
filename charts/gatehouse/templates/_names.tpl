{{/* Name of the chart, as in the selectors of every release. */}}
{{- define "gatehouse.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Before the name of every object: short enough that no name that is made of it is too long. */}}
{{- define "gatehouse.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 32 | trimSuffix "-" -}}
{{- else if contains (include "gatehouse.name" .) .Release.Name -}}
{{- .Release.Name | trunc 32 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "gatehouse.name" .) | trunc 32 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Word of a component in names and labels. Never changes: selectors are made of it. */}}
{{- define "gatehouse.word" -}}
{{- get (dict "federationPeer" "federation-peer" "publicImBridge" "public-im-bridge" "policy" "policy" "archive" "archive" "singleProcess" "gateway" "nats" "nats" "postgres" "postgres" "configCheck" "config-check" "test" "test" "operator" "operator" "monitoring" "monitoring" "network" "network") . -}}
{{- end -}}

{{/* Name of a component's objects. Takes (list $ KEY). */}}
{{- define "gatehouse.componentName" -}}
{{- printf "%s-%s" (include "gatehouse.fullname" (index . 0)) (include "gatehouse.word" (index . 1)) -}}
{{- end -}}

{{/* What a selector may hold: frozen, as Kubernetes lets nobody change it. Takes (list $ KEY). */}}
{{- define "gatehouse.selectorLabels" -}}
app.kubernetes.io/name: {{ include "gatehouse.name" (index . 0) }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ include "gatehouse.word" (index . 1) }}
{{- end -}}

{{/* Labels of objects. Takes (list $ KEY). */}}
{{- define "gatehouse.labels" -}}
{{ include "gatehouse.selectorLabels" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name ((index . 0).Chart.Version | replace "+" "_") }}
{{- with (index . 0).Values.global.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Metadata of an object: name, namespace, labels, annotations. Takes (list $ KEY NAME ANNOTATIONS). */}}
{{- define "gatehouse.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 2 }}
namespace: {{ $root.Release.Namespace }}
{{- with mergeOverwrite (deepCopy $root.Values.global.annotations) (index . 3) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
labels:
  {{- include "gatehouse.labels" (list $root (index . 1)) | nindent 2 }}
{{- end -}}

{{/* Full name of a Service inside the cluster. Takes (list $ KEY). */}}
{{- define "gatehouse.host" -}}
{{- $root := index . 0 -}}
{{- printf "%s.%s.svc.%s" (include "gatehouse.componentName" .) $root.Release.Namespace $root.Values.global.clusterDomain -}}
{{- end -}}

{{/* Reference of an image. Takes (list $ IMAGE). */}}
{{- define "gatehouse.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with default $root.Values.global.image.registry $image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag }}{{ end -}}
{{- end -}}

{{/* Enabled components that run Gatehouse, one per line. */}}
{{- define "gatehouse.components" -}}
{{- if .Values.singleProcess.enabled -}}
singleProcess
{{- else -}}
{{- range list "federationPeer" "publicImBridge" "policy" "archive" }}
{{- if (get $.Values .).enabled }}{{ . }}
{{ end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Sections of gatehouse.yaml that a component runs, one per line. Takes (list $ KEY). */}}
{{- define "gatehouse.sections" -}}
{{- if eq (index . 1) "singleProcess" -}}
federationPeer
policy
archive
{{- else -}}
{{ index . 1 }}
{{- end -}}
{{- end -}}

{{/* Component that runs a section. Takes (list $ SECTION). */}}
{{- define "gatehouse.runner" -}}
{{- if and (index . 0).Values.singleProcess.enabled (ne (index . 1) "publicImBridge") }}singleProcess{{ else }}{{ index . 1 }}{{ end -}}
{{- end -}}
