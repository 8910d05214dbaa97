#!/bin/bash
# The first process of a machine of the tests' own, until it is killed: processes, mounts, loopback and cgroups apart from the
# real machine's, and every file that is written in the directories of the system in `changes` instead.
#
#     testMachine.sh DIRECTORY [start]
set -euo pipefail
directory=$1
cgroups=(blkio cpu cpuacct cpuset devices freezer memory pids)

if [ "${2-}" != start ]; then
    for name in "${cgroups[@]}" systemd; do
        own=/sys/fs/cgroup/$name/$(basename "$directory")
        mkdir -p "$own"
        # A new cpuset is empty, and takes no process.
        if [ "$name" = cpuset ]; then for file in cpuset.cpus cpuset.mems; do cat "$own/../$file" > "$own/$file"; done; fi
        echo $$ > "$own/cgroup.procs"
    done
    exec unshare --mount --propagation private --net --pid --fork --kill-child --cgroup "$0" "$directory" start
fi

mount -t proc proc /proc
# The one of before shows the real machine's network.
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for name in "${cgroups[@]}"; do
    mkdir "/sys/fs/cgroup/$name"
    mount -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name"
done
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
ip link set lo up
# The real machine's would say after a reboot that there was none.
cat /proc/sys/kernel/random/uuid > "$directory/boot_id"
mount --bind "$directory/boot_id" /proc/sys/kernel/random/boot_id

# What a cluster that is up on the real machine has mounted would be seen here too, out of reach.
cut --delimiter=" " --fields=5 /proc/self/mountinfo | tac | while read -r path; do
    [[ $path != "$PLATFORM"/* ]] || umount --lazy "$path"
done

# What was built is built for all; nothing is built twice for a test.
mkdir -p "$CACHE" "$directory/cache"
mount --bind "$CACHE" "$directory/cache"
for path in /etc /home /opt /root /run /srv /usr /var; do
    [ -d "$path" ] || continue
    mkdir -p "$directory/changes$path" "$directory/work$path"
    mount -t overlay -o "lowerdir=$path,upperdir=$directory/changes$path,workdir=$directory/work$path" overlay "$path"
done
mount --bind "$directory/cache" "$CACHE"
umount "$directory/cache"
# Not within the others: containers' file systems are overlays themselves, which do not stack on all of them.
mkdir -p "$directory/platform" "$PLATFORM"
mount --bind "$directory/platform" "$PLATFORM"

touch "$directory/ready"
# It also takes in the children of processes that have ended.
while :; do
    sleep infinity &
    wait $! || true
done
