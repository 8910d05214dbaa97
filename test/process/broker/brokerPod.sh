# First process of mount and process namespaces of its own: the broker as its pod runs it, on a root file system that is
# read-only, with the pod's configuration and environment. When it ends, the kernel ends every other process in there.
#
# Arguments: root file system, directory of configuration, then the pod's environment as NAME=value.
set -eu
root=$1 conf=$2
shift 2

mount --bind "$root" "$root"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$conf" "$root/etc/rabbitmq/conf.d"
for path in tmp var/lib/rabbitmq var/log/rabbitmq; do mount -t tmpfs -o mode=1777 tmpfs "$root/$path"; done
mount -o remount,ro,bind "$root"

as_rabbitmq="chroot $root setpriv --reuid 999 --regid 999 --clear-groups --bounding-set=-all --no-new-privs
    env -i PATH=/usr/lib/rabbitmq/bin:/usr/bin:/bin HOME=/var/lib/rabbitmq LANG=C.UTF-8"

$as_rabbitmq "$@" rabbitmq-server < /dev/null >&2 &
# Each line of standard input is a command inside the pod, as `kubectl exec` would run it; their output is the only one on
# standard output. The end of the input is the pod's.
while read -r line; do
    $as_rabbitmq "$@" sh -c "$line" < /dev/null || echo "exit code $?"
    echo "done: $line"
done
