package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"

	"k8s.io/client-go/informers"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// The kernel hands each new connection that the node forwards to the program at this queue: node.sh.
const policyQueue = 100

// runNetworkPolicies enforces NetworkPolicies for the pods of one node: it answers for the node's queue of new connections.
func runNetworkPolicies() int {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
	node := flag.String("node", "", "name of the node whose pods it looks after")
	uplink := flag.String("uplink", "", "the node's link to other nodes: all others lead to pods")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	client, err := newClient(*kubeconfig)
	if err != nil {
		klog.ErrorS(err, "No client")
		return 1
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	core := factory.Core().V1()
	controller, err := networkpolicy.NewController(
		client, factory.Networking().V1().NetworkPolicies(), core.Namespaces(), core.Pods(), nil, nil, nil, nil,
		// With NRI disabled it dies of a nil pointer at the first packet whose address is no pod's. Debian's containerd
		// has no NRI; then the plugin ends by itself and the API server's word counts, which is what is wanted.
		networkpolicy.Config{QueueID: policyQueue, NodeName: *node, NRIdisabled: false, FailOpen: false},
	)
	if err != nil {
		klog.ErrorS(err, "No controller")
		return 1
	}
	pods := core.Pods().Informer()
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
