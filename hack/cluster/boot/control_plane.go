package boot

import (
	"context"
	"os"
	"time"

	"github.com/ctilink/ctilink-operator/hack/cluster/component"
)

func (m Machine) startControlPlane(ctx context.Context, programs *supervisor) error {
	_, err := os.Stat(m.Dirs.AuditPolicy())
	audit := err == nil
	go programs.keep(ctx, command{path: m.Programs.Etcd, args: component.Etcd(m.Dirs), log: m.log("etcd")})
	go programs.keep(ctx, command{path: m.Programs.APIServer, args: component.APIServer(m.Dirs, audit), log: m.log("kube-apiserver")})
	// Both of the following end at once where the API server has not yet written its default roles.
	if err := untilReady(ctx, m.Dirs.AdminKubeconfig(), 5*time.Minute); err != nil {
		return err
	}
	say("API server is ready")
	go programs.keep(ctx, command{path: m.Programs.ControllerManager, args: component.ControllerManager(m.Dirs), log: m.log("kube-controller-manager")})
	go programs.keep(ctx, command{path: m.Programs.Scheduler, args: component.Scheduler(m.Dirs), log: m.log("kube-scheduler")})
	return nil
}
