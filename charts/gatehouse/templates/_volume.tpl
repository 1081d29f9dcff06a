{{/* Whether a component keeps its state on a volume. Takes (list $ KEY). */}}
{{- define "gatehouse.hasVolume" -}}
{{- $key := index . 1 -}}
{{- if eq $key "singleProcess" }}true
{{- else if has $key (list "policy" "archive") }}{{ not (get (index . 0).Values $key).postgres.existingSecret }}
{{- else }}false{{ end -}}
{{- end -}}

{{/*
Claims of a StatefulSet. Frozen: Kubernetes refuses an upgrade that changes one octet of them, so nothing of the chart's version
or of `global.labels` may be in here. Takes (list $ KEY NAME SIZE CLASS MODES).
*/}}
{{- define "gatehouse.volumeClaims" -}}
persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Retain }
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: {{ index . 2 }}
      labels:
        {{- include "gatehouse.selectorLabels" (list (index . 0) (index . 1)) | nindent 8 }}
    spec:
      accessModes: {{ toJson (index . 5) }}
      {{- with index . 4 }}
      storageClassName: {{ . | quote }}
      {{- end }}
      resources: { requests: { storage: {{ index . 3 | quote }} } }
{{- end -}}
