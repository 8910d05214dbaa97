package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"

	core "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// The kernel hands each new connection that the node forwards to the program at this queue: node.sh.
const policyQueue = 100

// withoutOldAddresses takes their addresses from pods that have ended: the API server keeps them while others have them, and those
// would be taken for the old ones. It also saves the memory of what nobody reads.
func withoutOldAddresses(object any) (any, error) {
	if pod, isPod := object.(*core.Pod); isPod {
		pod.ManagedFields = nil
		if pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed {
			pod.Status.PodIP, pod.Status.PodIPs = "", nil
		}
	}
	return object, nil
}

// runNetworkPolicies enforces NetworkPolicies for the pods of one node: it answers for the node's queue of new connections.
func runNetworkPolicies() int {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
	node := flag.String("node", "", "name of the node whose pods it looks after")
	uplink := flag.String("uplink", "", "the node's link to other nodes: all others lead to pods")
	healthPort := flag.Int("health-port", 0, "where it says on loopback that it is well")
	flag.Parse()
	serveHealth(*healthPort)
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	client, err := newClient(*kubeconfig)
	if err != nil {
		klog.ErrorS(err, "No client")
		return 1
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	objects := factory.Core().V1()
	controller, err := networkpolicy.NewController(
		client, factory.Networking().V1().NetworkPolicies(), objects.Namespaces(), objects.Pods(), nil, nil, nil, nil,
		// With NRI disabled it dies of a nil pointer at the first packet whose address is no pod's; there is no NRI here (modules.ts).
		networkpolicy.Config{QueueID: policyQueue, NodeName: *node, NRIdisabled: false, FailOpen: false},
	)
	if err != nil {
		klog.ErrorS(err, "No controller")
		return 1
	}
	pods := objects.Pods().Informer()
	// After the controller's own: only the last one counts.
	if err := pods.SetTransform(withoutOldAddresses); err != nil {
		klog.ErrorS(err, "No transformation of pods")
		return 1
	}
	if err := indexAddresses(pods); err != nil {
		klog.ErrorS(err, "No index of addresses")
		return 1
	}
	factory.Start(ctx.Done())
	if err := holdNewPods(ctx, pods.GetIndexer(), *uplink); err != nil {
		klog.ErrorS(err, "Nothing keeps new pods")
		return 1
	}
	if err := controller.Run(ctx); err != nil {
		klog.ErrorS(err, "Ended")
		return 1
	}
	return 0
}
