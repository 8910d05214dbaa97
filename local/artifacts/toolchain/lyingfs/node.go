package main

import (
	"context"
	"path"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// node is a file or directory of the volume.
type node struct {
	fs.Inode
	volume *volume
	handle unix.FileHandle

	listing  listing
	unsynced unsynced
}

// path is relative to the mount. A file with several names has the one that this mount heard of last, one without a name has none.
func (n *node) path() string {
	return n.Path(nil)
}

// run does an operation on this node under its faults.
func (n *node) run(op string, work func() syscall.Errno) syscall.Errno {
	return n.volume.faults.run(op, n.path(), work)
}

// runNamed does an operation on a name in this directory under its faults.
func (n *node) runNamed(op, name string, work func() syscall.Errno) syscall.Errno {
	return n.volume.faults.run(op, path.Join(n.path(), name), work)
}

// with does something with this node, open as a path only.
func (n *node) with(work func(fd int) error) syscall.Errno {
	fd, err := n.volume.open(n.handle, unix.O_PATH)
	if err != nil {
		return fs.ToErrno(err)
	}
	defer unix.Close(fd)
	return fs.ToErrno(work(fd))
}

// child is the node of an open file in this directory.
func (n *node) child(ctx context.Context, fd int, out *fuse.EntryOut) (*fs.Inode, error) {
	handle, status, err := identify(fd)
	if err != nil {
		return nil, err
	}
	if status.Dev != n.volume.device {
		return nil, unix.EXDEV
	}
	out.FromStat(status)
	made := &node{volume: n.volume, handle: handle}
	id := fs.StableAttr{Mode: status.Mode, Ino: status.Ino, Gen: generation(handle)}
	return n.NewInode(ctx, made, id), nil
}

// named is the node of a name in this directory, which is open as a path only.
func (n *node) named(ctx context.Context, directory int, name string, out *fuse.EntryOut) (*fs.Inode, error) {
	fd, err := unix.Openat(directory, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return n.child(ctx, fd, out)
}

var _ = fs.NodeLookuper(&node{})

func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (child *fs.Inode, errno syscall.Errno) {
	errno = n.runNamed("lookup", name, func() syscall.Errno {
		return n.with(func(directory int) (err error) {
			child, err = n.named(ctx, directory, name, out)
			return err
		})
	})
	if errno == syscall.ENOENT && n.volume.faults.losesAnswer(path.Join(n.path(), name)) {
		out.SetEntryTimeout(time.Nanosecond)
	}
	return child, errno
}

var _ = fs.NodeGetattrer(&node{})

func (n *node) Getattr(_ context.Context, handle fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.run("getattr", func() syscall.Errno { return n.stat(handle, out) })
}

func (n *node) stat(handle fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	var status syscall.Stat_t
	stat := func(fd int) error { return syscall.Fstat(fd, &status) }
	errno := syscall.Errno(0)
	// One that is open may have no name any more.
	if open, ok := handle.(*file); ok {
		errno = fs.ToErrno(stat(open.fd))
	} else {
		errno = n.with(stat)
	}
	if errno == 0 {
		out.FromStat(&status)
	}
	return errno
}

var _ = fs.NodeSetattrer(&node{})

func (n *node) Setattr(_ context.Context, handle fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.run("setattr", func() syscall.Errno {
		if size, ok := in.GetSize(); ok {
			if errno := n.resize(int64(size)); errno != 0 {
				return errno
			}
		}
		if errno := n.with(func(fd int) error { return setStatus(fd, in) }); errno != 0 {
			return errno
		}
		return n.stat(handle, out)
	})
}

// setStatus sets what was asked for but the size. The owner comes first, as a change of it takes set-user-ID away.
func setStatus(fd int, in *fuse.SetAttrIn) error {
	uid, hasUID := in.GetUID()
	gid, hasGID := in.GetGID()
	if hasUID || hasGID {
		owner := [2]int{-1, -1}
		if hasUID {
			owner[0] = int(uid)
		}
		if hasGID {
			owner[1] = int(gid)
		}
		if err := unix.Fchownat(fd, "", owner[0], owner[1], unix.AT_EMPTY_PATH); err != nil {
			return err
		}
	}
	if mode, ok := in.GetMode(); ok {
		if err := unix.Chmod(pathOf(fd), mode&0o7777); err != nil {
			return err
		}
	}
	accessed, hasAccessed := in.GetATime()
	modified, hasModified := in.GetMTime()
	if !hasAccessed && !hasModified {
		return nil
	}
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_OMIT}}
	if hasAccessed {
		times[0] = unix.NsecToTimespec(accessed.UnixNano())
	}
	if hasModified {
		times[1] = unix.NsecToTimespec(modified.UnixNano())
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, pathOf(fd), times, 0)
}

var _ = fs.NodeReadlinker(&node{})

func (n *node) Readlink(context.Context) (target []byte, errno syscall.Errno) {
	errno = n.run("readlink", func() syscall.Errno {
		return n.with(func(fd int) error {
			buffer := make([]byte, unix.PathMax)
			length, err := unix.Readlinkat(fd, "", buffer)
			target = buffer[:max(length, 0)]
			return err
		})
	})
	return target, errno
}

var _ = fs.NodeStatfser(&node{})

func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	return n.run("statfs", func() syscall.Errno {
		var status syscall.Statfs_t
		if err := syscall.Fstatfs(n.volume.directory, &status); err != nil {
			return fs.ToErrno(err)
		}
		out.FromStatfsT(&status)
		return 0
	})
}
