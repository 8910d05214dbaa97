# Functions for boxes, of which each is a cgroup: in the hierarchies of version 1, as many as there are, or in the one of version 2.

# Each hierarchy of version 1 as two words: its directory and the options that mount it.
cgroup_hierarchies() {
    local controllers
    while IFS=: read -r _ controllers _; do
        case $controllers in
            "") ;; # The one of version 2, which has no controllers where version 1 is used.
            name=*) echo "/sys/fs/cgroup/${controllers#name=} none,$controllers" ;;
            *) echo "/sys/fs/cgroup/$controllers $controllers" ;;
        esac
    done < /proc/self/cgroup
}

# Of version 2 alone there is a single line, which names no controllers.
has_cgroups_v2() { ! grep --quiet --invert-match '^0::' /proc/self/cgroup; }

# hand_on DIRECTORY: in version 2, cgroups below have those controllers only that are handed on.
hand_on() {
    local controller
    for controller in $(< "$1/cgroup.controllers"); do
        grep --quiet --word-regexp "$controller" "$1/cgroup.subtree_control" ||
            echo "+$controller" > "$1/cgroup.subtree_control" ||
            { echo "The cgroup $1 can't hand on its controller $controller: move its processes to a cgroup below it." >&2; return 1; }
    done
}

# make_cgroup NAME: makes the cgroup and puts this process into it.
make_cgroup() {
    local directory file
    if has_cgroups_v2; then
        hand_on /sys/fs/cgroup
        mkdir -p "/sys/fs/cgroup/$1"
        echo $$ > "/sys/fs/cgroup/$1/cgroup.procs"
        return
    fi
    while read -r directory _; do
        [ -d "$directory" ] || continue
        mkdir -p "$directory/$1"
        # A new cpuset is empty, and takes no process.
        for file in cpuset.cpus cpuset.mems; do
            [ ! -e "$directory/$1/$file" ] || cat "$directory/$file" > "$directory/$1/$file"
        done
        echo $$ > "$directory/$1/cgroup.procs"
    done < <(cgroup_hierarchies)
}

# hand_on_controllers NAME: in version 2, cgroups below get controllers only from one that has no process itself, so this one moves
# down. Not before the box's cgroup namespace is made, which starts at the cgroup that its maker is in.
hand_on_controllers() {
    has_cgroups_v2 || return 0
    mkdir -p "/sys/fs/cgroup/$1/init"
    echo $$ > "/sys/fs/cgroup/$1/init/cgroup.procs"
    hand_on "/sys/fs/cgroup/$1"
}

# enter_cgroup NAME: puts this process into a box's cgroup; NAME may be that of a box in a box, outer/inner.
enter_cgroup() {
    local directory
    if has_cgroups_v2; then
        echo $$ > "/sys/fs/cgroup/$1/init/cgroup.procs"
        return
    fi
    while read -r directory _; do
        [ ! -d "$directory/$1" ] || echo $$ > "$directory/$1/cgroup.procs"
    done < <(cgroup_hierarchies)
}

# mount_cgroups: in a box, over those of outside.
mount_cgroups() {
    local directory options hierarchies
    if has_cgroups_v2; then
        mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
        return
    fi
    hierarchies=$(cgroup_hierarchies)
    mount -n -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    while read -r directory options; do
        mkdir "$directory"
        mount -n -t cgroup -o "$options" cgroup "$directory"
    done <<< "$hierarchies"
}
