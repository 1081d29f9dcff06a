{{/* Secret with the internal certificate of a component; empty: there is none. Takes (list $ KEY). */}}
{{- define "gatehouse.internalSecret" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $own := dict -}}
{{- if eq $key "nats" }}{{ $own = $root.Values.trial.nats.internalTls }}
{{- else if eq $key "test" }}{{ $own = $root.Values.tests.tls }}
{{- else }}{{ $own = (get $root.Values $key).internalTls }}{{ end -}}
{{- if $own.existingSecret }}{{ $own.existingSecret }}
{{- else if $root.Values.global.internalTls.existingSecret }}{{ $root.Values.global.internalTls.existingSecret }}
{{- else if $root.Values.global.certManager.enabled }}{{ include "gatehouse.componentName" . }}-internal
{{- end -}}
{{- end -}}

{{/* Secret with the certificate of an edge: external or internal. Takes (list $ "externalTls" or "internalEdgeTls"). */}}
{{- define "gatehouse.edgeSecret" -}}
{{- $root := index . 0 -}}
{{- $own := get $root.Values.federationPeer (index . 1) -}}
{{- if $own.existingSecret }}{{ $own.existingSecret }}
{{- else if $root.Values.global.certManager.enabled }}{{ include "gatehouse.componentName" (list $root "federationPeer") }}-{{ get (dict "externalTls" "external-edge" "internalEdgeTls" "internal-edge") (index . 1) }}
{{- end -}}
{{- end -}}

{{/*
Volumes of secrets and trust that a section of gatehouse.yaml needs: a list of
{ name, path below /etc/gatehouse, secret or configMap, items }. Takes (list $ SECTION COMPONENT).
One place says what is mounted and, with _config.tpl, where the configuration looks for it.
*/}}
{{- define "gatehouse.sectionFiles" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values -}}
{{- $section := index . 1 -}}
{{- $files := list -}}
{{- if eq $section "federationPeer" -}}
  {{- $files = append $files (dict "name" "external-edge" "secret" (include "gatehouse.edgeSecret" (list $root "externalTls"))) -}}
  {{- $files = append $files (dict "name" "internal-edge" "secret" (include "gatehouse.edgeSecret" (list $root "internalEdgeTls"))) -}}
  {{- $files = append $files (dict "name" "route-token" "secret" $v.federationPeer.routeToken.existingSecret "items" (dict $v.federationPeer.routeToken.key "route-token")) -}}
  {{- with $v.federationPeer.inspection }}{{ $files = append $files (dict "name" "inspection" "secret" .) }}{{ end -}}
{{- end -}}
{{- if eq $section "publicImBridge" -}}
  {{- range $index, $certificate := $v.publicImBridge.certificates -}}
    {{- $files = append $files (dict "name" (printf "network-%d" $index) "secret" $certificate.existingSecret) -}}
  {{- end -}}
  {{- $files = append $files (dict "name" "seal-key" "secret" $v.publicImBridge.sealKey.existingSecret "items" (dict $v.publicImBridge.sealKey.key "seal-key")) -}}
  {{- with $v.publicImBridge.inspection }}{{ $files = append $files (dict "name" "inspection" "secret" .) }}{{ end -}}
{{- end -}}
{{- if has $section (list "federationPeer" "publicImBridge") -}}
  {{- range (get $v $section).trust -}}
    {{- $files = append $files (dict "name" (printf "trust-%s" .name) "secret" (default "" .existingSecret) "configMap" (default "" .existingConfigMap)) -}}
  {{- end -}}
  {{- with (get $v $section).crl -}}
    {{- if or .existingSecret .existingConfigMap }}{{ $files = append $files (dict "name" "crl" "secret" .existingSecret "configMap" .existingConfigMap) }}{{ end -}}
  {{- end -}}
  {{- if not (and $v.singleProcess.enabled (eq $section "federationPeer")) -}}
    {{- $files = append $files (dict "name" "policy-public-key" "secret" $v.global.policyKey.existingSecret "items" (dict $v.global.policyKey.publicKey "policy.pub")) -}}
  {{- end -}}
{{- end -}}
{{- if eq $section "policy" -}}
  {{- if $v.global.policyKey.existingSecret }}{{ $files = append $files (dict "name" "policy-signing-key" "secret" $v.global.policyKey.existingSecret "items" (dict $v.global.policyKey.privateKey "policy.key")) }}{{ end -}}
  {{- with $v.policy.postgres }}{{ if .existingSecret }}{{ $files = append $files (dict "name" "policy-postgres" "secret" .existingSecret "items" (dict .key "url")) }}{{ end }}{{ end -}}
  {{- with $v.policy.directoryPassword }}{{ if .existingSecret }}{{ $files = append $files (dict "name" "directory-password" "secret" .existingSecret "items" (dict .key "password")) }}{{ end }}{{ end -}}
  {{- if and $v.policyController.enabled $v.policyController.webhook.enabled }}{{ $files = append $files (dict "name" "policy-webhook" "secret" (include "gatehouse.policyController.webhookSecret" $root)) }}{{ end -}}
  {{- with $v.policy.directoryTrust }}{{ $files = append $files (dict "name" "directory-trust" "configMap" .) }}{{ end -}}
{{- end -}}
{{- if eq $section "archive" -}}
  {{- with $v.archive.postgres }}{{ if .existingSecret }}{{ $files = append $files (dict "name" "archive-postgres" "secret" .existingSecret "items" (dict .key "url")) }}{{ end }}{{ end -}}
  {{- with $v.archive.signingKey }}{{ if .existingSecret }}{{ $files = append $files (dict "name" "archive-signing-key" "secret" .existingSecret "items" (dict .key "archive-signing-key")) }}{{ end }}{{ end -}}
  {{- with $v.archive.encryption }}{{ if .existingSecret }}{{ $files = append $files (dict "name" "archive-keys" "secret" .existingSecret "items" (dict .key "archive-keys")) }}{{ end }}{{ end -}}
  {{- with $v.archive.checkpointCredentials }}{{ if .existingSecret }}{{ $files = append $files (dict "name" "checkpoint-credentials" "secret" .existingSecret "items" (dict .key "credentials")) }}{{ end }}{{ end -}}
{{- end -}}
{{- dict "files" $files | toJson -}}
{{- end -}}

{{/* All of a component's files: those of its sections, the internal certificate, the key of hashed addresses, and what NATS needs. Takes (list $ KEY). */}}
{{- define "gatehouse.files" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $nats := $root.Values.bus.nats -}}
{{- $files := list -}}
{{- with include "gatehouse.internalSecret" . }}{{ $files = append $files (dict "name" "internal" "secret" .) }}{{ end -}}
{{- with $root.Values.global.addressKey }}{{ if .existingSecret }}{{ $files = append $files (dict "name" "address-key" "secret" .existingSecret "items" (dict .key "address-hash.key")) }}{{ end }}{{ end -}}
{{- if ne $key "singleProcess" -}}
  {{- if and $nats.tls.enabled $nats.tls.existingSecret (not $root.Values.trial.nats.enabled) }}{{ $files = append $files (dict "name" "nats-tls" "secret" $nats.tls.existingSecret) }}{{ end -}}
  {{- if $nats.credentials.existingSecret }}{{ $files = append $files (dict "name" "nats-credentials" "secret" $nats.credentials.existingSecret "items" (dict $nats.credentials.key "nats.creds")) }}{{ end -}}
{{- end -}}
{{- range splitList "\n" (include "gatehouse.sections" .) -}}
  {{- range (include "gatehouse.sectionFiles" (list $root . $key) | fromJson).files }}{{ $files = append $files . }}{{ end -}}
{{- end -}}
{{- dict "files" $files | toJson -}}
{{- end -}}

{{/* The same as volumes of a pod. Takes (list $ KEY). */}}
{{- define "gatehouse.fileVolumes" -}}
{{- range (include "gatehouse.files" . | fromJson).files }}
- name: {{ .name }}
  {{- if .secret }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ .configMap }}
  {{- end }}
    {{- with .items }}
    items:
      {{- range $from, $to := . }}
      - { key: {{ $from | quote }}, path: {{ $to | quote }} }
      {{- end }}
    {{- end }}
{{- end }}
{{- end -}}

{{/* And as mounts of a container. Takes (list $ KEY). */}}
{{- define "gatehouse.fileMounts" -}}
{{- range (include "gatehouse.files" . | fromJson).files }}
- { name: {{ .name }}, mountPath: /etc/gatehouse/{{ .name }}, readOnly: true }
{{- end }}
{{- end -}}
