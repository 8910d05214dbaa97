package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// anyOperation is the operation of a fault that meets all of them.
const anyOperation = "any"

// naming are the operations that may give a directory a new name, operations all that a fault can name.
var (
	naming     = []string{"create", "link", "mkdir", "mknod", "rename", "symlink"}
	operations = slices.Concat(naming, []string{
		anyOperation, "flush", "fsync", "fsyncdir", "getattr", "lookup", "open", "read", "readdir", "readlink", "rmdir",
		"setattr", "statfs", "unlink", "write",
	})
)

// fault is what a test asks for. README.md says what each field means.
type fault struct {
	Operation string `json:"op"`
	Path      string `json:"path,omitempty"`
	Errno     string `json:"errno,omitempty"`
	After     bool   `json:"after,omitempty"`
	Times     int    `json:"times,omitempty"`
	Delay     int    `json:"delayMilliseconds,omitempty"`
}

// rule is a fault that was set.
type rule struct {
	fault
	ID    int `json:"id"`
	Fired int `json:"fired"`

	pattern *regexp.Regexp
	errno   syscall.Errno
	// removed is closed when the rule is, which ends the wait of operations that it holds up.
	removed chan struct{}
}

func (r *rule) meets(op, path string) bool {
	return (r.Operation == op || r.Operation == anyOperation) &&
		(r.Times == 0 || r.Fired < r.Times) &&
		r.pattern.MatchString(path)
}

// faults are the rules of one mount, in the order in which they were set.
type faults struct {
	mutex  sync.Mutex
	rules  []*rule
	lastID int
}

// errnoNamed is the errno of a name such as EIO, 0 if there is none.
func errnoNamed(name string) syscall.Errno {
	switch name {
	case "":
		return 0
	case "EOPNOTSUPP":
		// The number has two names.
		return unix.EOPNOTSUPP
	}
	for errno := syscall.Errno(1); errno < 4096; errno++ {
		if unix.ErrnoName(errno) == name {
			return errno
		}
	}
	return 0
}

// add sets a fault, and returns its number. The error of a fault that makes no sense is a sentence for whoever asked for it.
func (f *faults) add(wanted fault) (int, error) {
	if !slices.Contains(operations, wanted.Operation) {
		return 0, fmt.Errorf("There is no operation %q; there are %s.", wanted.Operation, strings.Join(operations, ", "))
	}
	pattern, err := regexp.Compile(wanted.Path)
	if err != nil {
		return 0, fmt.Errorf("The path %q is no regular expression: %v.", wanted.Path, err)
	}
	errno := errnoNamed(wanted.Errno)
	switch {
	case wanted.Errno != "" && errno == 0:
		return 0, fmt.Errorf("There is no errno %q.", wanted.Errno)
	case wanted.Errno == "" && wanted.Delay == 0:
		return 0, fmt.Errorf("A fault needs errno or delayMilliseconds.")
	case wanted.Errno == "" && wanted.After:
		return 0, fmt.Errorf("A fault with after needs an errno.")
	case wanted.Delay < 0 || wanted.Times < 0:
		return 0, fmt.Errorf("Neither delayMilliseconds nor times can be negative.")
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.lastID++
	f.rules = append(f.rules, &rule{
		fault: wanted, ID: f.lastID, pattern: pattern, errno: errno, removed: make(chan struct{}),
	})
	return f.lastID, nil
}

// list is what was set, with how often each was met.
func (f *faults) list() []rule {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	list := make([]rule, 0, len(f.rules))
	for _, r := range f.rules {
		list = append(list, *r)
	}
	return list
}

// remove takes one away, and says whether it was there.
func (f *faults) remove(id int) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	at := slices.IndexFunc(f.rules, func(r *rule) bool { return r.ID == id })
	if at < 0 {
		return false
	}
	close(f.rules[at].removed)
	f.rules = slices.Delete(f.rules, at, at+1)
	return true
}

func (f *faults) removeAll() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, r := range f.rules {
		close(r.removed)
	}
	f.rules = nil
}

// meet counts the rules that an operation meets: all that only delay, and the first with an errno, which is returned.
func (f *faults) meet(op, path string) (delays []*rule, failure *rule) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, r := range f.rules {
		if !r.meets(op, path) || (r.errno != 0 && failure != nil) {
			continue
		}
		r.Fired++
		if r.errno != 0 {
			failure = r
		}
		if r.Delay > 0 {
			delays = append(delays, r)
		}
	}
	return delays, failure
}

// losesAnswer says whether the answer to a new name is going to be lost.
func (f *faults) losesAnswer(path string) bool {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.ContainsFunc(f.rules, func(r *rule) bool {
		return r.After && slices.ContainsFunc(naming, func(op string) bool { return r.meets(op, path) })
	})
}

// run does an operation, or what its faults make of it.
//
// A caller that is interrupted waits all the same, as on a hard NFS mount: EINTR would be a lie that nobody tells.
func (f *faults) run(op, path string, work func() syscall.Errno) syscall.Errno {
	delays, failure := f.meet(op, path)
	for _, r := range delays {
		timer := time.NewTimer(time.Duration(r.Delay) * time.Millisecond)
		select {
		case <-timer.C:
		case <-r.removed:
			timer.Stop()
		}
	}
	if failure == nil {
		return work()
	}
	if failure.After {
		work()
		time.Sleep(lostAnswer)
	}
	return failure.errno
}
