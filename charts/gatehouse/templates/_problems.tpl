{{/* Adds one. Takes (list PROBLEMS KEY WHAT REMEDY). */}}
{{- define "gatehouse.problem" -}}
{{- $problems := index . 0 -}}
{{- $_ := set $problems "all" (append $problems.all (dict "key" (index . 1) "what" (index . 2) "remedy" (index . 3))) -}}
{{- end -}}

{{/* Every mistake in the values: { all: [{ key, what, remedy }] }, JSON. */}}
{{- define "gatehouse.problems" -}}
{{- $problems := dict "all" list -}}
{{- include "gatehouse.problems.topology" (list . $problems) -}}
{{- include "gatehouse.problems.bus" (list . $problems) -}}
{{- if or .Values.singleProcess.enabled .Values.federationPeer.enabled }}{{ include "gatehouse.problems.federationPeer" (list . $problems) }}{{ end -}}
{{- if and .Values.publicImBridge.enabled (not .Values.singleProcess.enabled) }}{{ include "gatehouse.problems.publicImBridge" (list . $problems) }}{{ end -}}
{{- include "gatehouse.problems.stores" (list . $problems) -}}
{{- include "gatehouse.problems.secrets" (list . $problems) -}}
{{- include "gatehouse.problems.pods" (list . $problems) -}}
{{- include "gatehouse.problems.policyController" (list . $problems) -}}
{{- include "gatehouse.problems.rest" (list . $problems) -}}
{{- $problems | toJson -}}
{{- end -}}

{{- define "gatehouse.problems.topology" -}}
{{- $v := (index . 0).Values -}}
{{- $problems := index . 1 -}}
{{- if $v.singleProcess.enabled -}}
  {{- if gt (int (default 1 $v.federationPeer.replicas)) 1 -}}
    {{- include "gatehouse.problem" (list $problems "federationPeer.replicas" (printf "%d pods, but with singleProcess.enabled everything is in one process with an embedded bus, which no other pod hears." (int $v.federationPeer.replicas)) "Remove it, or set singleProcess.enabled: false and bring NATS (bus.nats.servers).") -}}
  {{- end -}}
  {{- if $v.publicImBridge.enabled -}}
    {{- include "gatehouse.problem" (list $problems "publicImBridge.enabled" "is not part of singleProcess." "Set singleProcess.enabled: false and bring NATS, or publicImBridge.enabled: false.") -}}
  {{- end -}}
  {{- range $key := list "nats" "postgres" -}}
    {{- if (get $v.trial $key).enabled -}}
      {{- include "gatehouse.problem" (list $problems (printf "trial.%s.enabled" $key) "is of no use with singleProcess, which has its bus and store inside." "Set it to false.") -}}
    {{- end -}}
  {{- end -}}
{{- else if not (include "gatehouse.components" (index . 0) | trim) -}}
  {{- include "gatehouse.problem" (list $problems "federationPeer.enabled" "no service is enabled at all." "Enable at least one of federationPeer, publicImBridge, policy, archive.") -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.problems.bus" -}}
{{- $v := (index . 0).Values -}}
{{- $problems := index . 1 -}}
{{- if not $v.singleProcess.enabled -}}
  {{- if and (not $v.bus.nats.servers) (not $v.trial.nats.enabled) -}}
    {{- include "gatehouse.problem" (list $problems "bus.nats.servers" "is empty: the services cannot hear each other." "List the servers of your NATS as host:port, or set trial.nats.enabled: true for a trial.") -}}
  {{- end -}}
  {{- if and $v.bus.nats.servers $v.trial.nats.enabled -}}
    {{- include "gatehouse.problem" (list $problems "bus.nats.servers" "is set, and so is trial.nats.enabled." "Choose one.") -}}
  {{- end -}}
  {{- range $server := $v.bus.nats.servers -}}
    {{- if not (regexMatch ":[0-9]+$" $server) -}}
      {{- include "gatehouse.problem" (list $problems "bus.nats.servers" (printf "'%s' has no port." $server) "Write host:port, mostly :4222.") -}}
    {{- end -}}
  {{- end -}}
  {{- if and (dig "outbox" "enabled" false $v.global.config) (not $v.trial.nats.enabled) (not $v.bus.nats.monitors) -}}
    {{- include "gatehouse.problem" (list $problems "bus.nats.monitors" "is empty, but global.config.outbox.enabled is true: nobody can tell whether NATS writes to disk before it acknowledges." "List http://host:8222 of every server (sync_interval: always in each), or turn the outbox off.") -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes (list PROBLEMS KEY TRUST). */}}
{{- define "gatehouse.problems.trust" -}}
{{- $problems := index . 0 -}}
{{- $key := index . 1 -}}
{{- $seen := dict -}}
{{- range $store := index . 2 -}}
  {{- if eq (empty $store.existingSecret) (empty $store.existingConfigMap) -}}
    {{- include "gatehouse.problem" (list $problems (printf "%s.trust[%s]" $key $store.name) "needs either existingSecret or existingConfigMap." "Name the one object that holds its root certificates.") -}}
  {{- end -}}
  {{- if hasKey $seen $store.name -}}
    {{- include "gatehouse.problem" (list $problems (printf "%s.trust[%s]" $key $store.name) "is there twice." "Give each trust store a name of its own, or list its files in one.") -}}
  {{- end -}}
  {{- $_ := set $seen $store.name true -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.problems.federationPeer" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values -}}
{{- $problems := index . 1 -}}
{{- $section := include "gatehouse.section" (list $root "federationPeer") | fromJson -}}
{{- if not $section.externalEdge.name -}}
  {{- include "gatehouse.problem" (list $problems "federationPeer.config.externalEdge.name" "is not set." "Write the name that partners resolve and your certificate carries, such as sip.contoso.example.") -}}
{{- end -}}
{{- if not $section.internalEdge.name -}}
  {{- include "gatehouse.problem" (list $problems "federationPeer.config.internalEdge.name" "is not set." "Write the name by which your own server calls the gate, such as gate.contoso.example.") -}}
{{- end -}}
{{- if not (dig "nextHop" "host" "" $section.internalEdge) -}}
  {{- include "gatehouse.problem" (list $problems "federationPeer.config.internalEdge.nextHop.host" "is not set." "Write the name of your own SIP server, as in its certificate.") -}}
{{- end -}}
{{- $external := $section.externalEdge.listen.port | int -}}
{{- $internal := $section.internalEdge.listen.port | int -}}
{{- if or (eq $external $internal) (eq $external 0) (eq $internal 0) -}}
  {{- include "gatehouse.problem" (list $problems "federationPeer.config.*.listen.port" (printf "external edge on %d, internal edge on %d: both share a pod." $external $internal) "Use two different fixed ports, or leave both out (5061 and 5062); what others see is externalService.port and internalService.port.") -}}
{{- end -}}
{{- if not $section.trust -}}
  {{- include "gatehouse.problem" (list $problems "federationPeer.trust" "is empty: nobody could vouch for any peer." "List at least the authority of your own servers: { name: inside, existingConfigMap: inside-ca, use: internal }.") -}}
{{- end -}}
{{- include "gatehouse.problems.trust" (list $problems "federationPeer" $v.federationPeer.trust) -}}
{{- range $cidr := $section.externalEdge.proxyProtocolFrom -}}
  {{- if has $cidr (list "0.0.0.0/0" "::/0") -}}
    {{- include "gatehouse.problem" (list $problems "federationPeer.config.externalEdge.proxyProtocolFrom" (printf "%s: anybody could claim any address." $cidr) "List the addresses of your load balancers only.") -}}
  {{- end -}}
{{- end -}}
{{- range $tls, $what := dict "externalTls" "external" "internalEdgeTls" "internal" -}}
  {{- if not (include "gatehouse.edgeSecret" (list $root $tls)) -}}
    {{- include "gatehouse.problem" (list $problems (printf "federationPeer.%s.existingSecret" $tls) (printf "is empty: the %s edge has no certificate." $what) "Name a Secret of type kubernetes.io/tls, or set global.certManager.enabled: true.") -}}
  {{- end -}}
{{- end -}}
{{- if and (not $v.federationPeer.routeToken.existingSecret) (not $v.singleProcess.enabled) -}}
  {{- include "gatehouse.problem" (list $problems "federationPeer.routeToken.existingSecret" "is empty: pods would not know each other’s dialogs." "kubectl create secret generic gatehouse-route-token --from-file=route-token=<(head -c 32 /dev/urandom)") -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.problems.publicImBridge" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values.publicImBridge -}}
{{- $problems := index . 1 -}}
{{- $networks := dig "networks" dict (default dict $v.config) -}}
{{- if not $networks -}}
  {{- include "gatehouse.problem" (list $problems "publicImBridge.config.networks" "is empty: the bridge has nothing to do." "Describe at least one network, or set publicImBridge.enabled: false.") -}}
{{- end -}}
{{- if not $v.sealKey.existingSecret -}}
  {{- include "gatehouse.problem" (list $problems "publicImBridge.sealKey.existingSecret" "is empty: the secrets of linked accounts could not be sealed for all pods." "kubectl create secret generic gatehouse-seal-key --from-file=seal-key=<(head -c 32 /dev/urandom)") -}}
{{- end -}}
{{- include "gatehouse.problems.trust" (list $problems "publicImBridge" $v.trust) -}}
{{- $targets := list -}}
{{- range $v.service.ports }}{{ $targets = append $targets (int .targetPort) }}{{ end -}}
{{- range $name, $network := $networks -}}
  {{- range $word := list "listen" "listenDirectTls" -}}
    {{- $listen := get (default dict $network.settings) $word -}}
    {{- if and (kindIs "map" $listen) $v.service.enabled (not (has (int $listen.port) $targets)) -}}
      {{- include "gatehouse.problem" (list $problems "publicImBridge.service.ports" (printf "has no targetPort %d, on which network '%s' listens (settings.%s)." (int $listen.port) $name $word) (printf "Add { name: %s, port: %d, targetPort: %d }, or set publicImBridge.service.enabled: false." (trunc 15 $name) (int $listen.port) (int $listen.port))) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.problems.stores" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values -}}
{{- $problems := index . 1 -}}
{{- if not $v.singleProcess.enabled -}}
  {{- range $key := list "policy" "archive" -}}
    {{- $service := get $v $key -}}
    {{- if and $service.enabled (not $service.postgres.existingSecret) (or (gt (int $service.replicas) 1) $service.autoscaling.enabled) -}}
      {{- include "gatehouse.problem" (list $problems (printf "%s.replicas" $key) "several pods cannot share one SQLite file." (printf "Set %s.postgres.existingSecret, or one replica and no autoscaling." $key)) -}}
    {{- end -}}
  {{- end -}}
  {{- if and $v.archive.enabled $v.archive.postgres.existingSecret (not $v.archive.signingKey.existingSecret) -}}
    {{- include "gatehouse.problem" (list $problems "archive.signingKey.existingSecret" "is empty: with PostgreSQL there is no volume on which a key could be kept." "openssl genpkey -algorithm ed25519 -out archive-signing-key; kubectl create secret generic gatehouse-archive-key --from-file=archive-signing-key") -}}
  {{- end -}}
{{- end -}}
{{- if $v.trial.postgres.enabled -}}
  {{- if not $v.trial.postgres.auth.existingSecret -}}
    {{- include "gatehouse.problem" (list $problems "trial.postgres.auth.existingSecret" "is empty: there is no default password." "Create a Secret with the key 'password' and name it.") -}}
  {{- end -}}
  {{- if not (or $v.policy.postgres.existingSecret $v.archive.postgres.existingSecret) -}}
    {{- include "gatehouse.problem" (list $problems "trial.postgres.enabled" "but neither policy nor archive would use it." (printf "Set policy.postgres.existingSecret and archive.postgres.existingSecret to a Secret whose 'url' is postgres://%s:PASSWORD@%s:5432/%s?sslmode=disable" $v.trial.postgres.user (include "gatehouse.host" (list $root "postgres")) $v.trial.postgres.database)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.problems.secrets" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values -}}
{{- $problems := index . 1 -}}
{{- $cert := $v.global.certManager -}}
{{- if $cert.enabled -}}
  {{- if not $cert.internalIssuer.name -}}
    {{- include "gatehouse.problem" (list $problems "global.certManager.internalIssuer.name" "is empty." "Name the Issuer of your internal authority.") -}}
  {{- end -}}
  {{- if and (or $v.federationPeer.enabled $v.singleProcess.enabled) (not $v.federationPeer.externalTls.existingSecret) (not $cert.externalIssuer.name) -}}
    {{- include "gatehouse.problem" (list $problems "global.certManager.externalIssuer.name" "is empty." "Name the Issuer whose authority your partners trust, or set federationPeer.externalTls.existingSecret.") -}}
  {{- end -}}
{{- end -}}
{{- if not $v.singleProcess.enabled -}}
  {{- if not $v.global.policyKey.existingSecret -}}
    {{- include "gatehouse.problem" (list $problems "global.policyKey.existingSecret" "is empty: the edges could not tell whose policy they get." "openssl genpkey -algorithm ed25519 -out policy.key; openssl pkey -in policy.key -pubout -out policy.pub; kubectl create secret generic gatehouse-policy-key --from-file=policy.key --from-file=policy.pub") -}}
  {{- end -}}
  {{- $callers := splitList "\n" (include "gatehouse.components" $root | trim) -}}
  {{- if $v.trial.nats.enabled }}{{ $callers = append $callers "nats" }}{{ end -}}
  {{- range $key := compact $callers -}}
    {{- if not (include "gatehouse.internalSecret" (list $root $key)) -}}
      {{- $where := ternary "trial.nats" $key (eq $key "nats") -}}
      {{- include "gatehouse.problem" (list $problems (printf "%s.internalTls.existingSecret" $where) "is empty, and global.internalTls.existingSecret too: no certificate to call the other services with." "Name a Secret with tls.crt, tls.key and ca.crt there, or set global.certManager.enabled: true.") -}}
    {{- end -}}
  {{- end -}}
  {{- if and $v.tests.enabled (not (include "gatehouse.internalSecret" (list $root "test"))) -}}
    {{- include "gatehouse.problem" (list $problems "tests.tls.existingSecret" "is empty: `helm test` could not call the services." "Name a Secret with tls.crt, tls.key and ca.crt, or set tests.enabled: false.") -}}
  {{- end -}}
  {{- if and $v.policy.enabled (not (include "gatehouse.section" (list $root "policy") | fromJson).access) -}}
    {{- include "gatehouse.problem" (list $problems "policy.config.access" "is empty: nobody could change the policy." "List who may: [{ caller: COMMON-NAME-OF-A-CERTIFICATE, role: admin }].") -}}
  {{- end -}}
  {{- if and $v.archive.enabled (not (hasKey (include "gatehouse.section" (list $root "archive") | fromJson) "access")) -}}
    {{- include "gatehouse.problem" (list $problems "archive.config.access" "is not set: nobody could search the archive, and the policy service could not explain what it holds." "List who may: [{ caller: COMMON-NAME, role: admin }, { caller: COMMON-NAME-OF-THE-POLICY-SERVICE, role: replay }]; [] for nobody.") -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.problems.pods" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values -}}
{{- $problems := index . 1 -}}
{{- range $key := compact (splitList "\n" (include "gatehouse.components" $root | trim)) -}}
  {{- $service := get $v $key -}}
  {{- $drain := include "gatehouse.drainSeconds" (list $root $key) | int -}}
  {{- if and $service.terminationGracePeriodSeconds (lt (int $service.terminationGracePeriodSeconds) (add $drain 5 | int)) -}}
    {{- include "gatehouse.problem" (list $problems (printf "%s.terminationGracePeriodSeconds" $key) (printf "%d s, but stopping takes up to %d s: messages in work would be lost." (int $service.terminationGracePeriodSeconds) $drain) (printf "Remove it (then %d s), set at least %d, or shorten the drain in federationPeer.config.drain." (add $drain 20) (add $drain 5))) -}}
  {{- end -}}
  {{- $seen := dict "POD_NAME" true -}}
  {{- range $service.extraEnv -}}
    {{- if hasKey $seen (default "" .name) -}}
      {{- include "gatehouse.problem" (list $problems (printf "%s.extraEnv" $key) (printf "'%s' is there twice." .name) "Remove one; POD_NAME belongs to the chart.") -}}
    {{- end -}}
    {{- $_ := set $seen (default "" .name) true -}}
  {{- end -}}
  {{- $scaling := default dict $service.autoscaling -}}
  {{- if $scaling.enabled -}}
    {{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
      {{- include "gatehouse.problem" (list $problems (printf "%s.autoscaling.minReplicas" $key) (printf "%d is more than maxReplicas (%d)." (int $scaling.minReplicas) (int $scaling.maxReplicas)) "Swap them.") -}}
    {{- end -}}
    {{- if not (or $scaling.cpuPercent (and $scaling.openPerPod (has $key (list "federationPeer" "publicImBridge")))) -}}
      {{- include "gatehouse.problem" (list $problems (printf "%s.autoscaling" $key) "nothing is said by which to scale." "Set cpuPercent, or for federationPeer and publicImBridge openPerPod.") -}}
    {{- end -}}
    {{- if and $scaling.keda.enabled $scaling.openPerPod (not $scaling.keda.serverAddress) -}}
      {{- include "gatehouse.problem" (list $problems (printf "%s.autoscaling.keda.serverAddress" $key) "is empty: KEDA would not know whom to ask." "Write the URL of your Prometheus.") -}}
    {{- end -}}
  {{- else if dig "keda" "enabled" false $scaling -}}
    {{- include "gatehouse.problem" (list $problems (printf "%s.autoscaling.keda.enabled" $key) "has no effect while autoscaling.enabled is false." "Set both.") -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "gatehouse.problems.rest" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values -}}
{{- $problems := index . 1 -}}
{{- $health := dig "telemetry" "health" dict $v.global.config -}}
{{- if has (default "" $health.address) (list "127.0.0.1" "::1" "localhost") -}}
  {{- include "gatehouse.problem" (list $problems "global.config.telemetry.health.address" "is loopback: the kubelet could not probe the pods." "Remove it; who may read metrics is said by global.networkPolicy.metricsFrom.") -}}
{{- end -}}
{{- if and (hasKey $health "port") (not (int $health.port)) -}}
  {{- include "gatehouse.problem" (list $problems "global.config.telemetry.health.port" "0 is a port that nobody knows." "Remove it (9464) or choose one.") -}}
{{- end -}}
{{- if and $v.monitoring.podMonitor.enabled $v.monitoring.serviceMonitor.enabled -}}
  {{- include "gatehouse.problem" (list $problems "monitoring.serviceMonitor.enabled" "and podMonitor.enabled: every number would be counted twice." "Choose one.") -}}
{{- end -}}
{{- if $v.monitoring.rules.enabled -}}
  {{- $known := include "gatehouse.alertNames" $root | fromJson -}}
  {{- if not $known.names -}}
    {{- include "gatehouse.problem" (list $problems "monitoring.rules.enabled" "but this chart has no files/alerts.yaml." "Use a released chart, or set it to false.") -}}
  {{- else -}}
    {{- range $name, $_ := $v.monitoring.rules.alerts -}}
      {{- if not (has $name $known.names) -}}
        {{- include "gatehouse.problem" (list $problems (printf "monitoring.rules.alerts.%s" $name) "there is no such alert." (printf "There are: %s." (join ", " $known.names))) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and $v.tests.enabled $v.tests.message.enabled -}}
  {{- range $word := list "existingSecret" "from" "to" -}}
    {{- if not (get $v.tests.message $word) -}}
      {{- include "gatehouse.problem" (list $problems (printf "tests.message.%s" $word) "is empty." "The test is a partner that sends one message: it needs a certificate, a sender and a recipient.") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
