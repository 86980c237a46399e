package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// oracle is somebody outside who knows how to answer, and is asked one thing at a time.
type oracle struct {
	cmd   *exec.Cmd
	ask   io.WriteCloser
	hears *bufio.Reader
	turn  sync.Mutex
}

func called() (*oracle, error) {
	o := &oracle{cmd: exec.Command("sed", "-u", "-e", "s/visit/you will find/", "-e", "s/from/by/")}
	o.cmd.Stderr = os.Stderr
	ask, err := o.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	hears, err := o.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.ask, o.hears = ask, bufio.NewReader(hears)
	return o, o.cmd.Start()
}

func (o *oracle) say(question string) (string, error) {
	o.turn.Lock()
	defer o.turn.Unlock()
	if _, err := io.WriteString(o.ask, question); err != nil {
		return "", err
	}
	return o.hears.ReadString('\n')
}

func (o *oracle) leave() error {
	o.ask.Close()
	return o.cmd.Wait()
}

type temple struct {
	o     *oracle
	mu    sync.Mutex
	t     *task
	b     *tally
	known map[string]string
}

func (m *temple) receive(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	question, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	answer, err := m.o.say(question)
	if err != nil {
		fmt.Fprintln(conn, "the oracle is silent")
		return
	}
	m.mu.Lock()
	for range 3 {
		m.b.sum += m.t.step()
	}
	m.known[strings.TrimSpace(question)] = answer
	m.b.passes[0]++
	m.mu.Unlock()
	io.WriteString(conn, answer)
}

// Receives those who have a question for an oracle, which is asked for every one of them.
func main() {
	o, err := called()
	check(err)
	dir, err := os.Getwd()
	check(err)
	l, err := net.Listen("unix", filepath.Join(dir, "temple"))
	check(err)
	for _, every := range []string{"34ms", "58ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"visits"}, "at": {l.Addr().String()}, "every": {every},
		})
		check(err)
		answer.Body.Close()
	}
	time.AfterFunc(time.Until(began.Add(time.Duration(cfg.Span*1e9))), func() { l.Close() })
	m := &temple{o: o, t: newTask(cfg.Seed), b: newTally(0), known: map[string]string{}}
	var all sync.WaitGroup
	for {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		all.Go(func() { m.receive(conn) })
	}
	all.Wait()
	check(o.leave())
	finish(m.b, 1)
}
