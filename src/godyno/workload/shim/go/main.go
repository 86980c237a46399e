//go:build linux || darwin

// Shim runs a command with Go runtime debug output switched on for it alone, keeps that output apart from what the command
// itself writes to stderr, and otherwise behaves as the command would: same streams, same exit status, same signal.
//
//	go build -toolexec SHIM …      go test -exec SHIM …      SHIM COMMAND ARGS…
//
// GODYNO_SHIM_DIR is where it leaves one file per process (see formats/shimlog.py); unset, the command is simply exec'd.
// GODYNO_SHIM_GODEBUG is added to the command's GODEBUG.
package main

// Only small packages are imported: this program is compiled on the user's machine, and started once for each tool.
import (
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	holdFor  = 250 * time.Millisecond // a line takes 0.1 ms, or a throttled period; longer is no line
	pumpMode = "--godyno-shim-pump"
)

func main() {
	debug.SetGCPercent(-1) // it lives shortly and holds little
	args := os.Args[1:]
	if len(args) == 3 && args[0] == pumpMode {
		pump(args[1], args[2])
		return
	}
	if len(args) == 0 {
		say("usage: shim COMMAND [ARGS…]")
		os.Exit(2)
	}
	path, err := lookPath(args[0])
	if err != nil {
		fail(args[0], err)
	}
	dir := os.Getenv("GODYNO_SHIM_DIR")
	// A tool that is asked for its version must answer as if alone: go makes its build IDs of that.
	if dir == "" || (len(args) == 2 && (args[1] == "-V=full" || args[1] == "-flags")) {
		fail(args[0], syscall.Exec(path, args, os.Environ()))
	}
	run(dir, path, args)
}

func fail(name string, err error) {
	say("shim: " + name + ": " + err.Error())
	if errors.Is(err, os.ErrNotExist) {
		os.Exit(127)
	}
	os.Exit(126)
}

func say(text string) { os.Stderr.WriteString(text + "\n") }

// lookPath finds a command as a shell does: the first in PATH that may be run, else why the first that exists may not.
func lookPath(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	result := error(syscall.ENOENT)
	for _, dir := range strings.Split(os.Getenv("PATH"), ":") {
		if dir == "" {
			dir = "."
		}
		path := dir + "/" + name
		info, err := os.Stat(path)
		if err != nil || info.IsDir() {
			continue
		}
		if info.Mode()&0o111 != 0 {
			return path, nil
		}
		result = syscall.EACCES
	}
	return "", result
}

func run(dir, path string, args []string) {
	// The child is killed when the thread that started it ends, so that one has to stay.
	runtime.LockOSThread()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)

	reader, writer, exact, err := stderrPipe()
	if err != nil {
		fail(args[0], syscall.Exec(path, args, os.Environ()))
	}
	process, err := os.StartProcess(path, args, &os.ProcAttr{
		Env:   childEnv(),
		Files: []*os.File{os.Stdin, os.Stdout, writer},
		Sys:   sysProcAttr(),
	})
	if err != nil {
		fail(args[0], err)
	}
	started := now()
	writer.Close()
	name := dir + "/" + strconv.Itoa(process.Pid) + "-" + strconv.FormatInt(started, 10) + ".jsonl"
	log := &logFile{name: name}
	log.write(new(object).number("shim", 1).text("clock", clockName).number("pid", int64(process.Pid)).
		number("ppid", int64(os.Getpid())).text("argv0", args[0]).text("package", os.Getenv("TOOLEXEC_IMPORTPATH")).
		number("start_ns", started).flag("exact", exact))

	go forward(signals, process)
	sorter := &sorter{out: os.Stderr, log: log, exact: exact}
	done := make(chan bool)
	exited := make(chan struct{})
	go func() { done <- drain(reader, sorter, exited) }()
	state, err := process.Wait()
	close(exited)
	reader.SetReadDeadline(time.Now()) // wakes the reader to look at exited
	left := <-done

	end := new(object).number("end_ns", now()).number("exit", int64(state.ExitCode()))
	status, _ := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		end.number("signal", int64(status.Signal()))
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		end.number("user_ns", usage.Utime.Nano()).number("system_ns", usage.Stime.Nano())
		end.number("peak_rss_bytes", int64(usage.Maxrss)*maxrssUnit)
		end.number("minor_faults", int64(usage.Minflt)).number("major_faults", int64(usage.Majflt))
		end.number("voluntary_switches", int64(usage.Nvcsw)).number("involuntary_switches", int64(usage.Nivcsw))
	}
	log.write(end)
	if left {
		leavePump(reader, name)
	}
	if err != nil {
		fail(args[0], err)
	}
	if status.Signaled() {
		dieOf(status.Signal())
	}
	os.Exit(state.ExitCode())
}

// childEnv is the environment with the wanted settings appended to GODEBUG, where the last one counts.
func childEnv() []string {
	wanted := os.Getenv("GODYNO_SHIM_GODEBUG")
	env := os.Environ()
	if wanted == "" {
		return env
	}
	kept := env[:0:0]
	value := wanted
	for _, pair := range env {
		if rest, ok := strings.CutPrefix(pair, "GODEBUG="); ok {
			if rest != "" {
				value = rest + "," + wanted
			}
			continue
		}
		kept = append(kept, pair)
	}
	return append(kept, "GODEBUG="+value)
}

// forward passes on what was sent to this process alone. A terminal's Ctrl-C reaches the whole foreground group by itself.
func forward(signals <-chan os.Signal, process *os.Process) {
	for s := range signals {
		if s == syscall.SIGINT && inForeground() {
			continue
		}
		process.Signal(s)
	}
}

// dieOf ends this process as the command ended, without a second core file.
func dieOf(s syscall.Signal) {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	signal.Reset(s)
	syscall.Kill(os.Getpid(), s)
	time.Sleep(time.Second) // the signal is on its way
	os.Exit(128 + int(s))
}

// drain hands on what comes until all writers are gone, or the command has ended and nothing more is there. It reports
// whether somebody still holds the other end.
func drain(reader *os.File, sorter *sorter, exited <-chan struct{}) (left bool) {
	buffer := make([]byte, 1<<16)
	ended := false
	for {
		select {
		case <-exited:
			ended = true
		default:
		}
		switch {
		case ended:
			reader.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		case sorter.holding():
			reader.SetReadDeadline(time.Now().Add(holdFor))
		default:
			reader.SetReadDeadline(time.Time{})
			// It may have ended between the look and the reset.
			select {
			case <-exited:
				continue
			default:
			}
		}
		n, err := reader.Read(buffer)
		if n > 0 {
			sorter.take(buffer[:n], now())
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if ended {
				sorter.flush()
				return true
			}
			sorter.expire(now())
			continue
		}
		if err != nil {
			sorter.flush()
			if err != io.EOF {
				say("shim: reading stderr: " + err.Error())
			}
			return false
		}
	}
}

// leavePump starts a copy of this program that goes on reading for a process that outlives the command: without it that
// process would die of its next write to stderr.
func leavePump(reader *os.File, name string) {
	self, err := os.Executable()
	if err != nil {
		return
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return
	}
	process, err := os.StartProcess(self, []string{self, pumpMode, "3", name}, &os.ProcAttr{
		Env:   os.Environ(),
		Files: []*os.File{null, null, os.Stderr, reader},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err == nil {
		process.Release()
	}
}

func pump(fd, name string) {
	number, err := strconv.Atoi(fd)
	if err != nil {
		os.Exit(2)
	}
	syscall.SetNonblock(number, true)
	reader := os.NewFile(uintptr(number), "stderr")
	drain(reader, &sorter{out: os.Stderr, log: &logFile{name: name, late: true}, exact: true}, make(chan struct{}))
}

// logFile appends a JSON object a line. What it cannot write is lost without harm to the command.
type logFile struct {
	name string
	late bool
	file *os.File
	dead bool
}

func (l *logFile) write(record *object) {
	if l.dead {
		return
	}
	if l.file == nil {
		file, err := os.OpenFile(l.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			l.dead = true
			return
		}
		l.file = file
	}
	if _, err := l.file.Write(append(record.data, '}', '\n')); err != nil {
		l.dead = true
	}
}

// object is a JSON object under construction.
type object struct{ data []byte }

func (o *object) key(name string) {
	if len(o.data) == 0 {
		o.data = append(o.data, '{')
	} else {
		o.data = append(o.data, ',')
	}
	o.data = append(append(append(o.data, '"'), name...), '"', ':')
}

func (o *object) number(name string, value int64) *object {
	o.key(name)
	o.data = strconv.AppendInt(o.data, value, 10)
	return o
}

func (o *object) flag(name string, value bool) *object {
	o.key(name)
	o.data = strconv.AppendBool(o.data, value)
	return o
}

func (o *object) text(name, value string) *object {
	o.key(name)
	o.data = append(o.data, '"')
	for _, r := range value { // bytes that are no UTF-8 arrive as U+FFFD
		switch {
		case r == '"' || r == '\\':
			o.data = append(o.data, '\\', byte(r))
		case r < 0x20 || r == 0x7f:
			const hex = "0123456789abcdef"
			o.data = append(o.data, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			o.data = append(o.data, string(r)...)
		}
	}
	o.data = append(o.data, '"')
	return o
}
