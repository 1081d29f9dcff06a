{{/* Names by which a component is called within the cluster and through a port forward. JSON. Takes (list $ KEY). */}}
{{- define "gatehouse.internalNames" -}}
{{- $root := index . 0 -}}
{{- $short := include "gatehouse.componentName" . -}}
{{- $host := include "gatehouse.host" . -}}
{{- dict "names" (list $host (printf "*.%s" $host) (printf "%s.%s.svc" $short $root.Release.Namespace) $short "localhost") | toJson -}}
{{- end -}}

{{/* Always for server and client use: every one of our ends dials and is dialed. Takes (list $ KEY NAME COMMON_NAME DNS_NAMES ISSUER). */}}
{{- define "gatehouse.certificate" -}}
{{- $root := index . 0 -}}
{{- $cert := $root.Values.global.certManager -}}
{{- $issuer := index . 5 -}}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  {{- include "gatehouse.metadata" (list $root (index . 1) (index . 2) dict) | nindent 2 }}
spec:
  secretName: {{ index . 2 }}
  {{- with index . 3 }}
  commonName: {{ . }}
  {{- end }}
  dnsNames:
    {{- toYaml (uniq (index . 4)) | nindent 4 }}
  usages: [digital signature, key encipherment, server auth, client auth]
  privateKey: { algorithm: ECDSA, size: 256, rotationPolicy: Always }
  duration: {{ $cert.duration }}
  renewBefore: {{ $cert.renewBefore }}
  issuerRef: { name: {{ $issuer.name | quote }}, kind: {{ $issuer.kind }}, group: {{ $issuer.group }} }
{{- end -}}
