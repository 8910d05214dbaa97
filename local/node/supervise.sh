# Functions for the first process of a box.

# keep LOG COMMAND…: runs a program from now on, again whenever it has ended, with its output in a log.
keep() {
    local log=$1
    shift
    [ ! -e "$log" ] || mv "$log" "$log.1"
    (
        exec 3>&-
        while :; do
            "$@" < /dev/null >> "$log" 2>&1 || true
            sleep 0.5
        done
    ) &
}

# Tells the starter.
ready() {
    echo ready >&3
    exec 3>&-
}

# A first process takes in the children of processes that have ended.
wait_for_ever() {
    while :; do
        sleep infinity &
        wait $! || true
    done
}
