package pbx

import (
	"os/exec"
	"runtime"
)

// startAndWait starts a process and waits for its end, on one thread: the kernel ends the
// process when the thread that started it ends (PR_SET_PDEATHSIG).
func startAndWait(process *exec.Cmd, started chan<- error, ended chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := process.Start()
	started <- err
	if err == nil {
		_ = process.Wait()
	}
	close(ended)
}
