package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	nextEvery  = 65 * time.Millisecond
	orderEvery = 55 * time.Millisecond
	orders     = 28
)

// network is that of an address: a path is a socket's.
func network(at string) string {
	if strings.HasPrefix(at, "/") {
		return "unix"
	}
	return "tcp"
}

// talks sets, gets and counts things over one connection, each after the reply to the last.
func (e enrolled) talks() {
	conn, err := net.Dial(network(e.at), e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	e.each(func(n int) error {
		words := [][]string{
			{"SET", fmt.Sprint("thing:", n%40), fmt.Sprint("value ", n), "150"}, {"GET", fmt.Sprint("thing:", n*3%40)}, {"INCR", "visits"},
		}[n%3]
		fmt.Fprintf(conn, "*%d\r\n", len(words))
		for _, word := range words {
			fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(word), word)
		}
		_, err := r.ReadString('\n')
		return err
	})
}

// visits comes anew each time, says a line, hears one, and goes.
func (e enrolled) visits() {
	e.each(func(n int) error {
		conn, err := net.Dial(network(e.at), e.at)
		if err != nil {
			return err
		}
		defer conn.Close()
		fmt.Fprintf(conn, "visit %d from %d\n", n, n%5)
		_, err = bufio.NewReader(conn).ReadString('\n')
		return err
	})
}

// asks sends one to three numbered questions at a time, and takes the answers in any order.
func (e enrolled) asks() {
	conn, err := net.Dial(network(e.at), e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	go io.Copy(io.Discard, conn)
	e.each(func(n int) error {
		var frames []byte
		for i := range 1 + n%3 {
			text := fmt.Sprintf("question %d.%d", n, i)
			frames = binary.BigEndian.AppendUint32(frames, uint32(4+len(text)))
			frames = binary.BigEndian.AppendUint32(frames, uint32(n*3+i))
			frames = append(frames, text...)
		}
		_, err := conn.Write(frames)
		return err
	})
	time.Sleep(e.every)
}

// serveJobs gives out jobs at a pace, so many at a time until they are acknowledged: "TAKE 30ms 50 3".
func serveJobs(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		defer conn.Close()
		r := bufio.NewReader(conn)
		e, words := wanted(r)
		ahead := make(chan struct{}, must(strconv.Atoi(words[3])))
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			for {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
				<-ahead
			}
		}()
		taken := func() error {
			select {
			case ahead <- struct{}{}:
				return nil
			case <-gone:
				return io.EOF
			}
		}
		e.each(func(n int) error {
			if err := taken(); err != nil {
				return err
			}
			_, err := fmt.Fprintf(conn, "JOB %d %s\n", n, strings.Repeat("x", 10+n*13%50))
			return err
		})
		for range cap(ahead) { // until the last is acknowledged
			if taken() != nil {
				return
			}
		}
	})
}

// serveNext answers when there is something new, which there is at fixed times.
func serveNext(l net.Listener) string {
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.FormValue("after"))
		select {
		case <-r.Context().Done():
		case <-time.After(nextEvery - time.Duration(time.Now().UnixNano())%nextEvery):
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"last": %d, "changes": [{"key": "k%d", "value": %d}, {"key": "k%d", "value": %d}]}`, after+2, after%9, after, (after+4)%9, after*5)
		}
	}))
	return l.Addr().String()
}

// serveSessions tells news at a pace for as long as a session lasts, and answers whether it is still there: "HELLO 70ms 20".
func serveSessions(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		defer conn.Close()
		r := bufio.NewReader(conn)
		e, _ := wanted(r)
		io.WriteString(conn, "WELCOME\n")
		go func() {
			for {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
				io.WriteString(conn, "PONG\n")
			}
		}()
		e.each(func(n int) error {
			_, err := fmt.Fprintf(conn, "NEWS %d of %d\n", n, n*7%11)
			return err
		})
		io.WriteString(conn, "BYE\n")
	})
}

// giveOrders writes a line every now and then while somebody reads, and at last that it is enough.
func giveOrders(dir string) string {
	return pourInto(filepath.Join(dir, "orders"), orderEvery, orders, "bye\n", func(n int) string {
		return fmt.Sprintf("%s %c %d\n", []string{"let", "add", "mul", "work", "show"}[n%5], 'a'+n%4, n*13%50)
	})
}
