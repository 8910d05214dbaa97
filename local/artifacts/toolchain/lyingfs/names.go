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

// lostAnswer is how long the caller of an operation waits whose answer is lost.
//
// Before it makes a name the kernel asks for it, and would believe for `-negative` that it does not exist, as it is not told
// that it was made. NFS forgets such a belief before it asks (nfs_link drops the entry). So Lookup lets it hold for a moment
// only, where an answer is going to be lost, and this is longer than that moment: two ticks of the slowest kernel's clock.
const lostAnswer = 30 * time.Millisecond

// change does something to a name in this directory, after which this mount lists it anew, as a node does after its own
// changes. It is given the directory, open as a path only.
func (n *node) change(op, name string, work func(directory int) error) syscall.Errno {
	return n.runNamed(op, name, func() syscall.Errno {
		defer n.listing.forget()
		return n.with(work)
	})
}

// give makes the caller the owner of a new name. In a directory with set-group-ID it keeps the directory's group.
func give(ctx context.Context, directory int, name string) error {
	caller, ok := fuse.FromContext(ctx)
	if !ok || (caller.Uid == 0 && caller.Gid == 0) {
		return nil
	}
	var parent unix.Stat_t
	if err := unix.Fstat(directory, &parent); err != nil {
		return err
	}
	gid := int(caller.Gid)
	if parent.Mode&unix.S_ISGID != 0 {
		gid = -1
	}
	return unix.Fchownat(directory, name, int(caller.Uid), gid, unix.AT_SYMLINK_NOFOLLOW)
}

// make makes a name that is the caller's own.
func (n *node) make(
	ctx context.Context, op, name string, out *fuse.EntryOut, work func(directory int) error,
) (child *fs.Inode, errno syscall.Errno) {
	errno = n.change(op, name, func(directory int) (err error) {
		if err = work(directory); err != nil {
			return err
		}
		if err = give(ctx, directory, name); err != nil {
			return err
		}
		child, err = n.named(ctx, directory, name, out)
		return err
	})
	return child, errno
}

var _ = fs.NodeMkdirer(&node{})

func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, "mkdir", name, out, func(directory int) error { return unix.Mkdirat(directory, name, mode) })
}

var _ = fs.NodeMknoder(&node{})

func (n *node) Mknod(
	ctx context.Context, name string, mode uint32, device uint32, out *fuse.EntryOut,
) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, "mknod", name, out, func(directory int) error {
		return unix.Mknodat(directory, name, mode, int(device))
	})
}

var _ = fs.NodeSymlinker(&node{})

func (n *node) Symlink(ctx context.Context, target, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, "symlink", name, out, func(directory int) error { return unix.Symlinkat(target, directory, name) })
}

var _ = fs.NodeLinker(&node{})

func (n *node) Link(
	ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut,
) (child *fs.Inode, errno syscall.Errno) {
	errno = n.change("link", name, func(directory int) error {
		linked := target.(*node).with(func(fd int) (err error) {
			if err = unix.Linkat(fd, "", directory, name, unix.AT_EMPTY_PATH); err != nil {
				return err
			}
			child, err = n.child(ctx, fd, out)
			return err
		})
		if linked != 0 {
			return linked
		}
		return nil
	})
	return child, errno
}

var _ = fs.NodeUnlinker(&node{})

func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	return n.change("unlink", name, func(directory int) error { return unix.Unlinkat(directory, name, 0) })
}

var _ = fs.NodeRmdirer(&node{})

func (n *node) Rmdir(_ context.Context, name string) syscall.Errno {
	return n.change("rmdir", name, func(directory int) error {
		return unix.Unlinkat(directory, name, unix.AT_REMOVEDIR)
	})
}

var _ = fs.NodeRenamer(&node{})

// Rename meets the faults of its new path.
func (n *node) Rename(
	_ context.Context, name string, newParent fs.InodeEmbedder, newName string, flags uint32,
) syscall.Errno {
	to := newParent.(*node)
	return n.volume.faults.run("rename", path.Join(to.path(), newName), func() syscall.Errno {
		defer n.listing.forget()
		defer to.listing.forget()
		return n.with(func(from int) error {
			renamed := to.with(func(directory int) error {
				return unix.Renameat2(from, name, directory, newName, uint(flags))
			})
			if renamed != 0 {
				return renamed
			}
			return nil
		})
	})
}
