{{/* Whether the policy service takes the policy from custom resources; empty: it does not. */}}
{{- define "gatehouse.policyController.enabled" -}}
{{- if .Values.policyController.enabled }}true{{ end -}}
{{- end -}}

{{/* The same of one component: true for the one that runs the policy service. Takes (list $ KEY). */}}
{{- define "gatehouse.policyController.runsIn" -}}
{{- if and (include "gatehouse.policyController.enabled" (index . 0)) (eq (index . 1) (include "gatehouse.runner" (list (index . 0) "policy"))) }}true{{ end -}}
{{- end -}}

{{- define "gatehouse.policyController.name" -}}
{{- printf "%s-policy-controller" (include "gatehouse.fullname" .) -}}
{{- end -}}

{{/* Kinds that the cluster owns, as { kinds }. JSON. */}}
{{- define "gatehouse.policyController.kinds" -}}
{{- $table := (.Files.Get "files/policy-kinds.yaml" | fromYaml).kinds -}}
{{- dict "kinds" (default (keys $table | sortAlpha) .Values.policyController.kinds) | toJson -}}
{{- end -}}

{{/* Their resources, as { resources }. JSON. */}}
{{- define "gatehouse.policyController.resources" -}}
{{- $table := (.Files.Get "files/policy-kinds.yaml" | fromYaml).kinds -}}
{{- $resources := list -}}
{{- range (include "gatehouse.policyController.kinds" . | fromJson).kinds -}}
  {{- $resources = append $resources (get $table .) -}}
{{- end -}}
{{- dict "resources" $resources | toJson -}}
{{- end -}}

{{/* Secret with the certificate of the webhook. */}}
{{- define "gatehouse.policyController.webhookSecret" -}}
{{- if and (include "gatehouse.policyController.enabled" .) .Values.policyController.webhook.enabled -}}
{{- default (printf "%s-webhook" (include "gatehouse.policyController.name" .)) .Values.policyController.webhook.existingSecret -}}
{{- end -}}
{{- end -}}

{{/* Section policy.kubernetes of gatehouse.yaml. JSON. */}}
{{- define "gatehouse.policyController.config" -}}
{{- $v := .Values.policyController -}}
{{- $config := dict "namespace" .Release.Namespace -}}
{{- with $v.kinds }}{{ $_ := set $config "kinds" . }}{{ end -}}
{{- if $v.webhook.enabled -}}
  {{- $_ := set $config "webhook" (dict "address" (include "gatehouse.anyAddress" .) "port" (int $v.webhook.port) "certFile" "/etc/gatehouse/policy-webhook/tls.crt" "keyFile" "/etc/gatehouse/policy-webhook/tls.key") -}}
{{- end -}}
{{- $config | toJson -}}
{{- end -}}

{{/*
The token of the policy pod, and of no other: projected, short-lived and for the API server only, where Kubernetes would have put it
for any pod that automounts one.
*/}}
{{- define "gatehouse.policyController.tokenMount" -}}
- { name: kube-api, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
{{- end -}}

{{- define "gatehouse.policyController.tokenVolume" -}}
- name: kube-api
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: { path: token, expirationSeconds: 3607 }
      - configMap:
          name: kube-root-ca.crt
          items: [{ key: ca.crt, path: ca.crt }]
{{- end -}}

{{/* Mistakes in the block. Takes (list $ PROBLEMS). */}}
{{- define "gatehouse.problems.policyController" -}}
{{- $root := index . 0 -}}
{{- $problems := index . 1 -}}
{{- $v := $root.Values.policyController -}}
{{- if $v.enabled -}}
  {{- if not (or $root.Values.singleProcess.enabled $root.Values.policy.enabled) -}}
    {{- include "gatehouse.problem" (list $problems "policyController.enabled" "is true, but no pod of this release runs the policy service, which is the controller." "Set policy.enabled: true, or switch the controller on in the release that has the policy service.") -}}
  {{- end -}}
  {{- $table := ($root.Files.Get "files/policy-kinds.yaml" | fromYaml).kinds -}}
  {{- range $v.kinds -}}
    {{- if not (hasKey $table .) -}}
      {{- include "gatehouse.problem" (list $problems "policyController.kinds" (printf "'%s' is no kind of the policy document." .) (printf "Choose from %s." (keys $table | sortAlpha | join ", "))) -}}
    {{- end -}}
  {{- end -}}
  {{- if $v.webhook.enabled -}}
    {{- if and (not $v.webhook.existingSecret) (not $root.Values.global.certManager.enabled) -}}
      {{- include "gatehouse.problem" (list $problems "policyController.webhook.existingSecret" "is empty: the webhook has no certificate." "Name a Secret with tls.crt and tls.key, and its authority in caBundle; or set global.certManager.enabled: true, or policyController.webhook.enabled: false.") -}}
    {{- else if and $v.webhook.existingSecret (not $v.webhook.caBundle) -}}
      {{- include "gatehouse.problem" (list $problems "policyController.webhook.caBundle" "is empty: the API server would not trust the certificate in your Secret." "Write the authority of its certificate there, PEM in base64.") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
