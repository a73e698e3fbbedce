# shellcheck shell=bash
# Removing what pods and killed daemons leave: shims, containers, mounts, cgroups, links, the network namespace.
# Everything is found by this checkout's names; another cluster on the host is never touched.

clear_leftovers() {
        kill_shims
        kill_pods
        unmount_all
        remove_sockets
        # Only what outlives a restart may stay of containerd; its state of running containers is now wrong.
        rm -rf --one-file-system "$STATE/containerd-state"
        find /var/log/containers -maxdepth 1 -lname "$STATE/*" -delete 2>/dev/null || true
        rm -f "/var/lib/cni/results/$NETNS-"*
        cgroups_remove
        network_down
}

# After the orderly end of containerd its shims live on, by design: they are to outlast its updates.
kill_shims() {
        local shims
        shims=$(pgrep -f "^[^ ]*containerd-shim[^ ]* .*-address $STATE/containerd.sock" || true)
        # shellcheck disable=SC2086 # a list of pids
        [ -z "$shims" ] || kill -9 $shims 2>/dev/null || true
}

pids_in_pods() {
        { find /sys/fs/cgroup/"$NETNS" /sys/fs/cgroup/*/"$NETNS" -name cgroup.procs -exec cat {} + 2>/dev/null || true; } | sort -u
}

# Every process below this checkout's cgroup is a pod's. Repeated, as one may fork between reading and killing.
kill_pods() {
        local end=$((SECONDS + 10)) pids
        while [ "$SECONDS" -lt "$end" ]; do
                pids=$(pids_in_pods)
                [ -n "$pids" ] || return 0
                # shellcheck disable=SC2086 # a list of pids
                kill -9 $pids 2>/dev/null || true
                sleep 0.1
        done
        die "processes of pods do not end: $pids"
}

mounts_left() { awk -v top="$STATE/" 'index($2, top) == 1 {print $2}' /proc/self/mounts | sort -r; }

unmount_all() {
        local mount
        mounts_left | while read -r mount; do
                # The kernel writes spaces in a path as \040.
                umount -l "$(printf '%b' "$mount")" 2>/dev/null || true
        done
        [ -z "$(mounts_left)" ] || die "cannot unmount: $(mounts_left)"
}

# Shims listen in a folder that all clusters of the host share; each writes down the name of its socket.
remove_sockets() {
        local file
        for file in "$STATE"/containerd-state/io.containerd.runtime.v2.task/k8s.io/*/address; do
                [ -e "$file" ] && rm -f "$(sed 's#^unix://##' "$file")"
        done
        return 0
}

# Nothing is mounted below any more, else the wrong files could go with it: unmount_all has made sure.
remove_state() {
        rm -rf --one-file-system "$STATE"
        [ ! -d "$(dirname "$STATE")" ] || rmdir --ignore-fail-on-non-empty "$(dirname "$STATE")"
        # A fixed place of the kubelet's, whatever its root is; it may also be another cluster's.
        if [ ! -e "$(dirname "$STATE")" ] && [ "$(find /var/lib/kubelet -type f,s 2>/dev/null)" = /var/lib/kubelet/device-plugins/kubelet.sock ]; then
                rm -f /var/lib/kubelet/device-plugins/kubelet.sock
                rmdir --ignore-fail-on-non-empty /var/lib/kubelet/device-plugins /var/lib/kubelet
        fi
}

# How many processes of the host all pods together weigh as, where CPU is short. As one, which they would otherwise be, probes, proxies and load
# workers stand still for seconds beside a build.
PODS_WEIGH=16

# The kubelet's pods live below a cgroup of this checkout, so that two clusters on a host do not share one tree.
cgroups_make() {
        local controller
        if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
                mkdir -p "/sys/fs/cgroup/$NETNS"
                for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
                        echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
                        echo "+$controller" >"/sys/fs/cgroup/$NETNS/cgroup.subtree_control" 2>/dev/null || true
                done
                echo $((PODS_WEIGH * 100)) >"/sys/fs/cgroup/$NETNS/cpu.weight" 2>/dev/null || true
                return
        fi
        for controller in /sys/fs/cgroup/*/; do
                mkdir -p "$controller$NETNS" 2>/dev/null || true
        done
        if [ -e "/sys/fs/cgroup/cpu/$NETNS/cpu.shares" ]; then
                echo $((PODS_WEIGH * 1024)) >"/sys/fs/cgroup/cpu/$NETNS/cpu.shares"
        fi
        if [ -e "/sys/fs/cgroup/cpuset/$NETNS/cpuset.cpus" ]; then
                cat /sys/fs/cgroup/cpuset/cpuset.cpus >"/sys/fs/cgroup/cpuset/$NETNS/cpuset.cpus"
                cat /sys/fs/cgroup/cpuset/cpuset.mems >"/sys/fs/cgroup/cpuset/$NETNS/cpuset.mems"
        fi
}

# A killed process counts until its parent has collected it, so a folder may be busy for a moment.
cgroups_remove() {
        local top end=$((SECONDS + 5))
        for top in /sys/fs/cgroup/"$NETNS" /sys/fs/cgroup/*/"$NETNS"; do
                while [ -d "$top" ] && ! find "$top" -depth -type d -exec rmdir {} + 2>/dev/null; do
                        [ "$SECONDS" -lt "$end" ] || break
                        sleep 0.1
                done
        done
}
