package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// volume is the directory that is mounted, as its server has it.
//
// Files are known by handles (open_by_handle_at(2)), as to an NFS server: one that another node has renamed is still found,
// and one that is gone gets ESTALE, upon which the kernel looks its name up again. A path would lie in other ways.
type volume struct {
	directory int
	device    uint64
	faults    *faults
	// listings is for how long a listing is believed.
	listings time.Duration
}

// newRoot opens a directory on a file system that has handles: ext4, xfs and tmpfs do, an overlay mostly not.
func newRoot(path string, listings time.Duration, faults *faults) (*node, error) {
	directory, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w.", path, err)
	}
	handle, status, err := identify(directory)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil, fmt.Errorf("The file system of %s has no file handles: take a directory on ext4, xfs or tmpfs.", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be identified: %w.", path, err)
	}
	v := &volume{directory: directory, device: status.Dev, faults: faults, listings: listings}
	fd, err := v.open(handle, unix.O_PATH)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened by its handle, which needs CAP_DAC_READ_SEARCH: %w.", path, err)
	}
	unix.Close(fd)
	return &node{volume: v, handle: handle}, nil
}

// identify is the handle of an open file, which may be open as a path only, and its status.
func identify(fd int) (unix.FileHandle, *syscall.Stat_t, error) {
	var status syscall.Stat_t
	if err := syscall.Fstat(fd, &status); err != nil {
		return unix.FileHandle{}, nil, err
	}
	handle, _, err := unix.NameToHandleAt(fd, "", unix.AT_EMPTY_PATH)
	return handle, &status, err
}

// open opens a file by its handle, whatever its names are now.
func (v *volume) open(handle unix.FileHandle, flags int) (int, error) {
	return unix.OpenByHandleAt(v.directory, handle, flags|unix.O_CLOEXEC)
}

// generation tells a file from a later one that got its inode number.
func generation(handle unix.FileHandle) uint64 {
	hash := fnv.New64a()
	hash.Write(handle.Bytes())
	return hash.Sum64()
}

// pathOf is a path of an open file for system calls that take no descriptor which is open as a path only.
func pathOf(fd int) string {
	return "/proc/self/fd/" + strconv.Itoa(fd)
}
