package main

import (
	"context"
	"errors"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// file is an open file.
type file struct {
	fd int
}

// openFlags are those that are the volume's business: where to append is the kernel's, by the size that it believes in.
func openFlags(flags uint32) int {
	return int(flags)&^(unix.O_APPEND|unix.O_CREAT|unix.O_EXCL|fuse.FMODE_EXEC) | unix.O_NOFOLLOW
}

var _ = fs.NodeOpener(&node{})

func (n *node) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	fd := -1
	errno := n.run("open", func() syscall.Errno {
		var err error
		fd, err = n.volume.open(n.handle, openFlags(flags))
		return fs.ToErrno(err)
	})
	if errno != 0 {
		if fd >= 0 {
			unix.Close(fd)
		}
		return nil, 0, errno
	}
	// "Close-to-open" of nfs(5): whoever opens a file sees what was in it when it was last closed, and so its size.
	n.NotifyContent(-1, 0)
	return &file{fd}, 0, 0
}

var _ = fs.NodeCreater(&node{})

func (n *node) Create(
	ctx context.Context, name string, flags uint32, mode uint32, out *fuse.EntryOut,
) (child *fs.Inode, handle fs.FileHandle, fuseFlags uint32, errno syscall.Errno) {
	fd := -1
	errno = n.change("create", name, func(directory int) (err error) {
		isNew := false
		fd, isNew, err = createAt(directory, name, flags, mode)
		if err != nil {
			return err
		}
		if isNew {
			if err := give(ctx, directory, name); err != nil {
				return err
			}
		}
		if child, err = n.child(ctx, fd, out); err == nil && isNew {
			child.Operations().(*node).unsynced.changed(0)
		}
		return err
	})
	if errno != 0 {
		if fd >= 0 {
			unix.Close(fd)
		}
		return nil, nil, 0, errno
	}
	return child, &file{fd}, 0, 0
}

// createAt opens a file that may have to be made, and says whether it was: only then it is the caller's.
func createAt(directory int, name string, flags uint32, mode uint32) (fd int, isNew bool, err error) {
	for {
		fd, err = unix.Openat(directory, name, openFlags(flags)|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, mode)
		if err == nil || !errors.Is(err, unix.EEXIST) || flags&unix.O_EXCL != 0 {
			return fd, err == nil, err
		}
		fd, err = unix.Openat(directory, name, openFlags(flags)|unix.O_CLOEXEC, 0)
		// Another node may have removed it meanwhile.
		if !errors.Is(err, unix.ENOENT) {
			return fd, false, err
		}
	}
}

var _ = fs.NodeReader(&node{})

func (n *node) Read(
	_ context.Context, handle fs.FileHandle, buffer []byte, offset int64,
) (result fuse.ReadResult, errno syscall.Errno) {
	errno = n.run("read", func() syscall.Errno {
		length, err := unix.Pread(handle.(*file).fd, buffer, offset)
		result = fuse.ReadResultData(buffer[:max(length, 0)])
		return fs.ToErrno(err)
	})
	return result, errno
}

var _ = fs.NodeWriter(&node{})

func (n *node) Write(
	_ context.Context, handle fs.FileHandle, data []byte, offset int64,
) (written uint32, errno syscall.Errno) {
	errno = n.run("write", func() syscall.Errno {
		fd := handle.(*file).fd
		var status unix.Stat_t
		if err := unix.Fstat(fd, &status); err != nil {
			return fs.ToErrno(err)
		}
		n.unsynced.changed(status.Size)
		length, err := unix.Pwrite(fd, data, offset)
		written = uint32(max(length, 0))
		return fs.ToErrno(err)
	})
	return written, errno
}

var _ = fs.NodeFlusher(&node{})

// Flush is close(2). On the volume's side nothing is left to do: it has been given every write already.
func (n *node) Flush(context.Context, fs.FileHandle) syscall.Errno {
	return n.run("flush", func() syscall.Errno { return 0 })
}

var _ = fs.NodeReleaser(&node{})

func (n *node) Release(_ context.Context, handle fs.FileHandle) syscall.Errno {
	return fs.ToErrno(unix.Close(handle.(*file).fd))
}
