{{/* Pods of a component of this release, as a peer. Takes (list $ KEY). */}}
{{- define "gatehouse.ownPods" -}}
- podSelector:
    matchLabels:
      {{- include "gatehouse.selectorLabels" . | nindent 6 }}
{{- end -}}

{{- define "gatehouse.dnsRule" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
  {{- with .Values.global.networkPolicy.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Everybody who is not in the cluster. */}}
{{- define "gatehouse.outside" -}}
{{- $v4 := list -}}
{{- $v6 := list -}}
{{- range .Values.global.networkPolicy.clusterCIDRs -}}
  {{- if contains ":" . }}{{ $v6 = append $v6 . }}{{ else }}{{ $v4 = append $v4 . }}{{ end -}}
{{- end -}}
- ipBlock: { cidr: 0.0.0.0/0, except: {{ toJson $v4 }} }
- ipBlock: { cidr: "::/0", except: {{ toJson $v6 }} }
{{- end -}}

{{/* `ports` of a rule. Takes a list of numbers. */}}
{{- define "gatehouse.rulePorts" -}}
{{- range uniq . }}
- { port: {{ int . }}, protocol: TCP }
{{- end }}
{{- end -}}

{{/* Port at the end of host:port. */}}
{{- define "gatehouse.portOf" -}}
{{- splitList ":" . | last | trimSuffix "/" -}}
{{- end -}}

{{/* Takes (list $ KEY). */}}
{{- define "gatehouse.ingressRules" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $v := $root.Values -}}
{{- $np := $v.global.networkPolicy -}}
- ports: [{ port: health, protocol: TCP }]
  from:
    {{- if $np.metricsFrom }}
    {{- toYaml $np.metricsFrom | nindent 4 }}
    {{- else }}
    - namespaceSelector: {}
    {{- end }}
{{- $callers := list -}}
{{- if eq $key "archive" }}{{ $callers = append $callers "policy" }}{{ end -}}
{{- if $v.tests.enabled }}{{ $callers = append $callers "test" }}{{ end -}}
{{- if and (include "gatehouse.internalSecret" .) (or $callers $np.controlFrom) }}
- ports: [{ port: control, protocol: TCP }]
  from:
    {{- range $callers }}
    {{- include "gatehouse.ownPods" (list $root .) | nindent 4 }}
    {{- end }}
    {{- with $np.controlFrom }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
{{- if has $key (list "federationPeer" "singleProcess") }}
- ports: [{ port: sip-external, protocol: TCP }]
  {{- if or $v.federationPeer.partners.from $v.federationPeer.externalService.loadBalancerSourceRanges }}
  from:
    {{- if $v.federationPeer.partners.from }}
    {{- toYaml $v.federationPeer.partners.from | nindent 4 }}
    {{- else }}
    {{- range $v.federationPeer.externalService.loadBalancerSourceRanges }}
    - ipBlock: { cidr: {{ . | quote }} }
    {{- end }}
    {{- end }}
    {{- if $v.tests.enabled }}
    {{- include "gatehouse.ownPods" (list $root "test") | nindent 4 }}
    {{- end }}
  {{- end }}
- ports: [{ port: sip-internal, protocol: TCP }]
  {{- with $v.federationPeer.inside.peers }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if and (eq $key "publicImBridge") $v.publicImBridge.service.ports }}
- ports:
    {{- range $v.publicImBridge.service.ports }}
    - { port: {{ .name }}, protocol: TCP }
    {{- end }}
  {{- with $v.publicImBridge.networks.from }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with (get $v $key).networkPolicy.extraIngress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The perimeter split: federation-peer and public-im-bridge reach resolvers, NATS and those they talk to. The database is
reached by policy and archive only. Takes (list $ KEY).
*/}}
{{- define "gatehouse.egressRules" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $v := $root.Values -}}
{{- $np := $v.global.networkPolicy -}}
{{- include "gatehouse.dnsRule" $root }}
{{- if ne $key "singleProcess" }}
- to:
  {{- if $v.trial.nats.enabled }}
    {{- include "gatehouse.ownPods" (list $root "nats") | nindent 4 }}
  {{- else if $np.nats }}
    {{- toYaml $np.nats | nindent 4 }}
  {{- else }}
    - ipBlock: { cidr: 0.0.0.0/0 }
    - ipBlock: { cidr: "::/0" }
  {{- end }}
  {{- $ports := list -}}
  {{- $nats := include "gatehouse.nats" $root | fromJson -}}
  {{- range concat $nats.servers $nats.monitors }}{{ $ports = append $ports (include "gatehouse.portOf" .) }}{{ end }}
  ports:
    {{- include "gatehouse.rulePorts" $ports | nindent 4 }}
{{- end }}
{{- if has $key (list "federationPeer" "singleProcess") }}
- ports:
    {{- include "gatehouse.rulePorts" $v.federationPeer.partners.ports | nindent 4 }}
  to:
    {{- if $v.federationPeer.partners.to }}
    {{- toYaml $v.federationPeer.partners.to | nindent 4 }}
    {{- else }}
    {{- include "gatehouse.outside" $root | nindent 4 }}
    {{- end }}
{{- $section := include "gatehouse.section" (list $root "federationPeer") | fromJson }}
- ports: [{ port: {{ dig "nextHop" "port" 5061 $section.internalEdge | int }}, protocol: TCP }]
  {{- with $v.federationPeer.inside.peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if eq $key "publicImBridge" }}
- ports:
    {{- include "gatehouse.rulePorts" $v.publicImBridge.networks.ports | nindent 4 }}
  to:
    {{- if $v.publicImBridge.networks.to }}
    {{- toYaml $v.publicImBridge.networks.to | nindent 4 }}
    {{- else }}
    {{- include "gatehouse.outside" $root | nindent 4 }}
    {{- end }}
{{- end }}
{{- if and (has $key (list "policy" "archive")) (get $v $key).postgres.existingSecret }}
- ports: [{ port: {{ ternary 5432 (int $np.postgresPort) $v.trial.postgres.enabled }}, protocol: TCP }]
  {{- if $v.trial.postgres.enabled }}
  to:
    {{- include "gatehouse.ownPods" (list $root "postgres") | nindent 4 }}
  {{- else if $np.postgres }}
  to:
    {{- toYaml $np.postgres | nindent 4 }}
  {{- end }}
{{- end }}
{{- if and (eq $key "policy") $v.archive.enabled }}
- ports: [{ port: 9443, protocol: TCP }]
  to:
    {{- include "gatehouse.ownPods" (list $root "archive") | nindent 4 }}
{{- end }}
{{- with (get $v $key).networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
