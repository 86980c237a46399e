package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type boat struct {
	seats chan struct{}
	row   sync.WaitGroup
	tasks sync.Pool
	mu    sync.Mutex
	b     *tally
}

func (o *boat) carry(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(2 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	t := o.tasks.Get().(*task)
	sum := uint64(len(line))
	for range 4 {
		sum += t.step()
	}
	o.tasks.Put(t)
	fmt.Fprintf(conn, "%x\n", sum)
	o.mu.Lock()
	o.b.sum += sum
	o.b.passes[0]++
	o.mu.Unlock()
}

// rows takes whoever comes aboard, six at most, and lets all out at the end.
func (o *boat) rows(ctx context.Context, l net.Listener) error {
	context.AfterFunc(ctx, func() { l.Close() })
	defer o.row.Wait()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		o.seats <- struct{}{}
		o.row.Go(func() {
			defer func() { <-o.seats }()
			o.carry(conn)
		})
	}
}

// Rows until somebody calls from the bank.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	enrol := func(kind string, every int) {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {kind}, "at": {l.Addr().String()}, "every": {strconv.Itoa(every) + "ms"}, "pid": {strconv.Itoa(os.Getpid())},
		})
		check(err)
		answer.Body.Close()
	}
	enrol("term", int(cfg.Span*1000))
	enrol("visits", 40)
	enrol("visits", 65)
	o := &boat{seats: make(chan struct{}, 6), b: newTally(0)}
	o.tasks.New = func() any { return newTask(cfg.Seed) }
	check(o.rows(ctx, l))
	finish(o.b, 1)
}
