# First process of a broker's own mount and process namespaces (see runBroker.ts): when it ends, the kernel ends every
# other process in there and nothing is left mounted. It stays root, because a parent-death signal is lost with a change
# of user, and so it is the one that hears of the end of runBroker.
#
# Arguments: root file system, data directory, port. Standard input: the definitions (users, exchange) to import.
set -eu
root=$1 data=$2 port=$3

# The first process of a namespace gets no signal that it has not asked for.
trap 'exit 0' TERM

exec 9> "$data/lock"
flock --nonblock 9 || { echo "another broker runs on $data"; exit 1; }
mkdir -p "$data/rabbitmq"
chown 999:999 "$data/rabbitmq"

mount --bind "$root" "$root"
mount --bind "$data/rabbitmq" "$root/var/lib/rabbitmq"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/etc/rabbitmq"
mkdir "$root/etc/rabbitmq/conf.d"
(umask 077 && cat > "$root/etc/rabbitmq/definitions.json")
chown 999:999 "$root/etc/rabbitmq/definitions.json"
cat > "$root/etc/rabbitmq/conf.d/broker.conf" << END
listeners.tcp.1 = 127.0.0.1:$port
load_definitions = /etc/rabbitmq/definitions.json
anonymous_login_user = none
max_message_size = 65536
log.file = false
log.console = true
log.console.use_colors = off
END
mount -o remount,ro,bind "$root"

# A node that listens for no other node needs no port mapper, so that any number of brokers run side by side and none
# opens more than its AMQP port. RabbitMQ asks where its distribution port is all the same: -erl_epmd_port answers.
distribution="-sname broker@localhost -dist_listen false -start_epmd false -erl_epmd_port 1"

chroot "$root" setpriv --reuid 999 --regid 999 --clear-groups --bounding-set=-all --no-new-privs \
    env -i PATH=/usr/lib/rabbitmq/bin:/usr/bin:/bin HOME=/var/lib/rabbitmq LANG=C.UTF-8 \
    RABBITMQ_NODENAME=broker@localhost RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none $distribution" \
    rabbitmq-server < /dev/null &
broker=$!
trap 'kill -TERM $broker' TERM
code=0
wait $broker || code=$?
# The trap interrupts the first wait; the second is for the broker's own end.
while kill -0 $broker 2> /dev/null; do wait $broker || code=$?; done
exit $code
