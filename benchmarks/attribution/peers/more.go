package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	pieceTakes = 5 * time.Millisecond
	askedEvery = 20 * time.Millisecond
)

// takeSlowly reads what it is sent in pieces, a while after each other.
func takeSlowly(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		conn.(*net.TCPConn).SetReadBuffer(32 << 10)
		defer conn.Close()
		for piece := make([]byte, 32<<10); ; time.Sleep(pieceTakes) {
			if _, err := io.ReadFull(conn, piece); err != nil {
				return
			}
		}
	})
}

// tellSlowly answers in three pieces, a while after each other.
func tellSlowly(l net.Listener) string {
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for n := range 3 {
			time.Sleep(pieceTakes)
			fmt.Fprintln(w, "and then, as the", n, "th of all things")
			w.(http.Flusher).Flush()
		}
	}))
	return l.Addr().String()
}

// askLines asks whoever serves lines at an address, over one connection, now and then.
func askLines(network, address string) {
	for ; ; time.Sleep(askedEvery) {
		conn, err := net.Dial(network, address)
		if err != nil {
			continue
		}
		for r := bufio.NewReader(conn); err == nil; time.Sleep(askedEvery) {
			if _, err = io.WriteString(conn, "how much?\n"); err == nil {
				_, err = r.ReadString('\n')
			}
		}
		conn.Close()
	}
}

// sendLetters sends datagrams to whoever may be at an address, now and then.
func sendLetters(address string) {
	conn := must(net.Dial("udp", address))
	for range time.Tick(askedEvery) {
		conn.Write([]byte("how much, and how many of them?"))
	}
}
