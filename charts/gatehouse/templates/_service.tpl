{{- define "gatehouse.ipFamilies" -}}
{{- with .Values.global.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.global.ipFamilies }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end -}}

{{/* Takes (list $ KEY NAME VALUES). */}}
{{- define "gatehouse.exposedMetadata" -}}
{{- $v := index . 3 -}}
{{- include "gatehouse.metadata" (list (index . 0) (index . 1) (index . 2) $v.annotations) }}
{{- with $v.labels }}
{{ toYaml . | indent 2 }}
{{- end }}
{{- end -}}

{{/*
Each type of Service with the fields that it may have and no other: what is left over from another type makes Kubernetes refuse.
Takes (list $ VALUES).
*/}}
{{- define "gatehouse.exposedSpec" -}}
{{- $v := index . 1 -}}
type: {{ $v.type }}
{{- include "gatehouse.ipFamilies" (index . 0) | nindent 0 }}
{{- if ne $v.type "ClusterIP" }}
externalTrafficPolicy: {{ $v.externalTrafficPolicy }}
{{- end }}
{{- if eq $v.type "LoadBalancer" }}
allocateLoadBalancerNodePorts: {{ $v.allocateLoadBalancerNodePorts }}
{{- with $v.loadBalancerClass }}
loadBalancerClass: {{ . }}
{{- end }}
{{- with $v.loadBalancerIP }}
loadBalancerIP: {{ . }}
{{- end }}
{{- with $v.loadBalancerSourceRanges }}
loadBalancerSourceRanges: {{ toJson . }}
{{- end }}
{{- end }}
{{- end -}}
