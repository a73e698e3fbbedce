# shellcheck shell=bash
# Starting, watching and stopping the cluster's daemons, each by its own pid.

NODE_NAME=loadstone
LOGS=$STATE/logs

alive() { [ -e "$STATE/$1.pid" ] && kill -0 "$(cat "$STATE/$1.pid")" 2>/dev/null; }

# start NAME CMD…: in the cluster's network namespace and a session of its own. nsenter and not "ip netns exec":
# that one mounts /sys anew and hides the cgroups from the kubelet.
start() {
        local name=$1
        shift
        alive "$name" && return
        mkdir -p "$LOGS"
        setsid nsenter --net="/run/netns/$NETNS" -- "$@" >>"$LOGS/$name.log" 2>&1 </dev/null &
        echo $! >"$STATE/$name.pid"
}

# wait_for SECONDS WHAT CMD…: until CMD succeeds.
wait_for() {
        local seconds=$1 what=$2 end
        shift 2
        end=$((SECONDS + seconds))
        until "$@" >/dev/null 2>&1; do
                [ "$SECONDS" -lt "$end" ] || die "$what: not within $seconds s; logs are in $LOGS"
                sleep 0.3
        done
}

stop() {
        local name=$1 pid end
        [ -e "$STATE/$name.pid" ] || return 0
        pid=$(cat "$STATE/$name.pid")
        if kill "$pid" 2>/dev/null; then
                end=$((SECONDS + 20))
                while kill -0 "$pid" 2>/dev/null; do
                        [ "$SECONDS" -lt "$end" ] || kill -9 "$pid" 2>/dev/null || true
                        sleep 0.1
                done
        fi
        rm -f "$STATE/$name.pid"
}

write_containerd_config() {
        local snapshotter=overlayfs adjust=false
        # Without CAP_SYS_RESOURCE runc may not lower a score, and dies when told to.
        # The capability is bit 24; capsh names it both where it is held ("=ep" without it) and where it is dropped.
        (( 16#$(awk '$1 == "CapEff:" {print $2}' /proc/self/status) >> 24 & 1 )) || adjust=true
        grep -q overlay /proc/filesystems || snapshotter=native
        mkdir -p "$STATE/cni"
        cat >"$STATE/containerd.toml" <<EOF
version = 2
root = "$STATE/containerd"
state = "$STATE/containerd-state"
[grpc]
  address = "$STATE/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = $adjust
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$snapshotter"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$STATE/cni"
EOF
        cat >"$STATE/cni/10-loadstone.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "loadstone", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$STATE/ipam", "ranges": [[{"subnet": "$POD_CIDR"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
}

# The kubelet's pods live below a cgroup of this checkout, so that two clusters on a host do not share one tree.
cgroups_make() {
        local controller
        if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
                mkdir -p "/sys/fs/cgroup/$NETNS"
                for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
                        echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
                        echo "+$controller" >"/sys/fs/cgroup/$NETNS/cgroup.subtree_control" 2>/dev/null || true
                done
                return
        fi
        for controller in /sys/fs/cgroup/*/; do
                mkdir -p "$controller$NETNS" 2>/dev/null || true
        done
        if [ -e "/sys/fs/cgroup/cpuset/$NETNS/cpuset.cpus" ]; then
                cat /sys/fs/cgroup/cpuset/cpuset.cpus >"/sys/fs/cgroup/cpuset/$NETNS/cpuset.cpus"
                cat /sys/fs/cgroup/cpuset/cpuset.mems >"/sys/fs/cgroup/cpuset/$NETNS/cpuset.mems"
        fi
}

cgroups_remove() {
        local top
        for top in /sys/fs/cgroup/"$NETNS" /sys/fs/cgroup/*/"$NETNS"; do
                [ -d "$top" ] || continue
                find "$top" -depth -type d -exec rmdir {} + 2>/dev/null || true
        done
}

write_kubelet_config() {
        printf 'nameserver %s\n' "$DNS_IP" >"$STATE/resolv.conf"
        cat >"$STATE/kubelet.yaml" <<EOF
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
        cat >"$STATE/proxy.yaml" <<EOF
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
        cat >"$STATE/audit.yaml" <<EOF
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata, verbs: [create, update, patch, delete, deletecollection]}, {level: None}]
EOF
        cat >"$STATE/Corefile" <<EOF
.:53 {
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $STATE/dns.kubeconfig
  }
  cache 5
}
EOF
}

start_control_plane() {
        start etcd "$ETCD_BIN/etcd" --data-dir "$STATE/etcd" --unsafe-no-fsync --quota-backend-bytes=4294967296
        start kube-apiserver "$KUBE_BIN/kube-apiserver" \
                --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range=$SERVICE_CIDR \
                --advertise-address="$NODE_IP" --bind-address=0.0.0.0 --secure-port=6443 \
                --tls-cert-file="$STATE/pki/apiserver.crt" --tls-private-key-file="$STATE/pki/apiserver.key" \
                --client-ca-file="$STATE/pki/ca.crt" --authorization-mode=Node,RBAC \
                --enable-admission-plugins=NodeRestriction \
                --service-account-key-file="$STATE/pki/sa.pub" --service-account-signing-key-file="$STATE/pki/sa.key" \
                --service-account-issuer=https://kubernetes.default.svc \
                --kubelet-certificate-authority="$STATE/pki/ca.crt" \
                --kubelet-client-certificate="$STATE/pki/kubelet-client.crt" \
                --kubelet-client-key="$STATE/pki/kubelet-client.key" --kubelet-preferred-address-types=InternalIP \
                --audit-policy-file="$STATE/audit.yaml" --audit-log-path="$STATE/audit.log"
        wait_for 60 "API server" "$KUBE_BIN/kubectl" --kubeconfig "$STATE/admin.kubeconfig" get --raw /readyz
        start kube-controller-manager "$KUBE_BIN/kube-controller-manager" \
                --kubeconfig="$STATE/controller-manager.kubeconfig" --use-service-account-credentials \
                --service-account-private-key-file="$STATE/pki/sa.key" --root-ca-file="$STATE/pki/ca.crt" \
                --cluster-signing-cert-file="$STATE/pki/ca.crt" --cluster-signing-key-file="$STATE/pki/ca.key" \
                --leader-elect=false --allocate-node-cidrs=false --bind-address=127.0.0.1
        start kube-scheduler "$KUBE_BIN/kube-scheduler" --kubeconfig="$STATE/scheduler.kubeconfig" \
                --leader-elect=false --bind-address=127.0.0.1
}

start_node() {
        start containerd /usr/bin/containerd --config "$STATE/containerd.toml"
        # A kubelet that finds no CRI exits, and pods go stale: wait until it answers.
        wait_for 30 containerd ctr --address "$STATE/containerd.sock" -n k8s.io version
        wait_for 30 "containerd's CRI" sh -c "ctr --address '$STATE/containerd.sock' plugins ls | grep -q 'cri .*ok'"
        pause_image
        mkdir -p "$STATE/pod-logs"
        start kubelet "$KUBE_BIN/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$STATE/kubelet.kubeconfig" \
                --root-dir="$STATE/kubelet" --hostname-override=$NODE_NAME --node-ip="$NODE_IP"
        start kube-proxy "$KUBE_BIN/kube-proxy" --config="$STATE/proxy.yaml"
        start coredns "$DNS_BIN/coredns" -conf "$STATE/Corefile"
}

pause_image() {
        ctr --address "$STATE/containerd.sock" -n k8s.io images ls -q | grep -qx localhost/pause:1 && return
        "$ROOT/hack/images" --import pause
}

# Everything that a killed cluster leaves behind, and what remains after an orderly stop.
clear_leftovers() {
        local shim
        for shim in $(pgrep -f -- "containerd-shim.* -address $STATE/containerd.sock" || true); do
                kill -9 "$(pgrep -P "$shim" || true)" "$shim" 2>/dev/null || kill -9 "$shim" 2>/dev/null || true
        done
        sleep 0.2
        awk -v top="$STATE/" 'index($2, top) == 1 {print $2}' /proc/self/mounts | sort -r | while read -r mount; do
                umount -l "$mount" 2>/dev/null || true
        done
        cgroups_remove
}
