package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

type said struct {
	ID     *int   `json:"id,omitempty"`
	Method string `json:"method,omitempty"`
	Params struct {
		Line, At int
		Text     string
	} `json:"params"`
}

// prompter knows a text as it is just now, and says what is wrong in it and what a word stands for.
type prompter struct {
	conn  net.Conn
	in    *bufio.Reader
	lines [40]string
	made  map[string]int
	t     *task
	b     *tally
}

func (p *prompter) hear() (s said, err error) {
	head, err := textproto.NewReader(p.in).ReadMIMEHeader()
	if err != nil {
		return s, err
	}
	n, err := strconv.Atoi(head.Get("Content-Length"))
	if err != nil {
		return s, err
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(p.in, text); err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

func (p *prompter) say(v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		_, err = fmt.Fprintf(p.conn, "Content-Length: %d\r\n\r\n%s", len(text), text)
	}
	return err
}

func words(line string) []string {
	return strings.FieldsFunc(line, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// read goes through the whole text: what is made where, and what is spoken of that was never made.
func (p *prompter) read() (wrong []string) {
	clear(p.made)
	for i, line := range p.lines {
		if w := words(line); len(w) > 1 && w[0] == "let" {
			p.made[w[1]] = i
		}
	}
	for i, line := range p.lines {
		for _, w := range words(line) {
			if _, ok := p.made[w]; !ok && strings.HasPrefix(w, "part") {
				wrong = append(wrong, fmt.Sprintf("%d: %s is not known", i, w))
			}
		}
	}
	return wrong
}

func (p *prompter) do(s said) error {
	p.b.sum += p.t.step() + p.t.step()
	p.b.passes[0]++
	line := &p.lines[s.Params.Line%len(p.lines)]
	if s.ID == nil {
		*line = s.Params.Text
		return p.say(map[string]any{"jsonrpc": "2.0", "method": "wrong", "params": p.read()})
	}
	about := "nothing"
	if at, from := s.Params.At, *line; at < len(from) {
		if w := words(from[strings.LastIndexByte(from[:at], ' ')+1:]); len(w) > 0 {
			about = fmt.Sprintf("%s, made on line %d", w[0], p.made[w[0]])
		}
	}
	return p.say(map[string]any{"jsonrpc": "2.0", "id": *s.ID, "result": about})
}

// Sits beside somebody who writes, and whispers.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"edits"}, "at": {l.Addr().String()}, "every": {"31ms"}})
	check(err)
	answer.Body.Close()
	conn, err := l.Accept()
	check(err)
	check(conn.SetReadDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	p := &prompter{conn: conn, in: bufio.NewReader(conn), made: map[string]int{}, t: newTask(cfg.Seed), b: newTally(0)}
	for s, err := p.hear(); err == nil; s, err = p.hear() {
		check(p.do(s))
	}
	check(conn.Close())
	check(l.Close())
	finish(p.b, 1)
}
