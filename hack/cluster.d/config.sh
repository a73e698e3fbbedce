# shellcheck shell=bash
# Configuration files of the daemons.

NODE_NAME=loadstone

write_configs() {
        write_containerd_config
        write_cni_config
        write_kubelet_config
        write_proxy_config
        write_audit_policy
        write_dns_config
}

# put FILE: standard input into FILE, which stays untouched when it has that content already: kube-proxy ends when its own
# file is written to, be it with the same bytes.
put() {
        local new
        new=$(cat)
        [ "$new" = "$(cat "$1" 2>/dev/null)" ] || printf '%s\n' "$new" >"$1"
}

# One hash over everything the daemons are started with: a running cluster of other settings is not adopted.
settings_key() {
        {
                sha256sum "$STATE"/{containerd.toml,kubelet.yaml,proxy.yaml,audit.yaml,Corefile,resolv.conf} \
                        "$STATE/cni/10-loadstone.conflist" "$ROOT/hack/cluster.d/start.sh"
                echo "$KUBE_BIN $ETCD_BIN $DNS_BIN"
        } | sha256sum | cut -c1-16
}

snapshotter() { if grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null; then echo overlayfs; else echo native; fi; }

# CAP_SYS_RESOURCE is bit 24. Without it runc may not lower a score, and dies when told to.
has_cap_sys_resource() { ((16#$(awk '$1 == "CapEff:" {print $2}' /proc/self/status) >> 24 & 1)); }

write_containerd_config() {
        local restrict=false
        has_cap_sys_resource || restrict=true
        put "$STATE/containerd.toml" <<EOF
version = 2
root = "$STATE/containerd"
state = "$STATE/containerd-state"
[grpc]
  address = "$STATE/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$STATE/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = $restrict
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$(snapshotter)"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/cni"
EOF
}

# Each pod hangs on a routed pair of its own and not on a bridge: an answer that a bridge carries straight from pod to pod
# never passes the address translation of kube-proxy, unless the kernel has br_netfilter, which it need not have.
# The network's name is the namespace's: CNI keeps results of all networks of the host in one folder, by that name.
write_cni_config() {
        mkdir -p "$STATE/cni"
        put "$STATE/cni/10-loadstone.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "$NETNS", "plugins": [
  {"type": "ptp", "ipMasq": true,
   "ipam": {"type": "host-local", "dataDir": "$STATE/ipam", "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
}

write_kubelet_config() {
        put "$STATE/resolv.conf" <<<"nameserver $DNS_IP"
        put "$STATE/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
cgroupDriver: cgroupfs
cgroupRoot: /$NETNS
failCgroupV1: false
failSwapOn: false
localStorageCapacityIsolation: false
evictionHard: {memory.available: 50Mi}
containerRuntimeEndpoint: unix://$STATE/containerd.sock
podLogsDir: $STATE/pod-logs
resolvConf: $STATE/resolv.conf
clusterDNS: [$DNS_IP]
clusterDomain: cluster.local
maxPods: 250
syncFrequency: 30s
imageGCHighThresholdPercent: 100
registerWithTaints: []
tlsCertFile: $STATE/pki/kubelet-serving.crt
tlsPrivateKeyFile: $STATE/pki/kubelet-serving.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $STATE/pki/ca.crt}}
authorization: {mode: Webhook}
volumePluginDir: $STATE/volume-plugins
EOF
}

write_proxy_config() {
        put "$STATE/proxy.yaml" <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clientConnection: {kubeconfig: $STATE/proxy.kubeconfig}
clusterCIDR: $POD_CIDR
hostnameOverride: $NODE_NAME
conntrack: {maxPerCore: 0}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
EOF
}

# Writes only: the tests count them.
write_audit_policy() {
        put "$STATE/audit.yaml" <<EOF
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, verbs: [create, update, patch, delete, deletecollection]}, {level: None}]
EOF
}

# Names outside the cluster do not exist: nothing answers for them here, and a refusal would be asked again.
write_dns_config() {
        put "$STATE/Corefile" <<EOF
cluster.local:53 in-addr.arpa:53 {
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $STATE/dns.kubeconfig
  }
  cache 5
}
.:53 {
  errors
  template ANY ANY {
    rcode NXDOMAIN
  }
}
EOF
}
