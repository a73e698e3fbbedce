# shellcheck shell=bash
# The cluster's programs, built from Go modules at pinned versions and kept in the cache by content.

KUBERNETES_VERSION=v1.34.4
KUBE_PROGRAMS="kube-apiserver kubectl kube-controller-manager kube-scheduler kubelet kube-proxy"

# go_programs MODULE_DIR LDFLAGS NAME=PACKAGE…: builds what the cache lacks and prints the folder that has them.
go_programs() {
        local module=$1 flags=$2 key folder pair
        shift 2
        key=$(printf '%s %s %s' "$(content_key "hack/cluster.d/$module")" "$flags" "$*" | sha256sum | cut -c1-16)
        folder=$CACHE/go/$module-$key
        alone "$folder"
        mkdir -p "$folder"
        for pair in "$@"; do
                [ -x "$folder/${pair%%=*}" ] && continue
                progress "building ${pair%%=*}" go_build "$ROOT/hack/cluster.d/$module" "$flags" \
                        "$folder/${pair%%=*}" "${pair#*=}"
        done
        printf '%s\n' "$folder"
}

go_build() {
        cd "$1" || return 1
        export CGO_ENABLED=0 GOFLAGS=-mod=readonly
        retry 3 go build -trimpath -ldflags "$2" -o "$3.new" "$4" && mv "$3.new" "$3"
}

# Sets KUBE_BIN, ETCD_BIN, DNS_BIN.
cluster_programs() {
        local pairs=() name
        need_go
        for name in $KUBE_PROGRAMS; do
                pairs+=("$name=k8s.io/kubernetes/cmd/$name")
        done
        KUBE_BIN=$(go_programs kubernetes "-s -w -X k8s.io/component-base/version.gitVersion=$KUBERNETES_VERSION \
-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34" "${pairs[@]}") || exit 1
        ETCD_BIN=$(go_programs etcd "-s -w" etcd=go.etcd.io/etcd/server/v3) || exit 1
        DNS_BIN=$(go_programs coredns "-s -w" coredns=.) || exit 1
}

# A commit of Istio's main branch: its tagged releases cannot be built as modules.
ISTIO_COMMIT=eed52ebb66ad
ISTIO_VERSION=1.31.0-$ISTIO_COMMIT

# Sets ISTIO_BIN. Without the stamp istiod and its proxies call themselves "unknown".
istio_programs() {
        local name stamp="-s -w" pairs=()
        need_go
        for name in buildVersion=$ISTIO_VERSION buildGitRevision=$ISTIO_COMMIT buildStatus=Clean buildTag=$ISTIO_VERSION buildHub=localhost/istio; do
                stamp+=" -X istio.io/istio/pkg/version.$name"
        done
        for name in pilot/cmd/pilot-discovery pilot/cmd/pilot-agent istioctl/cmd/istioctl; do
                pairs+=("$(basename $name)=istio.io/istio/$name")
        done
        ISTIO_BIN=$(go_programs istio "$stamp" "${pairs[@]}") || exit 1
}

# What runs stays what "kubectl" uses, also when the pinned versions in the tree have changed since.
remember_programs() { printf 'KUBE_BIN=%q ETCD_BIN=%q DNS_BIN=%q\n' "$KUBE_BIN" "$ETCD_BIN" "$DNS_BIN" >"$STATE/programs"; }

find_programs() {
        [ -r "$STATE/programs" ] || die "no cluster of this checkout; start it with: hack/cluster up"
        # shellcheck source=/dev/null
        . "$STATE/programs"
        [ -x "$KUBE_BIN/kubectl" ] || cluster_programs
}
