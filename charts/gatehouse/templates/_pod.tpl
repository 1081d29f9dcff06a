{{- define "gatehouse.serviceAccountName" -}}
{{- $account := (get (index . 0).Values (index . 1)).serviceAccount -}}
{{- if $account.name }}{{ $account.name }}{{ else if $account.create }}{{ include "gatehouse.componentName" . }}{{ else }}default{{ end -}}
{{- end -}}

{{/* PodSecurity "restricted", and more: every pod of the chart has this one. Takes (list OVERRIDES UID). */}}
{{- define "gatehouse.podSecurityContext" -}}
{{- $uid := index . 1 -}}
{{- toYaml (mergeOverwrite (dict "runAsNonRoot" true "runAsUser" $uid "runAsGroup" $uid "fsGroup" $uid "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault")) (deepCopy (index . 0))) -}}
{{- end -}}

{{- define "gatehouse.containerSecurityContext" -}}
{{- toYaml (mergeOverwrite (dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "privileged" false "capabilities" (dict "drop" (list "ALL"))) (deepCopy .)) -}}
{{- end -}}

{{/* Beginning of every pod's spec. Takes (list $ SERVICE_ACCOUNT POD_SECURITY_CONTEXT UID). */}}
{{- define "gatehouse.podBase" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ index . 1 }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "gatehouse.podSecurityContext" (list (index . 2) (index . 3)) | nindent 2 }}
{{- with $root.Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Nodes and zones: spread where possible, wait for nothing. Takes (list $ KEY). */}}
{{- define "gatehouse.topologySpread" -}}
{{- $root := index . 0 -}}
{{- $own := list -}}
{{- if hasKey $root.Values (index . 1) }}{{ $own = (get $root.Values (index . 1)).topologySpreadConstraints }}{{ end -}}
{{- if $own -}}
{{ toYaml $own }}
{{- else -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "gatehouse.selectorLabels" (list $root (index $ 1)) | nindent 6 }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "gatehouse.probe" -}}
httpGet: { path: {{ .path }}, port: health }
periodSeconds: {{ .periodSeconds }}
timeoutSeconds: {{ .timeoutSeconds }}
failureThreshold: {{ .failureThreshold }}
{{- end -}}

{{/* Template of a service's pod. Takes (list $ KEY HAS_VOLUME). */}}
{{- define "gatehouse.pod" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $hasVolume := index . 2 -}}
{{- $at := list $root $key -}}
{{- $v := get $root.Values $key -}}
{{- $word := include "gatehouse.word" $key -}}
metadata:
  labels:
    {{- include "gatehouse.selectorLabels" $at | nindent 4 }}
    {{- with mergeOverwrite (deepCopy $root.Values.global.labels) $v.podLabels }}
    {{- toYaml (omit . "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component") | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "gatehouse.config" $at | sha256sum }}
    kubectl.kubernetes.io/default-container: {{ $word }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "gatehouse.podBase" (list $root (include "gatehouse.serviceAccountName" $at) $v.podSecurityContext 10001) | nindent 2 }}
  terminationGracePeriodSeconds: {{ include "gatehouse.graceSeconds" $at }}
  topologySpreadConstraints:
    {{- include "gatehouse.topologySpread" $at | nindent 4 }}
  {{- with $v.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  containers:
    - name: {{ $word }}
      image: {{ include "gatehouse.image" (list $root $v.image) | quote }}
      imagePullPolicy: {{ $root.Values.global.image.pullPolicy }}
      args:
        {{- if eq $key "singleProcess" }}
        - up
        - --config=/etc/gatehouse/gatehouse.yaml
        {{- else }}
        - service
        - {{ $word }}
        - --config=/etc/gatehouse/gatehouse.yaml
        {{- if has $key (list "federationPeer" "publicImBridge") }}
        - --replica=$(POD_NAME)
        {{- end }}
        {{- end }}
      env:
        - name: POD_NAME
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
        {{- with $v.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- range (include "gatehouse.containerPorts" $at | fromJson).ports }}
        - { name: {{ .name }}, containerPort: {{ int .port }}, protocol: TCP }
        {{- end }}
      startupProbe:
        {{- include "gatehouse.probe" $v.probes.startup | nindent 8 }}
      readinessProbe:
        {{- include "gatehouse.probe" $v.probes.readiness | nindent 8 }}
      livenessProbe:
        {{- include "gatehouse.probe" $v.probes.liveness | nindent 8 }}
      {{- with int $v.preStopSleepSeconds }}
      lifecycle:
        preStop:
          sleep: { seconds: {{ . }} }
      {{- end }}
      resources:
        {{- toYaml $v.resources | nindent 8 }}
      securityContext:
        {{- include "gatehouse.containerSecurityContext" $v.containerSecurityContext | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      volumeMounts:
        - { name: config, mountPath: /etc/gatehouse/gatehouse.yaml, subPath: gatehouse.yaml, readOnly: true }
        - { name: state, mountPath: /var/lib/gatehouse }
        - { name: tmp, mountPath: /tmp }
        {{- include "gatehouse.fileMounts" $at | nindent 8 }}
        {{- if and $root.Values.policyController.enabled (eq $key (include "gatehouse.runner" (list $root "policy"))) }}
        {{- include "gatehouse.policyController.tokenMount" $root | nindent 8 }}
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "gatehouse.componentName" $at }}
    - name: tmp
      emptyDir: { sizeLimit: 256Mi }
    {{- if not $hasVolume }}
    - name: state
      emptyDir: { sizeLimit: 64Mi }
    {{- end }}
    {{- include "gatehouse.fileVolumes" $at | nindent 4 }}
    {{- if and $root.Values.policyController.enabled (eq $key (include "gatehouse.runner" (list $root "policy"))) }}
    {{- include "gatehouse.policyController.tokenVolume" $root | nindent 4 }}
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* Ports of a component: { name, port } each. JSON. Takes (list $ KEY). */}}
{{- define "gatehouse.containerPorts" -}}
{{- $root := index . 0 -}}
{{- $key := index . 1 -}}
{{- $ports := list (dict "name" "health" "port" (include "gatehouse.healthPort" $root | int)) -}}
{{- if include "gatehouse.internalSecret" . }}{{ $ports = append $ports (dict "name" "control" "port" 9443) }}{{ end -}}
{{- if has $key (list "federationPeer" "singleProcess") -}}
  {{- $ports = append $ports (dict "name" "sip-external" "port" (include "gatehouse.edgePort" (list $root "externalEdge") | int)) -}}
  {{- $ports = append $ports (dict "name" "sip-internal" "port" (include "gatehouse.edgePort" (list $root "internalEdge") | int)) -}}
{{- end -}}
{{- $controller := $root.Values.policyController -}}
{{- if and $controller.enabled $controller.webhook.enabled (eq $key (include "gatehouse.runner" (list $root "policy"))) -}}
  {{- $ports = append $ports (dict "name" "policy-webhook" "port" $controller.webhook.port) -}}
{{- end -}}
{{- if eq $key "publicImBridge" -}}
  {{- range $root.Values.publicImBridge.service.ports }}{{ $ports = append $ports (dict "name" .name "port" .targetPort) }}{{ end -}}
{{- end -}}
{{- dict "ports" $ports | toJson -}}
{{- end -}}

{{/* Pods of a component, where no autoscaler decides. Takes (list $ KEY). */}}
{{- define "gatehouse.replicas" -}}
{{- $key := index . 1 -}}
{{- if eq $key "singleProcess" }}1{{ else }}{{ default 2 (get (index . 0).Values $key).replicas | int }}{{ end -}}
{{- end -}}
