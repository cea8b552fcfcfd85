// Command image writes a container image FROM scratch as a docker-archive tar:
//
//	image -o out.tar -t localhost/ctilink:dev -user 65532 -entrypoint /operator bin/operator=/operator bin/runtime=/runtime
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/image/archive"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var image archive.Image
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: image -o OUT.tar -t NAME:TAG [flags] SOURCE=/TARGET ...")
		flags.PrintDefaults()
	}
	out := flags.String("o", "", "the docker-archive to write")
	flags.StringVar(&image.Reference, "t", "", "name:tag of the image")
	flags.StringVar(&image.User, "user", "", "user (and group) id that runs it")
	flags.StringVar(&image.WorkingDir, "workdir", "", "working directory")
	flags.Func("entrypoint", "program and arguments (repeat for each word)", appendTo(&image.Entrypoint))
	flags.Func("cmd", "default arguments (repeat for each word)", appendTo(&image.Cmd))
	flags.Func("env", "NAME=VALUE (repeat)", appendTo(&image.Env))
	flags.Func("label", "NAME=VALUE (repeat)", func(label string) error {
		key, value, ok := strings.Cut(label, "=")
		if !ok {
			return fmt.Errorf("want NAME=VALUE")
		}
		if image.Labels == nil {
			image.Labels = map[string]string{}
		}
		image.Labels[key] = value
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || image.Reference == "" || flags.NArg() == 0 {
		return fmt.Errorf("want -o, -t and at least one SOURCE=/TARGET")
	}
	for _, arg := range flags.Args() {
		source, target, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("argument %q: want SOURCE=/TARGET", arg)
		}
		image.Files = append(image.Files, archive.File{Source: source, Target: target})
	}
	return archive.Write(*out, image)
}

func appendTo(list *[]string) func(string) error {
	return func(value string) error {
		*list = append(*list, value)
		return nil
	}
}
