# shellcheck shell=bash disable=SC2034
# One network namespace holds the whole cluster. A veth pair of two addresses lets this host reach the API server;
# nothing is forwarded between them and the outside.

NETNS=loadstone-$CHECKOUT_ID
VETH=ls$CHECKOUT_ID
# A /30 of the shared address space, chosen by the checkout.
_pair=$((16#${CHECKOUT_ID:0:5} % 1048576 * 4))
HOST_IP=100.$((64 + _pair / 65536 % 64)).$((_pair / 256 % 256)).$((_pair % 256 + 1))
NODE_IP=${HOST_IP%.*}.$((${HOST_IP##*.} + 1))
SERVICE_CIDR=10.96.0.0/16
POD_CIDR=10.244.0.0/22
DNS_IP=10.96.0.10

in_net() { nsenter --net="/run/netns/$NETNS" -- "$@"; }

network_up() {
        [ -e "/run/netns/$NETNS" ] || ip netns add "$NETNS"
        if ! ip link show "$VETH" >/dev/null 2>&1; then
                ip link add "$VETH" type veth peer name node0 netns "$NETNS"
                ip addr add "$HOST_IP/30" dev "$VETH"
                in_net ip addr add "$NODE_IP/30" dev node0
        fi
        ip link set "$VETH" up
        in_net ip link set lo up
        in_net ip link set node0 up
        # kube-proxy and pods need a default route for Service addresses to be routed at all.
        in_net ip route replace default via "$HOST_IP"
        in_net sysctl -qw net.ipv4.ip_forward=1
        # What leaves the cluster ends here: the host forwards nothing that comes from the pair.
        iptables -C FORWARD -i "$VETH" -j DROP 2>/dev/null || iptables -I FORWARD -i "$VETH" -j DROP
}

network_down() {
        iptables -D FORWARD -i "$VETH" -j DROP 2>/dev/null || true
        ip link del "$VETH" 2>/dev/null || true
        ip netns del "$NETNS" 2>/dev/null || true
}
