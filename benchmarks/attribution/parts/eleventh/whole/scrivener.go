package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

var deed = template.Must(template.New("deed").Parse(
	`<h1>{{.Title}}</h1><ol>{{range .Clauses}}<li>{{.}}</li>{{end}}</ol><p>{{.Seal}}</p>` + "\n"))

type desk struct {
	t *task
	b *tally
}

// order reads how long the head is, the head itself, by which name and value take turns, and what follows it.
func order(r *bufio.Reader) (map[string]string, error) {
	long, err := r.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(long, ":"))
	if err != nil || n > 4096 {
		return nil, errors.Join(err, io.ErrShortBuffer)
	}
	head := make([]byte, n+1)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	words, is := strings.Split(string(head[:n]), "\x00"), map[string]string{}
	for i := 0; i+1 < len(words); i += 2 {
		is[words[i]] = words[i+1]
	}
	body, err := strconv.Atoi(is["CONTENT_LENGTH"])
	if err != nil {
		return nil, err
	}
	_, err = io.CopyN(io.Discard, r, int64(body))
	return is, err
}

func (d *desk) write(c net.Conn) error {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	is, err := order(bufio.NewReader(c))
	if err != nil {
		return err
	}
	d.b.sum += d.t.step()
	d.b.passes[0]++
	var out bytes.Buffer
	out.WriteString("Status: 200 OK\r\nContent-Type: text/html\r\n\r\n")
	clauses := strings.Split(is["QUERY_STRING"], "&")
	if err := deed.Execute(&out, map[string]any{"Title": is["REQUEST_URI"], "Clauses": clauses, "Seal": fmt.Sprintf("%08x", d.b.sum)}); err != nil {
		return err
	}
	_, err = c.Write(out.Bytes())
	return err
}

// Writes deeds for those who come from the front of the house.
func main() {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(err)
	d := &desk{newTask(cfg.Seed), newTally(0)}
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"orders"}, "at": {l.Addr().String()}, "every": {"43ms"}})
	check(err)
	answer.Body.Close()
	check(l.SetDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	for {
		c, err := l.Accept()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		check(err)
		check(d.write(c))
	}
	check(l.Close())
	finish(d.b, 1)
}
