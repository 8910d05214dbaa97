package main

import (
	"context"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// listing is what this mount believes to be in a directory. FUSE leaves that to its programs: the kernel's own cache of
// listings has no duration.
type listing struct {
	mutex   sync.Mutex
	entries []fuse.DirEntry
	read    time.Time
}

func (l *listing) forget() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.read = time.Time{}
}

// list is the directory's listing, not older than the volume's `listings`. Its entries are not to be changed.
func (n *node) list() ([]fuse.DirEntry, syscall.Errno) {
	n.listing.mutex.Lock()
	defer n.listing.mutex.Unlock()
	if !n.listing.read.IsZero() && time.Since(n.listing.read) < n.volume.listings {
		return n.listing.entries, 0
	}
	fd, err := n.volume.open(n.handle, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, fs.ToErrno(err)
	}
	stream, errno := fs.NewLoopbackDirStreamFd(fd)
	if errno != 0 {
		unix.Close(fd)
		return nil, errno
	}
	defer stream.Close()
	var entries []fuse.DirEntry
	for stream.HasNext() {
		entry, errno := stream.Next()
		if errno != 0 {
			return nil, errno
		}
		entry.Off = uint64(len(entries) + 1)
		entries = append(entries, entry)
	}
	n.listing.entries, n.listing.read = entries, time.Now()
	return entries, 0
}

// openDirectory is a reader's place in a listing.
type openDirectory struct {
	node    *node
	entries []fuse.DirEntry
	next    int
}

var _ = fs.NodeOpendirHandler(&node{})

func (n *node) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	open := &openDirectory{node: n}
	errno := open.Seekdir(context.Background(), 0)
	return open, 0, errno
}

var _ = fs.FileReaddirenter(&openDirectory{})

func (d *openDirectory) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if d.next >= len(d.entries) {
		return nil, 0
	}
	entry := d.entries[d.next]
	d.next++
	return &entry, 0
}

var _ = fs.FileSeekdirer(&openDirectory{})

// Seekdir to the beginning asks for the listing again, as rewinddir(3) promises.
func (d *openDirectory) Seekdir(_ context.Context, offset uint64) syscall.Errno {
	if offset == 0 {
		errno := d.node.run("readdir", func() (errno syscall.Errno) {
			d.entries, errno = d.node.list()
			return errno
		})
		if errno != 0 {
			return errno
		}
	}
	d.next = int(offset)
	return 0
}

var _ = fs.FileFsyncdirer(&openDirectory{})

func (d *openDirectory) Fsyncdir(context.Context, uint32) syscall.Errno {
	return d.node.run("fsyncdir", func() syscall.Errno {
		fd, err := d.node.volume.open(d.node.handle, unix.O_RDONLY|unix.O_DIRECTORY)
		if err != nil {
			return fs.ToErrno(err)
		}
		defer unix.Close(fd)
		return fs.ToErrno(unix.Fsync(fd))
	})
}
