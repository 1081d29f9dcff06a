{{/* Names of the alerts of files/alerts.yaml: { names }, JSON. */}}
{{- define "gatehouse.alertNames" -}}
{{- $names := list -}}
{{- range (.Files.Get "files/alerts.yaml" | fromYaml).groups -}}
  {{- range .rules }}{{ if .alert }}{{ $names = append $names .alert }}{{ end }}{{ end -}}
{{- end -}}
{{- dict "names" $names | toJson -}}
{{- end -}}

{{/* The groups of files/alerts.yaml, with what values say of single alerts. The file is no template: its braces are Prometheus'. */}}
{{- define "gatehouse.alertGroups" -}}
{{- $rules := .Values.monitoring.rules -}}
{{- $groups := list -}}
{{- range $group := (.Files.Get "files/alerts.yaml" | fromYaml).groups -}}
  {{- $kept := list -}}
  {{- range $rule := $group.rules -}}
    {{- $override := dict -}}
    {{- if $rule.alert }}{{ $override = default dict (get $rules.alerts $rule.alert) }}{{ end -}}
    {{- if ne (toString (get $override "enabled")) "false" -}}
      {{- if $override.severity }}{{ $_ := set $rule "labels" (mergeOverwrite (default dict $rule.labels) (dict "severity" $override.severity)) }}{{ end -}}
      {{- if get $override "for" }}{{ $_ := set $rule "for" (get $override "for") }}{{ end -}}
      {{- if and $rule.alert $rules.runbookUrl }}{{ $_ := set $rule "annotations" (mergeOverwrite (default dict $rule.annotations) (dict "runbook_url" (printf "%s/%s" (trimSuffix "/" $rules.runbookUrl) $rule.alert))) }}{{ end -}}
      {{- $kept = append $kept $rule -}}
    {{- end -}}
  {{- end -}}
  {{- if $kept }}{{ $groups = append $groups (mergeOverwrite (deepCopy (omit $group "rules")) (dict "rules" $kept)) }}{{ end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end -}}
