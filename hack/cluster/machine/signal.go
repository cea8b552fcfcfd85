package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Signal sends a signal to a child of a machine's pid 1, by the name of its program.
func Signal(parent int, program string, signal unix.Signal) error {
	pids, err := children(parent)
	if err != nil {
		return err
	}
	for _, pid := range pids {
		line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err != nil {
			continue // it has ended
		}
		path, _, _ := strings.Cut(string(line), "\x00")
		if filepath.Base(path) != program {
			continue
		}
		if err := unix.Kill(pid, signal); err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
		return nil
	}
	return fmt.Errorf("the machine runs no program %q", program)
}

// children lists a process's children: each belongs to the thread that made it (proc(5)).
func children(parent int) ([]int, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		return nil, err
	}
	var out []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			out = append(out, pid)
		}
	}
	return out, nil
}
