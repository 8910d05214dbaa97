#!/bin/bash
# The first process of a node: gives it a root of its own and its place in the cluster's network, and runs its programs.
#
# From its starter: NODE (its directory on the machine), BRICK (its copy of the replicated volumes, there too), KUBERNETES (the one binary), SHARED (directories of
# the machine that every node has, at the same paths), BRIDGE, GATEWAY, ADDRESS (with the prefix's length), POD_ROUTES (lines of `subnet
# address`, one for each other node), POD_SUBNET (its own), SERVICE_SUBNET, NEW_POD_QUEUE and POLICY_QUEUE (their numbers) and TOOLS (a
# directory whose usr is laid over the machine's own; empty for none).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/supervise.sh"

name=$(hostname)
ip link add name eth0 type veth peer name "$name" netns /proc/self/fd/4
nsenter --net=/proc/self/fd/4 ip link set "$name" master "$BRIDGE" up
exec 4>&-
ip address add "$ADDRESS" dev eth0
ip link set eth0 up
echo 1 > /proc/sys/net/ipv4/ip_forward
while read -r subnet address; do
    [ -z "$subnet" ] || ip route add "$subnet" via "$address"
done <<< "$POD_ROUTES"
# A call to a Service needs a route before it is led to a pod.
ip route add default via "${GATEWAY%/*}"

root=$NODE/root
mkdir -p "$root"
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
mkdir dev etc node opt proc root run srv sys tmp usr var
ln -s usr/bin usr/sbin usr/lib .
[ ! -d /usr/lib64 ] || ln -s usr/lib64 .
if [ -n "$TOOLS" ]; then mount -t overlay -o "lowerdir=$TOOLS/usr:/usr" overlay usr; else mount --bind /usr usr; fi
mount -o remount,bind,ro usr
mount --bind /etc etc
mount -o remount,bind,ro etc
# On disk, and no overlay: containers' file systems are overlays themselves, which do not stack.
mkdir -p "$NODE/var" "$NODE/node"
mount --bind "$NODE/var" var
mkdir -p var/lib/cni var/log var/tmp
ln -sfn /run var/run
# What is remembered of pods' networks ends with them.
mount -t tmpfs -o mode=755 tmpfs var/lib/cni
mount --bind "$NODE/node" node
mkdir -p var/lib/document-sync/brick
mount --bind "$BRICK" var/lib/document-sync/brick
while read -r directory; do
    mkdir -p "$directory" ".$directory"
    mount --bind "$directory" ".$directory"
done <<< "$SHARED"
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs run
mkdir run/lock run/sysctl
touch run/kubernetes
mount --bind "$KUBERNETES" run/kubernetes
mount -o remount,bind,ro run/kubernetes

mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty kmsg fuse; do
    # Some machines have no FUSE.
    [ -e "/dev/$device" ] || continue
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t mqueue mqueue dev/mqueue
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount --move /proc proc
mount --move /sys sys

# These are the machine's, in whatever namespace: the kubelet finds the values that it wants in files of the node's own.
while read -r sysctl value; do
    file=run/sysctl/${sysctl//\//.}
    echo "$value" > "$file"
    mount --bind "$file" "proc/sys/$sysctl"
done << 'END'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END

mkdir machine
pivot_root . machine
cd /
umount --lazy /machine
rmdir /machine

# Every new connection of a pod waits for the word of a program, which asks the NetworkPolicies. If there is no such program, no
# connection is made. At a first queue it waits until the program knows the pod, and is then marked as one that has passed it.
# None can keep a pod from itself: the other mark is kube-proxy's, of a call to a Service that comes back to its own caller.
new="--table mangle --append FORWARD --match conntrack --ctstate NEW"
iptables $new --source "$POD_SUBNET" --match mark --mark 0x4000/0x4000 --ctorigdst "$SERVICE_SUBNET" --jump ACCEPT
iptables $new --match mark ! --mark 0x10000/0x10000 --jump NFQUEUE --queue-num "$NEW_POD_QUEUE"
iptables $new --jump NFQUEUE --queue-num "$POLICY_QUEUE"

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
for program in /node/programs/*; do keep "/var/log/${program##*/}.log" "$program"; done
ready
wait_for_ever
