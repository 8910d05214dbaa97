#!/bin/bash
# The first process of a machine of the tests' own, a box: every file that is written in the directories of the system is written
# in `changes` instead.
#
# From its starter: DIRECTORY (the machine's, on the real one), CACHE (what was built) and PLATFORM (the platform's directory).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../local/node/supervise.sh"
exec 4>&-

# The real machine's would say after a reboot that there was none.
cat /proc/sys/kernel/random/uuid > "$DIRECTORY/boot_id"
mount --bind "$DIRECTORY/boot_id" /proc/sys/kernel/random/boot_id

# What was built is built for all; nothing is built twice for a test.
mkdir -p "$CACHE" "$DIRECTORY/cache"
mount --bind "$CACHE" "$DIRECTORY/cache"
for path in /etc /home /opt /root /run /srv /usr /var; do
    [ -d "$path" ] || continue
    mkdir -p "$DIRECTORY/changes$path" "$DIRECTORY/work$path"
    mount -t overlay -o "lowerdir=$path,upperdir=$DIRECTORY/changes$path,workdir=$DIRECTORY/work$path" overlay "$path"
done
mount --bind "$DIRECTORY/cache" "$CACHE"
umount "$DIRECTORY/cache"
# Not within the others: containers' file systems are overlays themselves, which do not stack on all of them.
mkdir -p "$DIRECTORY/platform" "$PLATFORM"
mount --bind "$DIRECTORY/platform" "$PLATFORM"

ready
wait_for_ever
