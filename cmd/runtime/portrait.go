package main

import (
	"fmt"
	"os"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait"
)

// portraitFlags are those of the Portrait front, see docs/portrait.md.
type portraitFlags struct {
	namesFile     string
	socketTimeout time.Duration
	tokenInPath   bool
}

func (f portraitFlags) options() (server.PortraitOptions, error) {
	o := server.PortraitOptions{SocketTimeout: f.socketTimeout, TokenInPath: f.tokenInPath}
	if f.socketTimeout <= 0 {
		return o, fmt.Errorf("--portrait-socket-timeout must be more than nothing, such as 120s, not %s", f.socketTimeout)
	}
	if f.namesFile == "" {
		return o, nil
	}
	file, err := os.Open(f.namesFile)
	if err != nil {
		return o, fmt.Errorf("--portrait-names-file: %w", err)
	}
	defer file.Close()
	if o.Names, err = portrait.ReadNames(file); err != nil {
		return o, fmt.Errorf("--portrait-names-file %s: %w", f.namesFile, err)
	}
	return o, nil
}
