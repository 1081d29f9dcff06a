{{/* Mutual TLS everywhere; JetStream that writes to disk before it acknowledges, as the outbox relies on it. */}}
{{- define "gatehouse.natsConfig" -}}
{{- $name := include "gatehouse.componentName" (list . "nats") -}}
{{- $host := include "gatehouse.host" (list . "nats") -}}
{{- $any := ternary "[::]" "0.0.0.0" (eq (include "gatehouse.anyAddress" .) "::") -}}
server_name: $POD_NAME
listen: "{{ $any }}:4222"
http: "{{ $any }}:8222"
pid_file: "/run/nats/nats.pid"
lame_duck_grace_period: "10s"
lame_duck_duration: "30s"
max_payload: 4MB

tls {
  cert_file: "/etc/nats-tls/tls.crt"
  key_file: "/etc/nats-tls/tls.key"
  ca_file: "/etc/nats-tls/ca.crt"
  verify: true
}

jetstream {
  store_dir: "/data"
  max_memory_store: 64MB
  sync_interval: always
}
{{- if gt (int .Values.trial.nats.replicas) 1 }}

cluster {
  name: "{{ $name }}"
  listen: "{{ $any }}:6222"
  routes: [
    {{- range $index := until (int .Values.trial.nats.replicas) }}
    "nats://{{ $name }}-{{ $index }}.{{ $host }}:6222"
    {{- end }}
  ]
  tls {
    cert_file: "/etc/nats-tls/tls.crt"
    key_file: "/etc/nats-tls/tls.key"
    ca_file: "/etc/nats-tls/ca.crt"
    verify: true
  }
}
{{- end }}
{{- end -}}
