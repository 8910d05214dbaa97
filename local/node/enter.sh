#!/bin/bash
# Runs a program in a box that is there already, of whose first process it becomes a sibling: it ends with the box.
#
#     enter.sh CGROUP PID DIRECTORY PROGRAM [ARGUMENTS]
#
# CGROUP is the box's name, behind that of the one it is in: outer/inner. PID is that of its first process, as it is seen here.
# DIRECTORY is in the box.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/cgroups.sh"
cgroup=$1 pid=$2 directory=$3
shift 3
enter_cgroup "$cgroup"
cd /
# Not by --wd: that one is looked up outside.
exec nsenter --target "$pid" --mount --net --pid --uts --ipc --cgroup env --chdir="$directory" "$@"
