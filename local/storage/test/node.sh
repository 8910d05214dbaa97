#!/bin/bash
# The first process of a node of gluster.spec.ts: network, mounts, processes and host name of its own.
#
#     node.sh INDEX ADDRESS DIRECTORY TOOLS
#
# ADDRESS has the prefix's length. DIRECTORY is the node's /var/lib; its start.sh starts the programs. TOOLS has the usr that is laid
# over /usr. Open file 4 is the network that the node's is connected to, by its bridge.
set -euo pipefail
index=$1 address=$2 directory=$3 tools=$4

hostname "node$index"
ip link add name eth0 type veth peer name "node$index" netns /proc/self/fd/4
nsenter --net=/proc/self/fd/4 ip link set "node$index" master nodes up
exec 4>&-
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
mount -t tmpfs tmpfs /run
mount -t overlay -o "lowerdir=$tools/usr:/usr" overlay /usr
mount --bind "$directory" /var/lib
source /var/lib/start.sh
# A first process takes in the children of processes that have ended.
while :; do
    sleep infinity &
    wait $! || true
done
