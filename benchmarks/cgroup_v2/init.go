// Program init is process 1 of the machine that boot.py boots: it mounts a root that can be written to and forgotten, and a
// cgroup v2 hierarchy, runs the command that the kernel's command line names in a cgroup of its own, and powers off.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func must(err error, what string) {
	if err != nil {
		fmt.Println("init:", what+":", err)
		syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	}
}

func mount(source, target, kind string, flags uintptr, data string) {
	os.MkdirAll(target, 0o755)
	must(syscall.Mount(source, target, kind, flags, data), "mount "+target)
}

// loadModules tries all modules until no more can be loaded: that resolves what they need of each other.
func loadModules() {
	left, _ := filepath.Glob("/modules/*.ko")
	for before := -1; len(left) != before && len(left) > 0; {
		before = len(left)
		var again []string
		for _, name := range left {
			file, err := os.Open(name)
			must(err, name)
			empty, _ := syscall.BytePtrFromString("")
			_, _, code := syscall.Syscall(313, file.Fd(), uintptr(unsafe.Pointer(empty)), 0) // finit_module on amd64
			file.Close()
			if code != 0 && code != syscall.EEXIST {
				again = append(again, name)
			}
		}
		left = again
	}
}

func main() {
	mount("proc", "/proc", "proc", 0, "")
	mount("dev", "/dev", "devtmpfs", 0, "")
	loadModules()
	for i := 0; i < 100; i++ {
		if _, err := os.Stat("/dev/vda"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	mount("/dev/vda", "/lower", "ext4", syscall.MS_RDONLY, "noload")
	mount("over", "/over", "tmpfs", 0, "")
	os.MkdirAll("/over/up", 0o755)
	os.MkdirAll("/over/work", 0o755)
	mount("root", "/root", "overlay", 0, "lowerdir=/lower,upperdir=/over/up,workdir=/over/work")
	mount("proc", "/root/proc", "proc", 0, "")
	mount("sys", "/root/sys", "sysfs", 0, "")
	mount("dev", "/root/dev", "devtmpfs", 0, "")
	mount("tmp", "/root/tmp", "tmpfs", 0, "")
	mount("cgroup2", "/root/sys/fs/cgroup", "cgroup2", 0, "")
	mount("trace", "/root/sys/kernel/tracing", "tracefs", 0, "")
	must(os.Chdir("/root"), "root")
	must(syscall.Mount(".", "/", "", syscall.MS_MOVE, ""), "move root")
	must(syscall.Chroot("."), "chroot")
	must(os.Chdir("/"), "root")

	top := "/sys/fs/cgroup"
	must(os.WriteFile(top+"/cgroup.subtree_control", []byte("+cpu +memory +pids +io"), 0o644), "controllers")
	session := top + "/session.slice"
	must(os.Mkdir(session, 0o755), session)
	command := &exec.Cmd{Path: "/bin/bash", Args: []string{"bash", "/inside.sh"}, Stdout: os.Stdout, Stderr: os.Stdout,
		Dir: "/", Env: []string{"PATH=" + strings.Join([]string{"/venv-bin", "/usr/local/go/bin", "/usr/bin", "/bin", "/usr/sbin"}, ":"),
			"HOME=/tmp", "LANG=C.UTF-8", "TERM=dumb"}}
	dir, err := os.Open(session)
	must(err, session)
	command.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(dir.Fd())}
	err = command.Run()
	fmt.Println("init: done:", err)
	syscall.Sync()
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}
