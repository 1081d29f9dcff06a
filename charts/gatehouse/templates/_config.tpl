{{/*
What the chart fills in, per section of gatehouse.yaml; what values say in `config` goes over it. Everything else in the chart
(ports, drain, policies of the network) reads the merged section, so that there is one truth.
*/}}

{{/* Address to listen on. */}}
{{- define "gatehouse.anyAddress" -}}
{{- if has "IPv6" .Values.global.ipFamilies }}::{{ else if contains "DualStack" .Values.global.ipFamilyPolicy }}::{{ else }}0.0.0.0{{ end -}}
{{- end -}}

{{/* What is there of a file reference: key and path, or nothing. Takes (list KEY SECRET PATH). */}}
{{- define "gatehouse.fileKey" -}}
{{- if index . 1 }}{{ dict (index . 0) (index . 2) | toJson }}{{ else }}{}{{ end -}}
{{- end -}}

{{- define "gatehouse.trustList" -}}
{{- $root := index . 0 -}}
{{- $hasUse := index . 2 -}}
{{- $stores := list -}}
{{- range (get $root.Values (index . 1)).trust -}}
  {{- $name := .name -}}
  {{- $files := list -}}
  {{- range default (list "ca.crt") .files }}{{ $files = append $files (printf "/etc/gatehouse/trust-%s/%s" $name .) }}{{ end -}}
  {{- $store := dict "name" $name "files" $files -}}
  {{- if $hasUse }}{{ $_ := set $store "use" (default "both" .use) }}{{ end -}}
  {{- $stores = append $stores $store -}}
{{- end -}}
{{- dict "trust" $stores | toJson -}}
{{- end -}}

{{- define "gatehouse.base.federationPeer" -}}
{{- $v := .Values.federationPeer -}}
{{- $any := include "gatehouse.anyAddress" . -}}
{{- $external := dict "listen" (dict "address" $any "port" 5061) "certificate" (dict "certFile" "/etc/gatehouse/external-edge/tls.crt" "keyFile" "/etc/gatehouse/external-edge/tls.key") -}}
{{- $internal := dict "listen" (dict "address" $any "port" 5062) "certificate" (dict "certFile" "/etc/gatehouse/internal-edge/tls.crt" "keyFile" "/etc/gatehouse/internal-edge/tls.key") -}}
{{- if $v.externalService.enabled }}{{ $_ := set $external "advertisedPort" $v.externalService.port }}{{ end -}}
{{- if $v.internalService.enabled }}{{ $_ := set $internal "advertisedPort" $v.internalService.port }}{{ end -}}
{{- $section := dict "externalEdge" $external "internalEdge" $internal -}}
{{- $_ := set $section "trust" (include "gatehouse.trustList" (list . "federationPeer" true) | fromJson).trust -}}
{{- if $v.routeToken.existingSecret }}{{ $_ := set $section "routing" (dict "tokenKeyFile" "/etc/gatehouse/route-token/route-token") }}{{ end -}}
{{- if not .Values.singleProcess.enabled }}{{ $_ := set $section "policy" (dict "publicKeyFile" "/etc/gatehouse/policy-public-key/policy.pub") }}{{ end -}}
{{- include "gatehouse.optionalFiles" (list $section $v) -}}
{{- end -}}

{{- define "gatehouse.base.publicImBridge" -}}
{{- $v := .Values.publicImBridge -}}
{{- $section := dict "trust" (include "gatehouse.trustList" (list . "publicImBridge" false) | fromJson).trust -}}
{{- $certificates := list -}}
{{- range $index, $_ := $v.certificates -}}
  {{- $certificates = append $certificates (dict "certFile" (printf "/etc/gatehouse/network-%d/tls.crt" $index) "keyFile" (printf "/etc/gatehouse/network-%d/tls.key" $index)) -}}
{{- end -}}
{{- if $certificates }}{{ $_ := set $section "certificates" $certificates }}{{ end -}}
{{- $_ := set $section "sealKeyFile" "/etc/gatehouse/seal-key/seal-key" -}}
{{- $_ := set $section "policy" (dict "publicKeyFile" "/etc/gatehouse/policy-public-key/policy.pub") -}}
{{- include "gatehouse.optionalFiles" (list $section $v) -}}
{{- end -}}

{{/* Revocation lists and the certificate for inspectors, where there are any. Takes (list SECTION VALUES). */}}
{{- define "gatehouse.optionalFiles" -}}
{{- $section := index . 0 -}}
{{- $v := index . 1 -}}
{{- if or $v.crl.existingSecret $v.crl.existingConfigMap -}}
  {{- $crls := list -}}
  {{- range $v.crl.files }}{{ $crls = append $crls (printf "/etc/gatehouse/crl/%s" .) }}{{ end -}}
  {{- $_ := set $section "crlFiles" $crls -}}
{{- end -}}
{{- if $v.inspection -}}
  {{- $_ := set $section "inspection" (dict "certFile" "/etc/gatehouse/inspection/tls.crt" "keyFile" "/etc/gatehouse/inspection/tls.key" "caFile" "/etc/gatehouse/inspection/ca.crt") -}}
{{- end -}}
{{- $section | toJson -}}
{{- end -}}

{{- define "gatehouse.base.policy" -}}
{{- $v := .Values.policy -}}
{{- $section := dict -}}
{{- if .Values.global.policyKey.existingSecret }}{{ $_ := set $section "signingKeyFile" "/etc/gatehouse/policy-signing-key/policy.key" }}{{ end -}}
{{- if $v.postgres.existingSecret }}{{ $_ := set $section "postgres" (dict "urlFile" "/etc/gatehouse/policy-postgres/url") }}{{ end -}}
{{- if .Values.global.certManager.enabled }}{{ $_ := set $section "access" (list (dict "caller" (printf "%s-operator" (include "gatehouse.fullname" .)) "role" "admin") (dict "caller" (printf "%s-test" (include "gatehouse.fullname" .)) "role" "auditor")) }}{{ end -}}
{{- if and .Values.archive.enabled (not .Values.singleProcess.enabled) -}}
  {{- $_ := set $section "archive" (dict "target" (printf "%s:9443" (include "gatehouse.host" (list . "archive"))) "tls" (include "gatehouse.internalFiles" . | fromJson)) -}}
{{- end -}}
{{- if or $v.directoryPassword.existingSecret $v.directoryTrust -}}
  {{- $directory := dict -}}
  {{- if $v.directoryPassword.existingSecret }}{{ $_ := set $directory "bindPasswordFile" "/etc/gatehouse/directory-password/password" }}{{ end -}}
  {{- if $v.directoryTrust }}{{ $_ := set $directory "caFile" "/etc/gatehouse/directory-trust/ca.crt" }}{{ end -}}
  {{- $_ := set $section "directory" $directory -}}
{{- end -}}
{{- if .Values.policyController.enabled }}{{ $_ := set $section "kubernetes" (include "gatehouse.policyController.config" . | fromJson) }}{{ end -}}
{{- $section | toJson -}}
{{- end -}}

{{- define "gatehouse.base.archive" -}}
{{- $v := .Values.archive -}}
{{- $section := dict -}}
{{- if $v.postgres.existingSecret }}{{ $_ := set $section "postgres" (dict "urlFile" "/etc/gatehouse/archive-postgres/url") }}{{ end -}}
{{- if $v.signingKey.existingSecret }}{{ $_ := set $section "signingKeyFile" "/etc/gatehouse/archive-signing-key/archive-signing-key" }}{{ end -}}
{{- if $v.encryption.existingSecret }}{{ $_ := set $section "encryption" (dict "keyFile" "/etc/gatehouse/archive-keys/archive-keys") }}{{ end -}}
{{- if $v.checkpointCredentials.existingSecret }}{{ $_ := set $section "checkpoint" (dict "s3" (dict "credentialsFile" "/etc/gatehouse/checkpoint-credentials/credentials")) }}{{ end -}}
{{- if .Values.global.certManager.enabled -}}
  {{- $name := include "gatehouse.fullname" . -}}
  {{- $_ := set $section "access" (list (dict "caller" (printf "%s-operator" $name) "role" "admin") (dict "caller" (printf "%s-policy" $name) "role" "replay") (dict "caller" (printf "%s-test" $name) "role" "reader")) -}}
{{- end -}}
{{- $section | toJson -}}
{{- end -}}

{{- define "gatehouse.internalFiles" -}}
{{- dict "certFile" "/etc/gatehouse/internal/tls.crt" "keyFile" "/etc/gatehouse/internal/tls.key" "caFile" "/etc/gatehouse/internal/ca.crt" | toJson -}}
{{- end -}}

{{/* A section as the service will read it, JSON. Takes (list $ SECTION). */}}
{{- define "gatehouse.section" -}}
{{- $root := index . 0 -}}
{{- $base := include (printf "gatehouse.base.%s" (index . 1)) $root | fromJson -}}
{{- mergeOverwrite $base (deepCopy (default dict (get $root.Values (index . 1)).config)) | toJson -}}
{{- end -}}

{{/* NATS servers, monitors and copies: those of the trial, or yours. JSON. */}}
{{- define "gatehouse.nats" -}}
{{- $v := .Values.bus.nats -}}
{{- if .Values.trial.nats.enabled -}}
  {{- $servers := list -}}
  {{- $monitors := list -}}
  {{- $host := include "gatehouse.host" (list . "nats") -}}
  {{- $pod := include "gatehouse.componentName" (list . "nats") -}}
  {{- range $index := until (int .Values.trial.nats.replicas) -}}
    {{- $servers = append $servers (printf "%s-%d.%s:4222" $pod $index $host) -}}
    {{- $monitors = append $monitors (printf "http://%s-%d.%s:8222" $pod $index $host) -}}
  {{- end -}}
  {{- dict "servers" $servers "monitors" $monitors "bucketReplicas" (int .Values.trial.nats.replicas) | toJson -}}
{{- else -}}
  {{- dict "servers" $v.servers "monitors" $v.monitors "bucketReplicas" (int $v.bucketReplicas) | toJson -}}
{{- end -}}
{{- end -}}

{{/* Section `bus`, JSON. Takes (list $ KEY). */}}
{{- define "gatehouse.bus" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values.bus.nats -}}
{{- if eq (index . 1) "singleProcess" -}}
  {{- dict "driver" "embedded" | toJson -}}
{{- else -}}
  {{- $bus := mergeOverwrite (dict "driver" "nats") (include "gatehouse.nats" $root | fromJson) -}}
  {{- if or $v.tls.enabled $root.Values.trial.nats.enabled -}}
    {{- $folder := "/etc/gatehouse/internal" -}}
    {{- if and $v.tls.existingSecret (not $root.Values.trial.nats.enabled) }}{{ $folder = "/etc/gatehouse/nats-tls" }}{{ end -}}
    {{- $tls := dict "caFile" (printf "%s/ca.crt" $folder) -}}
    {{- if or $v.tls.hasClientCertificate $root.Values.trial.nats.enabled -}}
      {{- $_ := set $tls "certFile" (printf "%s/tls.crt" $folder) -}}
      {{- $_ := set $tls "keyFile" (printf "%s/tls.key" $folder) -}}
    {{- end -}}
    {{- $_ := set $bus "tls" $tls -}}
  {{- end -}}
  {{- if $v.credentials.existingSecret }}{{ $_ := set $bus "credentialsFile" "/etc/gatehouse/nats-credentials/nats.creds" }}{{ end -}}
  {{- if $v.inboxPrefix }}{{ $_ := set $bus "inboxPrefix" $v.inboxPrefix }}{{ end -}}
  {{- $bus | toJson -}}
{{- end -}}
{{- end -}}

{{/* gatehouse.yaml of a component. Takes (list $ KEY). */}}
{{- define "gatehouse.config" -}}
{{- $root := index . 0 -}}
{{- $control := dict "listen" (printf "%s:9443" (ternary "[::]" "0.0.0.0" (eq (include "gatehouse.anyAddress" $root) "::"))) "tls" (include "gatehouse.internalFiles" $root | fromJson) -}}
{{- if $root.Values.global.certManager.enabled }}{{ $_ := set $control "access" (list (dict "caller" (printf "%s-operator" (include "gatehouse.fullname" $root)) "role" "admin") (dict "caller" (printf "%s-test" (include "gatehouse.fullname" $root)) "role" "auditor")) }}{{ end -}}
{{- if not (include "gatehouse.internalSecret" .) }}{{ $control = dict "listen" "unix:/tmp/gatehouse/control.sock" }}{{ end -}}
{{- $telemetry := dict "health" (dict "address" (include "gatehouse.anyAddress" $root) "port" 9464) -}}
{{- if $root.Values.global.addressKey.existingSecret }}{{ $_ := set $telemetry "addresses" (dict "keyFile" "/etc/gatehouse/address-key/address-hash.key") }}{{ end -}}
{{- $config := dict "stateDir" "/var/lib/gatehouse" "control" $control "telemetry" $telemetry "bus" (include "gatehouse.bus" . | fromJson) -}}
{{- $config = mergeOverwrite $config (deepCopy (default dict $root.Values.global.config)) -}}
{{- range splitList "\n" (include "gatehouse.sections" .) -}}
  {{- $_ := set $config . (include "gatehouse.section" (list $root .) | fromJson) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* Port of health and metrics. */}}
{{- define "gatehouse.healthPort" -}}
{{- dig "telemetry" "health" "port" 9464 .Values.global.config | int -}}
{{- end -}}

{{/* Port of the external or internal edge. Takes (list $ "externalEdge"). */}}
{{- define "gatehouse.edgePort" -}}
{{- $section := include "gatehouse.section" (list (index . 0) "federationPeer") | fromJson -}}
{{- dig "listen" "port" 0 (get $section (index . 1)) | int -}}
{{- end -}}

{{/* What stopping takes at most, in seconds: the pod is killed when it takes longer. Takes (list $ KEY). */}}
{{- define "gatehouse.drainSeconds" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $ms := 10000 -}}
{{- if has $key (list "federationPeer" "singleProcess") -}}
  {{- $drain := default dict (include "gatehouse.section" (list $root "federationPeer") | fromJson).drain -}}
  {{- $ms = add (dig "graceMs" 20000 $drain | int) (dig "finishMs" 32000 $drain | int) (dig "closeMs" 10000 $drain | int) -}}
{{- else if eq $key "publicImBridge" -}}
  {{- $ms = dig "stopGraceMs" 5000 (include "gatehouse.section" (list $root "publicImBridge") | fromJson) | int -}}
{{- end -}}
{{- add (div (add $ms 999) 1000) (int (get $root.Values $key).preStopSleepSeconds) -}}
{{- end -}}

{{/* Beyond that: closing the bus, the database and the rest. */}}
{{- define "gatehouse.graceSeconds" -}}
{{- $own := (get (index . 0).Values (index . 1)).terminationGracePeriodSeconds -}}
{{- if $own }}{{ int $own }}{{ else }}{{ add (include "gatehouse.drainSeconds" . | int) 20 }}{{ end -}}
{{- end -}}
