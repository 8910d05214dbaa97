#!/bin/bash
# Makes a box, and runs a program as its first process: network, mounts, processes, host name, IPC and cgroups of its own, apart
# from those of whoever starts it. When the first process ends, the kernel ends all that runs in it, and takes the rest away.
#
#     box.sh NAME PROGRAM [ARGUMENTS]
#
# NAME is its cgroup's and its host's. The program has the box's /proc and /sys; open file 3 is its starter's, to say when it is
# ready; open file 4 is the network that the box was made in.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/cgroups.sh"
name=$1
shift

stage=${BOX_STAGE-1}
unset BOX_STAGE
case $stage in
    1)
        make_cgroup "$name"
        exec 4< /proc/self/ns/net
        BOX_STAGE=2 exec unshare --cgroup "${BASH_SOURCE[0]}" "$name" "$@"
        ;;
    2)
        hand_on_controllers "$name"
        # A file system that is unmounted outside is so in here too, and kept busy by nobody.
        BOX_STAGE=3 exec unshare --mount --propagation slave --net --pid --uts --ipc --fork --kill-child \
            "${BASH_SOURCE[0]}" "$name" "$@"
        ;;
esac

hostname "$name"
# `-n`: nothing is written down in the machine's /run.
mount -n -t proc proc /proc
# The one of before shows the network outside.
mount -n -t sysfs sysfs /sys
mount_cgroups
ip link set lo up
exec "$@"
