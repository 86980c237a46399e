package main

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
)

type said struct {
	how  int
	text string
}

func hear(conn net.Conn, to chan<- said) {
	defer conn.Close()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		text, how := lines.Text(), 0
		for i, c := range text {
			if c == '>' && i > 0 && text[0] == '<' {
				how, _ = strconv.Atoi(text[1:i])
				text = text[i+1:]
				break
			}
		}
		to <- said{how, text}
	}
}

func enrol(kind, at, every string) {
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {kind}, "at": {at}, "every": {every}, "pid": {strconv.Itoa(os.Getpid())},
	})
	check(err)
	answer.Body.Close()
}

// Hears what several say, and keeps what matters.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	t, b := newTask(cfg.Seed), newTally(0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	context.AfterFunc(ctx, func() { l.Close() })
	enrol("term", "", strconv.Itoa(int(cfg.Span*1000))+"ms")
	for _, every := range []string{"30ms", "45ms", "70ms"} {
		enrol("lines", l.Addr().String(), every)
	}
	heard := make(chan said, 64)
	var all sync.WaitGroup
	all.Go(func() {
		book, err := os.Create("heard.log")
		check(err)
		defer book.Close()
		w := bufio.NewWriter(book)
		defer w.Flush()
		for s := range heard {
			if s.how > 20 {
				w.WriteString(s.text + "\n")
			}
			b.sum += t.step() + uint64(len(s.text))
			b.passes[0]++
		}
	})
	var ears sync.WaitGroup
	for {
		conn, err := l.Accept()
		if err != nil {
			break
		}
		context.AfterFunc(ctx, func() { conn.Close() })
		ears.Go(func() { hear(conn, heard) })
	}
	ears.Wait()
	close(heard)
	all.Wait()
	finish(b, 1)
}
