package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
)

type errand struct {
	id   int
	load string
}

// serve works errands off and says which are done.
func serve(seed int64, errands <-chan errand, done chan<- int) *tally {
	t, b := newTask(seed), newTally(0)
	for e := range errands {
		for range 2 + len(e.load)%4 {
			b.sum += t.step()
		}
		b.passes[0]++
		done <- e.id
	}
	return b
}

// Has errands run by two, and says of each when it is done.
func main() {
	conn, err := net.Dial("tcp", cfg.Hosts[24])
	check(err)
	fmt.Fprintf(conn, "TAKE 32ms %d 3\n", int(cfg.Span*1000/32))
	errands, done := make(chan errand), make(chan int, 4)
	counts := make([]*tally, 2)
	var workers, teller sync.WaitGroup
	for i := range counts {
		workers.Go(func() { counts[i] = serve(cfg.Seed+int64(i), errands, done) })
	}
	teller.Go(func() {
		for id := range done {
			fmt.Fprintf(conn, "ACK %d\n", id)
		}
	})
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		var e errand
		_, rest, _ := strings.Cut(lines.Text(), " ")
		if _, err := fmt.Sscan(rest, &e.id, &e.load); err == nil {
			errands <- e
		}
	}
	close(errands)
	workers.Wait()
	close(done)
	teller.Wait()
	conn.Close()
	counts[0].add(counts[1])
	finish(counts[0], 1)
}
