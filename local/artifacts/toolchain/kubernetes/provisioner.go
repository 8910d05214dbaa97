package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// The provisioner's name in a StorageClass, and the one parameter that it takes.
const (
	provisionerName    = "document-sync/directories"
	directoryParameter = "directory"
)

// directories makes a directory for each claim, in the directory that its StorageClass names: one that all nodes have.
type directories struct{}

func (directories) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*core.PersistentVolume, controller.ProvisioningState, error) {
	parent := options.StorageClass.Parameters[directoryParameter]
	if !filepath.IsAbs(parent) {
		return nil, controller.ProvisioningFinished,
			fmt.Errorf("StorageClass %s: parameter %s is no absolute path: %q", options.StorageClass.Name, directoryParameter, parent)
	}
	// Not MkdirAll: a parent that is not mounted must not become a directory of this node's own.
	path := filepath.Join(parent, fmt.Sprintf("%s-%s-%s", options.PVC.Namespace, options.PVC.Name, options.PVName))
	if err := os.Mkdir(path, 0o777); err != nil && !os.IsExist(err) {
		return nil, controller.ProvisioningFinished, err
	}
	// Whoever runs in the pod writes there; the umask may have taken that away.
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	isThere := core.HostPathDirectory
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      core.ResourceList{core.ResourceStorage: options.PVC.Spec.Resources.Requests[core.ResourceStorage]},
			PersistentVolumeSource: core.PersistentVolumeSource{
				HostPath: &core.HostPathVolumeSource{Path: path, Type: &isThere},
			},
		},
	}, controller.ProvisioningFinished, nil
}

// Delete is asked only for volumes whose reclaim policy is Delete.
func (directories) Delete(_ context.Context, volume *core.PersistentVolume) error {
	path := volume.Spec.HostPath.Path
	// What is not mounted has nothing to remove, and would keep it for ever.
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// runProvisioner answers claims of the StorageClasses that name it with directories of a file system that all nodes share.
func runProvisioner() int {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
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
	controller.NewProvisionController(ctx, client, provisionerName, directories{}, controller.LeaderElection(false)).Run(ctx)
	return 0
}
