package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	leaseEvery = 85 * time.Millisecond
	leaseWaits = 300 * time.Millisecond
	heldFor    = 900 * time.Millisecond
)

// sockets opens a web socket, says something now and then, and takes whatever is said to it, until it is closed.
func (e enrolled) sockets() {
	conn, err := net.Dial("tcp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /talk HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", e.at)
	r := bufio.NewReader(conn)
	answer, err := http.ReadResponse(r, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		return
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		var head [2]byte
		for {
			if _, err := io.ReadFull(r, head[:]); err != nil || head[0]&15 == 8 {
				return
			}
			io.CopyN(io.Discard, r, int64(head[1]&127))
		}
	}()
	e.each(func(n int) error {
		select {
		case <-gone:
			return io.EOF
		default:
		}
		text := []byte(fmt.Sprintf("%d: what do you think of %d?", n, n*7%90))
		frame := []byte{0x81, 0x80 | byte(len(text)), 1, 2, 3, 4}
		for i, c := range text {
			frame = append(frame, c^byte(1+i%4))
		}
		_, err := conn.Write(frame)
		return err
	})
}

// streams keeps one request of HTTP/2 open both ways: lines go out now and then, and others come back.
func (e enrolled) streams() {
	var plain http.Protocols
	plain.SetUnencryptedHTTP2(true)
	client := http.Client{Transport: &http.Transport{Protocols: &plain}}
	defer client.CloseIdleConnections()
	in, out := io.Pipe()
	go func() {
		defer out.Close()
		e.each(func(n int) error {
			_, err := fmt.Fprintf(out, "level %d %d\n", n, n*13%70)
			return err
		})
	}()
	answer, err := client.Post("http://"+e.at, "application/octet-stream", in)
	if err != nil {
		in.CloseWithError(err)
		return
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
	in.Close()
}

// queries are questions for a name server, of which some have no answer.
func (e enrolled) queries() {
	conn, err := net.Dial("udp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	go io.Copy(io.Discard, conn)
	e.each(func(n int) error {
		q := binary.BigEndian.AppendUint16(nil, uint16(n))
		q = append(q, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
		for _, word := range []string{[]string{"north", "south", "mail", "nobody"}[n%4], "sample", "example"} {
			q = append(append(q, byte(len(word))), word...)
		}
		q = append(q, 0, 0, []byte{1, 16, 28}[n%3], 0, 1)
		_, err := conn.Write(q)
		return err
	})
}

// hammer asks again as soon as it has an answer, until nobody gives one.
func (e enrolled) hammer() {
	client := http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	for n := 0; ; n++ {
		answer, err := client.Get("http://" + e.at + "?n=" + strconv.Itoa(n))
		if err != nil {
			return
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}

// notes are numbered datagrams that come a little early or late, some in the wrong order; they end with an empty one.
func (e enrolled) notes() {
	conn, err := net.Dial("udp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	send := func(n int) error {
		note := binary.BigEndian.AppendUint32(nil, uint32(n))
		for i := range 160 {
			note = append(note, byte(n*i))
		}
		_, err := conn.Write(note)
		return err
	}
	e.each(func(n int) error {
		time.Sleep(time.Duration(n*5%3) * 2 * time.Millisecond)
		if n%10 == 7 {
			return nil // comes after the next one
		}
		if err := send(n); err != nil {
			return err
		}
		if n%10 == 8 {
			return send(n - 1)
		}
		return nil
	})
	conn.Write(nil)
}

// serveLeases has a job now and then, which is lent to whoever asks; who asks too early is kept for a while.
func serveLeases(l net.Listener) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /take", func(w http.ResponseWriter, r *http.Request) {
		left := leaseEvery - time.Duration(time.Now().UnixNano())%leaseEvery
		if n, _ := strconv.Atoi(r.FormValue("n")); n%5 == 4 {
			left += leaseWaits // a time with nothing to do
		}
		select {
		case <-r.Context().Done():
		case <-time.After(leaseWaits):
			w.WriteHeader(http.StatusNoContent)
		case <-time.After(left):
			fmt.Fprintf(w, `{"id": "job-%d", "size": %d, "seconds": 0.2}`, time.Now().UnixNano()%1e6, 3+time.Now().UnixNano()/1e6%6)
		}
	})
	fine := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }
	mux.HandleFunc("POST /extend", fine)
	mux.HandleFunc("POST /done", fine)
	go http.Serve(l, mux)
	return l.Addr().String()
}

// serveOffice says who holds an office: another one at first, and whoever asks when that one's time is over.
func serveOffice(l net.Listener) string {
	var mu sync.Mutex
	since := map[string]time.Time{}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := r.FormValue("who")
		mu.Lock()
		if since[who].IsZero() {
			since[who] = time.Now()
		}
		mine := time.Since(since[who]) > heldFor
		mu.Unlock()
		holder := "another"
		if mine {
			holder = who
		}
		fmt.Fprintf(w, `{"holder": %q, "seconds": 0.25}`, holder)
	}))
	return l.Addr().String()
}

// swallow takes datagrams and says nothing.
func swallow() string {
	conn := must(net.ListenPacket("udp", "127.0.0.1:0"))
	go func() {
		room := make([]byte, 2048)
		for {
			if _, _, err := conn.ReadFrom(room); err != nil {
				return
			}
		}
	}()
	return conn.LocalAddr().String()
}

// echo says at once what it hears, line by line.
func echo(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		defer conn.Close()
		for r := bufio.NewReader(conn); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(conn, strings.ToUpper(line))
		}
	})
}
