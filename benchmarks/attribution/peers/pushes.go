package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	keyEvery   = 45 * time.Millisecond
	keys       = 36
	replyTakes = 4 * time.Millisecond
)

// enrolled calls whoever has put its name down: so often, in such a way, and so many times (0: until it is gone).
type enrolled struct {
	kind, at string
	every    time.Duration
	count    int
	pid      int
	to       string
}

// each does f as often as was asked for, for as long as it works.
func (e enrolled) each(f func(n int) error) {
	clock := time.NewTicker(e.every)
	defer clock.Stop()
	for n := 0; e.count == 0 || n < e.count; n++ {
		<-clock.C
		if f(n) != nil {
			return
		}
	}
}

// kept says something through one connection at each turn; room is for what is answered.
func (e enrolled) kept(network string, say func(conn net.Conn, room []byte, n int) error) {
	conn, err := net.Dial(network, e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	room := make([]byte, 1024)
	e.each(func(n int) error { return say(conn, room, n) })
}

func (e enrolled) get(n int) error {
	answer, err := http.Get("http://" + e.at)
	if err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	return err
}

func (e enrolled) post(n int) error {
	text := fmt.Sprintf(`{"id": %d, "kind": "%s", "of": "somewhere", "value": %d.5}`, n, []string{"opened", "moved", "closed"}[n%3], n*7%90)
	answer, err := http.Post("http://"+e.at, "application/json", strings.NewReader(text))
	if err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	return err
}

func (e enrolled) lines() {
	conn, err := net.Dial("tcp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	go io.Copy(io.Discard, conn)
	e.each(func(n int) error {
		_, err := fmt.Fprintf(conn, "<%d>host%d app[%d]: something came to pass for the %dth time\n", n%90, n%4, n%7, n)
		return err
	})
}

func (e enrolled) datagrams() {
	e.kept("udp", func(conn net.Conn, _ []byte, n int) error {
		_, err := fmt.Fprintf(conn, "sample.%d.%s:%d|%s", n%6, []string{"asked", "took", "size"}[n%3], n*7%90, []string{"c", "ms", "g"}[n%3])
		return err
	})
}

func (e enrolled) calls() {
	client, err := rpc.Dial("tcp", e.at)
	if err != nil {
		return
	}
	defer client.Close()
	e.each(func(n int) error {
		var value uint64
		return client.Call("Desk.Work", n, &value)
	})
}

func (e enrolled) append() {
	file, err := os.OpenFile(e.at, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	e.each(func(n int) error {
		if _, err := os.Stat(e.at); err != nil {
			return err
		}
		_, err := fmt.Fprintf(file, "%d something was noted, the %dth of all\n", n*37%1000, n)
		return err
	})
	if e.count > 0 {
		os.Remove(e.at)
	}
}

func enrol(r *http.Request) {
	e := enrolled{kind: r.PostFormValue("kind"), at: r.PostFormValue("at"), to: r.PostFormValue("to")}
	e.every = must(time.ParseDuration(r.PostFormValue("every")))
	e.count, _ = strconv.Atoi(r.PostFormValue("count"))
	e.pid, _ = strconv.Atoi(r.PostFormValue("pid"))
	switch e.kind {
	case "get":
		e.each(e.get)
	case "post":
		e.each(e.post)
	case "lines":
		e.lines()
	case "datagrams":
		e.datagrams()
	case "calls":
		e.calls()
	case "append":
		e.append()
	case "talks":
		e.talks()
	case "visits":
		e.visits()
	case "asks":
		e.asks()
	case "sockets":
		e.sockets()
	case "streams":
		e.streams()
	case "queries":
		e.queries()
	case "hammer":
		e.hammer()
	case "notes":
		e.notes()
	case "publishes":
		e.publishes()
	case "delivers":
		e.delivers()
	case "leads":
		e.leads()
	case "serial":
		e.serial()
	case "grams":
		e.grams()
	case "tunnels":
		e.tunnels()
	case "puts":
		e.puts()
	case "edits":
		e.edits()
	case "guests":
		e.guests()
	case "drops":
		e.drops()
	case "readers":
		e.readers()
	case "copies":
		e.copies()
	case "comes":
		e.comes()
	case "orders":
		e.orders()
	case "gauges":
		e.gauges()
	case "accounts":
		e.accounts()
	case "calls_out":
		e.callsOut()
	case "hangup":
		e.each(func(int) error { return syscall.Kill(e.pid, syscall.SIGHUP) })
	case "term":
		time.Sleep(e.every)
		syscall.Kill(e.pid, syscall.SIGTERM)
	}
}

// events are told as they come, and then no more.
func events(w http.ResponseWriter, r *http.Request) {
	e := enrolled{every: must(time.ParseDuration(r.FormValue("every"))), count: must(strconv.Atoi(r.FormValue("count")))}
	w.Header().Set("Content-Type", "text/event-stream")
	w.(http.Flusher).Flush()
	e.each(func(n int) error {
		_, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: {\"n\": %d}\n\n", n, []string{"rise", "fall"}[n%2], n*7)
		w.(http.Flusher).Flush()
		return err
	})
}

// serveRegistry calls back who puts its name down, and tells events.
func serveRegistry(l net.Listener) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /enrol", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		go enrol(r)
	})
	mux.HandleFunc("GET /events", events)
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(replyTakes)
		at, _ := strconv.Atoi(r.FormValue("from"))
		fmt.Fprintf(w, `{"items": [%d, %d, %d], "next": "%d"}`, at, at+1, at+2, (at+3)%3000)
	})
	go http.Serve(l, mux)
	return l.Addr().String()
}

// wanted reads how often and how many a client says that it wants, and all that it says.
func wanted(r *bufio.Reader) (enrolled, []string) {
	words := strings.Fields(must(r.ReadString('\n')))
	return enrolled{every: must(time.ParseDuration(words[1])), count: must(strconv.Atoi(words[2]))}, words
}

// serveBroker pushes frames to whoever says how often and how many: "SUB 25ms 60".
func serveBroker(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		defer conn.Close()
		e, _ := wanted(bufio.NewReader(conn))
		e.each(func(n int) error {
			frame := make([]byte, 2, 300)
			for i := range 40 + n%200 {
				frame = append(frame, byte('a'+(i*n)%26))
			}
			binary.BigEndian.PutUint16(frame, uint16(len(frame)-2))
			_, err := conn.Write(frame)
			return err
		})
	})
}

// serveMail takes letters, and thinks before each reply.
func serveMail(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		c := textproto.NewConn(conn)
		defer c.Close()
		c.PrintfLine("220 at your service")
		for {
			line, err := c.ReadLine()
			if err != nil {
				return
			}
			time.Sleep(replyTakes)
			word, _, _ := strings.Cut(line, " ")
			switch word {
			case "DATA":
				c.PrintfLine("354 go ahead")
				c.ReadDotBytes()
				time.Sleep(replyTakes)
				c.PrintfLine("250 taken")
			case "QUIT":
				c.PrintfLine("221 good bye")
				return
			default:
				c.PrintfLine("250 fine")
			}
		}
	})
}

// pressKeys writes what somebody types, and at last that it is enough.
func pressKeys(dir string) string {
	return pourInto(filepath.Join(dir, "keys"), keyEvery, keys, "q", func(n int) string { return "hjkl+- xo"[n*5%9 : n*5%9+1] })
}

// pourInto writes something into a pipe every now and then while somebody reads, and at last that it is enough.
func pourInto(path string, every time.Duration, count int, enough string, text func(n int) string) string {
	os.Remove(path)
	must(0, syscall.Mkfifo(path, 0o600))
	go func() {
		for {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return
			}
			for n := 0; n < count && err == nil; n++ {
				time.Sleep(every)
				_, err = file.WriteString(text(n))
			}
			file.WriteString(enough)
			file.Close()
			time.Sleep(every) // until the one who read is gone
		}
	}()
	return path
}
