package main

import (
	"context"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"golang.org/x/sys/unix"
)

// unsynced is what this mount has written to a file since fsync(2) last succeeded, and so may lose.
type unsynced struct {
	mutex sync.Mutex
	dirty bool
	// safe is the size of what is not lost.
	safe int64
}

// changed says that what lies beyond `size` is not on disk yet.
func (u *unsynced) changed(size int64) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if !u.dirty || size < u.safe {
		u.safe = size
	}
	u.dirty = true
}

// synced says that all is on disk, or forgotten, and returns the size of what would have been lost, if there was something.
func (u *unsynced) synced() (safe int64, dirty bool) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	safe, dirty = u.safe, u.dirty
	u.safe, u.dirty = 0, false
	return safe, dirty
}

var _ = fs.NodeFsyncer(&node{})

// Fsync that fails has lost what was to be synced, and the next one succeeds, as on Linux: the error is told once for each
// descriptor, and the pages are clean from then on.
func (n *node) Fsync(_ context.Context, handle fs.FileHandle, _ uint32) syscall.Errno {
	open, ok := handle.(*file)
	if !ok {
		return syscall.EBADF
	}
	isDone := false
	errno := n.run("fsync", func() syscall.Errno {
		isDone = true
		err := unix.Fsync(open.fd)
		if err == nil {
			n.unsynced.synced()
		}
		return fs.ToErrno(err)
	})
	if isDone {
		return errno
	}
	if safe, dirty := n.unsynced.synced(); dirty {
		n.truncate(func(size int64) int64 { return min(size, safe) })
	}
	return errno
}

// resize is truncate(2), also the one that O_TRUNC asks for.
func (n *node) resize(size int64) syscall.Errno {
	return n.truncate(func(old int64) int64 {
		n.unsynced.changed(min(old, size))
		return size
	})
}

// truncate gives a file the size that comes of the one it has.
func (n *node) truncate(to func(size int64) int64) syscall.Errno {
	fd, err := n.volume.open(n.handle, unix.O_WRONLY)
	if err != nil {
		return fs.ToErrno(err)
	}
	defer unix.Close(fd)
	var status unix.Stat_t
	if err := unix.Fstat(fd, &status); err != nil {
		return fs.ToErrno(err)
	}
	return fs.ToErrno(unix.Ftruncate(fd, to(status.Size)))
}
