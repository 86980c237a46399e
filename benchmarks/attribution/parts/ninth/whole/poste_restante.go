package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"net/textproto"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type office struct {
	mu    sync.Mutex
	boxes map[string]*bufio.Writer
	files []*os.File
	t     *task
	b     *tally
}

func (o *office) box(who string) *bufio.Writer {
	if o.boxes[who] == nil {
		file, err := os.Create("box." + who)
		check(err)
		o.files = append(o.files, file)
		o.boxes[who] = bufio.NewWriter(file)
	}
	return o.boxes[who]
}

func (o *office) keep(from string, to []string, letter []byte) error {
	m, err := mail.ReadMessage(bytes.NewReader(letter))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.sum += o.t.step() + o.t.step() + o.t.step()
	o.b.passes[0]++
	for _, who := range to {
		box := o.box(who)
		fmt.Fprintf(box, "From %s %s\n%s\n\n", from, m.Header.Get("Subject"), text)
		if err := box.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func name(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	rest, _, _ = strings.Cut(rest, "@")
	return rest
}

func (o *office) counter(conn net.Conn) {
	c := textproto.NewConn(conn)
	defer c.Close()
	c.PrintfLine("220 house.example at your service")
	var from string
	var to []string
	for {
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		switch word, _, _ := strings.Cut(line, " "); strings.ToUpper(word) {
		case "EHLO", "HELO":
			c.PrintfLine("250 good day")
		case "MAIL":
			from, to = name(line), nil
			c.PrintfLine("250 from whom")
		case "RCPT":
			to = append(to, name(line))
			c.PrintfLine("250 to whom")
		case "DATA":
			c.PrintfLine("354 go on")
			letter, err := c.ReadDotBytes()
			if err == nil {
				err = o.keep(from, to, letter)
			}
			if err != nil {
				c.PrintfLine("451 not now")
				return
			}
			c.PrintfLine("250 kept")
		case "QUIT":
			c.PrintfLine("221 good bye")
			return
		default:
			c.PrintfLine("500 what?")
		}
	}
}

// Keeps letters for those who will come for them.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	context.AfterFunc(ctx, func() { l.Close() })
	for _, one := range [][2]string{{"delivers", "70ms"}, {"delivers", "115ms"}, {"term", strconv.Itoa(int(cfg.Span*1000)) + "ms"}} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {one[0]}, "at": {l.Addr().String()}, "every": {one[1]}, "pid": {strconv.Itoa(os.Getpid())},
		})
		check(err)
		answer.Body.Close()
	}
	o := &office{boxes: map[string]*bufio.Writer{}, t: newTask(cfg.Seed), b: newTally(0)}
	var all sync.WaitGroup
	for {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		all.Go(func() { o.counter(conn) })
	}
	all.Wait()
	for _, file := range o.files {
		check(file.Close())
		check(os.Remove(file.Name()))
	}
	finish(o.b, 1)
}
