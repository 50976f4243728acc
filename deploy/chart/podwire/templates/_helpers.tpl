{{/* At most 40 characters: what is appended to it has to stay below the 63 of a label. */}}
{{- define "podwire.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "podwire.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "podwire.labels" -}}
{{ include "podwire.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: podwire
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "podwire.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end -}}

{{/* What its Service is called in the cluster, and what people call it. */}}
{{- define "podwire.hosts" -}}
{{- $name := include "podwire.fullname" . -}}
{{- $hosts := list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc" $name .Release.Namespace) (printf "%s.%s.svc.cluster.local" $name .Release.Namespace) -}}
{{- join "," (concat $hosts .Values.collector.hosts) -}}
{{- end -}}

{{/* On the node's own network: kubelet asks at the very address. */}}
{{- define "podwire.agentPort" -}}
{{- $parts := splitList ":" .Values.agent.metricsListen -}}
{{- $host := initial $parts | join ":" | trimPrefix "[" | trimSuffix "]" -}}
port: {{ last $parts }}
{{- if not (has $host (list "0.0.0.0" "::")) }}
host: {{ $host | quote }}
{{- end }}
{{- end -}}

{{/* What `podwire install`, `podwire uninstall` and the agent are told about the node's network configuration. */}}
{{- define "podwire.cniVariables" -}}
- name: PODWIRE_MODE
  value: {{ .Values.cni.mode }}
- name: PODWIRE_BIN_DIR
  value: {{ .Values.cni.binDir }}
- name: PODWIRE_CONF_DIR
  value: {{ .Values.cni.confDir }}
{{- with .Values.cni.confName }}
- name: PODWIRE_CONF_NAME
  value: {{ . }}
{{- end }}
{{- with .Values.cni.clusterCIDRs }}
- name: PODWIRE_CLUSTER_CIDR
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.cni.mtu }}
- name: PODWIRE_MTU
  value: {{ . | int | quote }}
{{- end }}
{{- end -}}

{{/* Without a cluster to ask, as in `helm template`: false. */}}
{{- define "podwire.purge" -}}
{{- if kindIs "bool" .Values.uninstall.purge -}}
{{- .Values.uninstall.purge -}}
{{- else -}}
{{- $runtimes := list -}}
{{- range (lookup "v1" "Node" "" "").items -}}
{{- $runtimes = append $runtimes (hasPrefix "containerd://" .status.nodeInfo.containerRuntimeVersion) -}}
{{- end -}}
{{- and (gt (len $runtimes) 0) (not (has false $runtimes)) -}}
{{- end -}}
{{- end -}}
