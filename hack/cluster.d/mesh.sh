# shellcheck shell=bash
# A service mesh on the running cluster: a real Istio, its control plane and agent built from the Go module, Envoy from PyPI.

MESH_NAMESPACE=istio-system

# The node's images by the archives they came from: these are named by content.
mesh_images() {
        local name archive
        for name in pilot proxyv2; do
                archive=$("$ROOT/hack/images" --archive "istio-$name") || die "no image of istio-$name"
                if in_containerd images ls -q | grep -x "localhost/istio/$name:$ISTIO_VERSION" >/dev/null &&
                        [ "$(cat "$STATE/image-$name" 2>/dev/null)" = "$archive" ]; then
                        continue
                fi
                load_images "$archive"
                echo "$archive" >"$STATE/image-$name"
        done
}

# Charts of a source tree call themselves 1.0.0.
mesh_manifest() {
        sed "s/@VERSION@/$ISTIO_VERSION/g" "$ROOT/hack/cluster.d/istio.yaml" >"$STATE/istio-install.yaml"
        "$ISTIO_BIN/istioctl" manifest generate -f "$STATE/istio-install.yaml" |
                sed "s/app.kubernetes.io\/version: 1.0.0/app.kubernetes.io\/version: $ISTIO_VERSION/" >"$STATE/istio.yaml.new"
        mv "$STATE/istio.yaml.new" "$STATE/istio.yaml"
}

# Custom resources of kinds that were defined a moment ago are refused until the API server serves them.
mesh_apply() { kubectl apply --server-side --force-conflicts -f "$STATE/istio.yaml"; }

istiod_ready() { kubectl wait -n "$MESH_NAMESPACE" --for=condition=Available deployment/istiod --timeout=1s; }

# istiod signs its own webhooks: before that, pods are created without a proxy, and nonsense is accepted.
injector_ready() {
        [ -n "$(kubectl get mutatingwebhookconfiguration istio-sidecar-injector -o \
                jsonpath='{.webhooks[0].clientConfig.caBundle}')" ]
}
validator_ready() {
        [ "$(kubectl get validatingwebhookconfiguration "istio-validator-$MESH_NAMESPACE" -o \
                jsonpath='{.webhooks[0].failurePolicy}')" = Fail ]
}

mesh_key() { { sha256sum "$STATE/istio.yaml" && cat "$STATE"/image-*; } | sha256sum | cut -c1-16; }

mesh_istio() {
        local start=$SECONDS
        alive containerd || die "no cluster of this checkout; start it with: hack/cluster up"
        apt_need iptables nftables python3 python3-pip buildah ca-certificates
        lock
        istio_programs
        find_programs
        mesh_images
        mesh_manifest
        if [ "$(cat "$STATE/mesh" 2>/dev/null)" = "$(mesh_key)" ] && istiod_ready >/dev/null 2>&1; then
                say "Istio $ISTIO_VERSION is there already"
                return
        fi
        kubectl create namespace "$MESH_NAMESPACE" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
        retry 4 mesh_apply >"$STATE/istio.log" 2>&1 || {
                tail -20 "$STATE/istio.log" >&2
                die "the manifests of Istio cannot be applied"
        }
        # A new image under the old tag needs new pods.
        [ ! -e "$STATE/mesh" ] || kubectl rollout restart -n "$MESH_NAMESPACE" deployment/istiod >/dev/null
        wait_for 120 istiod kubectl rollout status -n "$MESH_NAMESPACE" deployment/istiod --timeout=5s
        wait_for 60 "sidecar injector" injector_ready
        wait_for 60 "Istio's validation" validator_ready
        mesh_key >"$STATE/mesh"
        say "Istio $ISTIO_VERSION installed in $((SECONDS - start)) s"
}

mesh_none() {
        alive containerd || die "no cluster of this checkout; start it with: hack/cluster up"
        lock
        find_programs
        if [ -e "$STATE/istio.yaml" ]; then
                # First what calls istiod, else every later change waits for a server that is gone.
                kubectl delete mutatingwebhookconfigurations,validatingwebhookconfigurations -l app=istiod --ignore-not-found >/dev/null
                kubectl delete mutatingwebhookconfigurations -l app=sidecar-injector --ignore-not-found >/dev/null
                "$KUBE_BIN/kubectl" --kubeconfig "$STATE/admin.kubeconfig" delete -f "$STATE/istio.yaml" --ignore-not-found >"$STATE/istio.log" 2>&1 || true
                "$KUBE_BIN/kubectl" --kubeconfig "$STATE/admin.kubeconfig" delete namespace "$MESH_NAMESPACE" --ignore-not-found >/dev/null
                rm -f "$STATE/istio.yaml" "$STATE/mesh"
        fi
        say "no mesh is installed; pods that have a proxy keep it until they are made anew"
}
