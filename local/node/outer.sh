#!/bin/bash
# The first process of the outer box: the cluster's network, in which each node is a box of its own, and the forwarder from the
# machine's loopback.
#
# From its starter: BRIDGE, GATEWAY (with the prefix's length), LOGS (a directory) and FORWARDER (a program).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/supervise.sh"

# What programs leave in /run is the box's, and the nodes' that are made in it; `-n`, or mount itself would write there.
mount -n -t tmpfs -o mode=755 tmpfs /run

# With an address of its own: a bridge otherwise takes that of its ports in turn, and neighbours' tables grow stale.
ip link add name "$BRIDGE" address 02:64:73:79:6e:63 type bridge
ip address add "$GATEWAY" dev "$BRIDGE"
ip link set "$BRIDGE" up
# Whoever calls an address outside the cluster learns at once that it can't be reached.
echo 1 > /proc/sys/net/ipv4/ip_forward
ip route add unreachable default

exec 5< /proc/self/ns/net
keep "$LOGS/forwarder.log" nsenter --net=/proc/self/fd/4 "$FORWARDER" --network=5
exec 4>&- 5>&-
ready
wait_for_ever
