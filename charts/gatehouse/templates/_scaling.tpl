{{/* Up at once, down one pod at a time after a long quiet: who leaves has to drain, and partners dial again. */}}
{{- define "gatehouse.scalingBehavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies: [{ type: Pods, value: 2, periodSeconds: 60 }]
scaleDown:
  stabilizationWindowSeconds: {{ .scaleDownWindowSeconds }}
  policies: [{ type: Pods, value: 1, periodSeconds: 120 }]
{{- end -}}
