# shellcheck shell=bash
# Starting, watching and stopping daemons, each by its own pid.

LOGS=$STATE/logs
# In the order in which they stop: what talks to others goes before them.
DAEMONS="kubelet kube-proxy coredns kube-scheduler kube-controller-manager kube-apiserver etcd containerd"

# A pid alone may by now be somebody else's process; pid and start time together never are. One that has ended and waits
# for its parent to take note, which may take seconds, counts as gone.
birth_of() { awk '{sub(/^.*\) /, "")} $1 != "Z" {print $20}' "/proc/$1/stat" 2>/dev/null; }

pid_of() { cut -d' ' -f1 "$STATE/$1.pid"; }

alive() {
        local pid birth
        read -r pid birth 2>/dev/null <"$STATE/$1.pid" || return 1
        [ -n "$birth" ] && [ "$(birth_of "$pid")" = "$birth" ]
} 2>/dev/null

# start NAME CMD…: in the cluster's network namespace and a session of its own. nsenter and not "ip netns exec":
# that one mounts /sys anew and hides the cgroups from the kubelet.
start() {
        local name=$1
        shift
        mkdir -p "$LOGS"
        setsid nsenter --net="/run/netns/$NETNS" -- "$@" >>"$LOGS/$name.log" 2>&1 </dev/null 9>&- &
        echo "$! $(birth_of $!)" >"$STATE/$name.pid"
}

# stop NAME: asks, waits until it is gone, and kills it after five seconds: an API server whose etcd was killed never ends.
stop() {
        local name=$1 pid end=$((SECONDS + 5))
        if alive "$name"; then
                pid=$(pid_of "$name")
                kill "$pid" 2>/dev/null || true
                while alive "$name"; do
                        [ "$SECONDS" -lt "$end" ] || kill -9 "$pid" 2>/dev/null || true
                        sleep 0.1
                done
        fi
        rm -f "$STATE/$name.pid"
}

stop_daemons() {
        local name
        for name in $DAEMONS; do
                stop "$name"
        done
}

# wait_for SECONDS WHAT CMD…: until CMD succeeds; at once in vain when a daemon has died meanwhile.
wait_for() {
        local seconds=$1 what=$2 end name
        shift 2
        end=$((SECONDS + seconds))
        until "$@" >/dev/null 2>&1; do
                for name in $DAEMONS; do
                        [ ! -e "$STATE/$name.pid" ] || alive "$name" || daemon_died "$name"
                done
                [ "$SECONDS" -lt "$end" ] || die "$what: not ready within $seconds s; logs are in $LOGS"
                sleep 0.2
        done
}

daemon_died() {
        tail -15 "$LOGS/$1.log" | cut -c1-400 >&2
        die "$1 has ended; its whole log is $LOGS/$1.log"
}
