{{- define "gatehouse.testContainer" -}}
image: {{ include "gatehouse.image" (list . .Values.tests.image) | quote }}
imagePullPolicy: {{ .Values.global.image.pullPolicy }}
resources:
  {{- toYaml .Values.tests.resources | nindent 2 }}
securityContext:
  {{- include "gatehouse.containerSecurityContext" dict | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{- define "gatehouse.testTls" -}}
- --tls-cert=/etc/gatehouse/internal/tls.crt
- --tls-key=/etc/gatehouse/internal/tls.key
- --tls-ca=/etc/gatehouse/internal/ca.crt
{{- end -}}
