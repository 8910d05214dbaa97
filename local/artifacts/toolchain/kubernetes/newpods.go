package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/florianl/go-nfqueue"
	core "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

const (
	// A new connection is asked for at this queue first, and then, with this mark, at policyQueue: node.sh.
	newPodQueue = 101
	knownMark   = 0x10000

	podsByAddress = "document-sync/address"
	// As long as a caller would wait for a pod that is not there.
	newPodPatience = 10 * time.Second
)

// indexAddresses lets the pods of an informer that does not run yet be found by their addresses.
func indexAddresses(pods cache.SharedIndexInformer) error {
	return pods.AddIndexers(cache.Indexers{podsByAddress: func(object any) ([]string, error) {
		var addresses []string
		for _, address := range object.(*core.Pod).Status.PodIPs {
			addresses = append(addresses, address.IP)
		}
		return addresses, nil
	}})
}

// holdNewPods has connections from and to a pod of this node wait until the pod's address is known here: the kubelet tells it some time
// after the pod's containers run, and until then no policy would be found for it, although they hold from a pod's first moment
// (https://kubernetes.io/docs/concepts/services-networking/network-policies/#pod-lifecycle).
func holdNewPods(ctx context.Context, pods cache.Indexer, uplink string) error {
	outside, err := net.InterfaceByName(uplink)
	if err != nil {
		return fmt.Errorf("%s: %w", uplink, err)
	}
	queue, err := nfqueue.Open(&nfqueue.Config{
		NfQueue: newPodQueue, Flags: nfqueue.NfQaCfgFlagGSO, MaxPacketLen: 128, MaxQueueLen: 1024,
		Copymode: nfqueue.NfQnlCopyPacket, WriteTimeout: 100 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	// Every link but the one to the other nodes is a pod's.
	isPods := func(link *uint32) bool { return link != nil && int(*link) != outside.Index }
	isKnown := func(address netip.Addr) bool {
		found, err := pods.ByIndex(podsByAddress, address.String())
		return err == nil && len(found) > 0
	}
	decide := func(id uint32, mark int, addresses []netip.Addr) {
		deadline := time.Now().Add(newPodPatience)
		for _, address := range addresses {
			for !isKnown(address) {
				if ctx.Err() != nil || time.Now().After(deadline) {
					_ = queue.SetVerdict(id, nfqueue.NfDrop)
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		if err := queue.SetVerdictWithMark(id, nfqueue.NfRepeat, mark|knownMark); err != nil {
			klog.ErrorS(err, "A connection was not decided")
		}
	}
	take := func(packet nfqueue.Attribute) int {
		var mark int
		if packet.Mark != nil {
			mark = int(*packet.Mark)
		}
		header := *packet.Payload
		var addresses []netip.Addr
		if len(header) >= 20 && header[0]>>4 == 4 {
			if isPods(packet.InDev) {
				addresses = append(addresses, netip.AddrFrom4([4]byte(header[12:16])))
			}
			if isPods(packet.OutDev) {
				addresses = append(addresses, netip.AddrFrom4([4]byte(header[16:20])))
			}
		}
		go decide(*packet.PacketID, mark, addresses)
		return 0
	}
	// Nothing was there to be read.
	goOn := func(err error) int {
		klog.V(2).ErrorS(err, "No packet")
		return 0
	}
	if err := queue.RegisterWithErrorFunc(ctx, take, goOn); err != nil {
		_ = queue.Close()
		return err
	}
	return nil
}
