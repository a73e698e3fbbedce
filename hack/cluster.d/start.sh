# shellcheck shell=bash
# The daemons with their flags, in the order in which they need each other.

start_control_plane() {
        start etcd "$ETCD_BIN/etcd" --data-dir "$STATE/etcd" --unsafe-no-fsync --quota-backend-bytes=4294967296
        start kube-apiserver "$KUBE_BIN/kube-apiserver" \
                --etcd-servers=http://127.0.0.1:2379 --service-cluster-ip-range="$SERVICE_CIDR" \
                --advertise-address="$NODE_IP" --bind-address=0.0.0.0 --secure-port=6443 \
                --tls-cert-file="$STATE/pki/apiserver.crt" --tls-private-key-file="$STATE/pki/apiserver.key" \
                --client-ca-file="$STATE/pki/ca.crt" --authorization-mode=Node,RBAC \
                --enable-admission-plugins=NodeRestriction \
                --service-account-key-file="$STATE/pki/sa.pub" --service-account-signing-key-file="$STATE/pki/sa.key" \
                --service-account-issuer=https://kubernetes.default.svc \
                --kubelet-certificate-authority="$STATE/pki/ca.crt" \
                --kubelet-client-certificate="$STATE/pki/kubelet-client.crt" \
                --kubelet-client-key="$STATE/pki/kubelet-client.key" --kubelet-preferred-address-types=InternalIP \
                --audit-policy-file="$STATE/audit.yaml" --audit-log-path="$STATE/audit.log" \
                --audit-log-maxsize=500 --audit-log-maxbackup=1
        wait_for 60 "API server" api_ready
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
        wait_for 30 containerd cri_ready
        pause_image
        mkdir -p "$STATE/pod-logs"
        start kubelet "$KUBE_BIN/kubelet" --config="$STATE/kubelet.yaml" --kubeconfig="$STATE/kubelet.kubeconfig" \
                --root-dir="$STATE/kubelet" --hostname-override="$NODE_NAME" --node-ip="$NODE_IP"
        start kube-proxy "$KUBE_BIN/kube-proxy" --config="$STATE/proxy.yaml"
        start coredns "$DNS_BIN/coredns" -conf "$STATE/Corefile"
}

in_containerd() { ctr --address "$STATE/containerd.sock" -n k8s.io "$@"; }

# "grep -q" would end before its writer, which counts as a failure of the whole pipe.
cri_ready() { in_containerd plugins ls | grep 'cri .*ok' >/dev/null; }

pause_image() {
        in_containerd images ls -q | grep -x localhost/pause:1 >/dev/null && return
        "$ROOT/hack/images" --import pause
}
