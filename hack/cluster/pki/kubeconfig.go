package pki

import (
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

const contextName = "ctilink"

func writeKubeconfigs(dirs layout.Dirs, nodes []layout.Machine) error {
	if err := os.MkdirAll(filepath.Dir(dirs.Kubeconfig("any")), 0o700); err != nil {
		return err
	}
	paths := map[string]string{admin: dirs.AdminKubeconfig()}
	names := []string{ControllerManager, Scheduler, KubeProxy}
	for _, node := range nodes {
		names = append(names, KubeletClient(node))
	}
	for _, name := range names {
		paths[name] = dirs.Kubeconfig(name)
	}
	for name, path := range paths {
		if err := writeKubeconfig(dirs, name, path); err != nil {
			return err
		}
	}
	return nil
}

// writeKubeconfig embeds the certificates: the file can be copied away.
func writeKubeconfig(dirs layout.Dirs, user, path string) error {
	ca, err := os.ReadFile(Certificate(dirs, CA))
	if err != nil {
		return err
	}
	certificate, err := os.ReadFile(Certificate(dirs, user))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(Key(dirs, user))
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[contextName] = &clientcmdapi.Cluster{Server: layout.APIServerURL(), CertificateAuthorityData: ca}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
	config.Contexts[contextName] = &clientcmdapi.Context{Cluster: contextName, AuthInfo: user}
	config.CurrentContext = contextName
	text, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return writeFile(path, text)
}
