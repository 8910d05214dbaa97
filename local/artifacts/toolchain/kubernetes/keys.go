package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/phases/certs"
	"k8s.io/kubernetes/cmd/kubeadm/app/phases/kubeconfig"
)

// Ten years, since nobody would be there to renew them.
const validity = 10 * 365 * 24 * time.Hour

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return fmt.Sprint(*l) }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// runKeys makes a cluster's keys as kubeadm does, by kubeadm's own code: all of them in a directory or, with a client's name, that client's,
// which it prints in a kubeconfig. The whole of kubeadm takes five times as long to compile.
func runKeys() int {
	directory := flag.String("directory", "", "where the keys are, or will be")
	address := flag.String("address", "", "the API server's")
	port := flag.Int("port", 0, "the API server's")
	node := flag.String("node", "", "name of the API server's node")
	serviceSubnet := flag.String("service-subnet", "", "of Services' addresses")
	client := flag.String("client", "", "name of the client whose kubeconfig is printed")
	var groups list
	flag.Var(&groups, "group", "of the client; may be repeated")
	flag.Parse()
	cluster := kubeadm.ClusterConfiguration{
		CertificatesDir:             *directory,
		CertificateValidityPeriod:   &meta.Duration{Duration: validity},
		CACertificateValidityPeriod: &meta.Duration{Duration: validity},
		EncryptionAlgorithm:         kubeadm.EncryptionAlgorithmRSA2048,
		ControlPlaneEndpoint:        fmt.Sprintf("%s:%d", *address, *port),
		ClusterName:                 "kubernetes",
		Networking:                  kubeadm.Networking{ServiceSubnet: *serviceSubnet, DNSDomain: "cluster.local"},
		Etcd:                        kubeadm.Etcd{Local: &kubeadm.LocalEtcd{}},
	}
	cluster.APIServer.CertSANs = []string{"127.0.0.1", "localhost"}
	configuration := kubeadm.InitConfiguration{
		ClusterConfiguration: cluster,
		LocalAPIEndpoint:     kubeadm.APIEndpoint{AdvertiseAddress: *address, BindPort: int32(*port)},
		NodeRegistration:     kubeadm.NodeRegistrationOptions{Name: *node},
	}
	var err error
	if *client == "" {
		err = certs.CreatePKIAssets(&configuration)
	} else {
		err = kubeconfig.WriteKubeConfigWithClientCert(os.Stdout, &configuration, *client, groups, time.Now().Add(validity))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
