package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// forwarder listens on loopback of the machine and leads each connection to the same port of a node. It is a process of the
// cluster's box that stays in the machine's network: a thread that connects enters the box's network before.
type forwarder struct {
	node    string
	network int

	mutex     sync.Mutex
	listeners map[int32]net.Listener
	// Ports that are wanted and that somebody else holds: each is said once.
	refused sets.Set[int32]
}

// runForwarder leads the machine's port of the API server, and those of Services of type NodePort, into the cluster.
func runForwarder() int {
	kubeconfig := flag.String("kubeconfig", "", "path of a kubeconfig for the API server, as it is reached through this forwarder")
	node := flag.String("node", "", "address of the node that connections go to")
	network := flag.Int("network", -1, "open file of the network namespace that the node is reached in")
	api := flag.String("api", "", "LISTEN=TARGET: two ports, the machine's and the node's, of the API server")
	flag.Parse()
	var listen, target int32
	if _, err := fmt.Sscanf(*api, "%d=%d", &listen, &target); err != nil {
		klog.ErrorS(err, "No ports of the API server", "api", *api)
		return 1
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	f := &forwarder{node: *node, network: *network, listeners: map[int32]net.Listener{}, refused: sets.New[int32]()}
	// Without this one nobody can be told anything. Who holds the port is named by preflight, before a start.
	if err := f.open(listen, target); err != nil {
		klog.ErrorS(err, "No port for the API server")
		return 1
	}
	if *network < 0 {
		klog.ErrorS(nil, "No network that the node is reached in")
		return 1
	}
	client, err := newClient(*kubeconfig)
	if err != nil {
		klog.ErrorS(err, "No client")
		return 1
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	services := factory.Core().V1().Services()
	changed := make(chan struct{}, 1)
	touch := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	registered, err := services.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { touch() },
		UpdateFunc: func(any, any) { touch() },
		DeleteFunc: func(any) { touch() },
	})
	if err != nil {
		klog.ErrorS(err, "No watch")
		return 1
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), registered.HasSynced) {
		return 1
	}
	for {
		wanted := sets.New(listen)
		for _, object := range services.Informer().GetStore().List() {
			for _, port := range object.(*core.Service).Spec.Ports {
				if port.NodePort != 0 && port.Protocol == core.ProtocolTCP {
					wanted.Insert(port.NodePort)
				}
			}
		}
		f.follow(wanted)
		select {
		case <-ctx.Done():
			return 0
		case <-changed:
		// A port that somebody else held may be free now.
		case <-time.After(time.Second):
		}
	}
}

// follow listens on the ports that are wanted, and no longer on others.
func (f *forwarder) follow(wanted sets.Set[int32]) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for port, listener := range f.listeners {
		if !wanted.Has(port) {
			_ = listener.Close()
			delete(f.listeners, port)
		}
	}
	f.refused = f.refused.Intersection(wanted)
	for port := range wanted {
		if f.listeners[port] != nil {
			continue
		}
		if err := f.listen(port, port); err == nil {
			f.refused.Delete(port)
		} else if !f.refused.Has(port) {
			klog.ErrorS(err, "A port of a Service cannot be listened at yet")
			f.refused.Insert(port)
		}
	}
}

func (f *forwarder) open(port, target int32) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.listen(port, target)
}

func (f *forwarder) listen(port, target int32) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	f.listeners[port] = listener
	go func() {
		for {
			client, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				// Out of files for a moment: those who wait are taken later.
				time.Sleep(50 * time.Millisecond)
				continue
			}
			go f.lead(client, target)
		}
	}()
	return nil
}

// lead copies both ways until both sides have ended.
func (f *forwarder) lead(client net.Conn, port int32) {
	defer client.Close()
	server, err := f.connect(port)
	if err != nil {
		klog.V(2).ErrorS(err, "The node does not answer", "port", port)
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}

func pass(to, from net.Conn) {
	// Between two sockets this is splice(2).
	if _, err := io.Copy(to, from); err != nil {
		// Whoever still writes must learn that nobody reads.
		_ = to.Close()
		_ = from.Close()
		return
	}
	_ = to.(*net.TCPConn).CloseWrite()
}

// connect makes the socket in the box's network: a socket stays in the network in which its thread was.
func (f *forwarder) connect(port int32) (net.Conn, error) {
	type result struct {
		connection net.Conn
		err        error
	}
	done := make(chan result, 1)
	go func() {
		// The thread is never given back: it ends with this goroutine.
		runtime.LockOSThread()
		if err := unix.Setns(f.network, unix.CLONE_NEWNET); err != nil {
			done <- result{nil, fmt.Errorf("setns: %w", err)}
			return
		}
		connection, err := net.DialTimeout("tcp", net.JoinHostPort(f.node, fmt.Sprint(port)), 10*time.Second)
		done <- result{connection, err}
	}()
	r := <-done
	return r.connection, r.err
}
