# shellcheck shell=bash
# A certificate authority of the cluster's own, and one identity for each component.

# cert NAME "/O=…/CN=…" [SAN]: a key and a certificate signed by the cluster's CA.
cert() {
        local name=$1 subject=$2 san=${3:-}
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$PKI/$name.key" \
                -subj "$subject" -out "$PKI/$name.csr" 2>/dev/null
        openssl x509 -req -in "$PKI/$name.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 3650 \
                -extfile <(printf 'extendedKeyUsage=clientAuth,serverAuth\n%s\n' "${san:+subjectAltName=$san}") \
                -out "$PKI/$name.crt" 2>/dev/null
        rm -f "$PKI/$name.csr"
}

# kubeconfig NAME: credentials of that identity in one file.
kubeconfig() {
        local name=$1
        cat >"$STATE/$name.kubeconfig" <<EOF
apiVersion: v1
kind: Config
current-context: loadstone
contexts: [{name: loadstone, context: {cluster: loadstone, user: $name}}]
clusters: [{name: loadstone, cluster: {server: "https://$NODE_IP:6443", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}}]
users: [{name: $name, user: {client-certificate-data: $(base64 -w0 "$PKI/$name.crt"), client-key-data: $(base64 -w0 "$PKI/$name.key")}}]
EOF
        chmod 600 "$STATE/$name.kubeconfig"
}

certs_make() {
        PKI=$STATE/pki
        [ -e "$STATE/admin.kubeconfig" ] && return
        mkdir -p "$PKI"
        chmod 700 "$PKI"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=loadstone-ca \
                -keyout "$PKI/ca.key" -out "$PKI/ca.crt" 2>/dev/null
        openssl genrsa -out "$PKI/sa.key" 2048 2>/dev/null
        openssl rsa -in "$PKI/sa.key" -pubout -out "$PKI/sa.pub" 2>/dev/null
        cert apiserver /CN=kube-apiserver "IP:$NODE_IP,IP:127.0.0.1,IP:10.96.0.1,DNS:kubernetes.default.svc,DNS:localhost"
        cert kubelet-client "/O=system:masters/CN=kube-apiserver-kubelet-client"
        cert kubelet-serving "/O=system:nodes/CN=system:node:$NODE_NAME" "IP:$NODE_IP,DNS:$NODE_NAME"
        cert kubelet "/O=system:nodes/CN=system:node:$NODE_NAME"
        cert controller-manager /CN=system:kube-controller-manager
        cert scheduler /CN=system:kube-scheduler
        cert proxy /CN=system:kube-proxy
        cert dns "/O=system:masters/CN=coredns"
        cert admin "/O=system:masters/CN=loadstone-admin"
        for name in kubelet controller-manager scheduler proxy dns admin; do
                kubeconfig "$name"
        done
}
