package main

import (
	"bufio"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

type guest struct {
	conn net.Conn
	hear chan string
}

type word struct {
	from *guest
	text string
}

type room struct {
	come, gone chan *guest
	words      chan word
}

func (r *room) sit(conn net.Conn) {
	g := &guest{conn, make(chan string, 32)}
	r.come <- g
	go func() {
		for text := range g.hear {
			if _, err := conn.Write([]byte(text + "\n")); err != nil {
				conn.Close()
			}
		}
	}()
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		r.words <- word{g, lines.Text()}
	}
	r.gone <- g
}

// Whoever comes tells everybody, until the last one has left.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	for _, every := range []int{60, 80, 100, 130} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
			"kind": {"lines"}, "at": {l.Addr().String()}, "every": {strconv.Itoa(every) + "ms"},
			"count": {strconv.Itoa(int(cfg.Span * 1000 / float64(every)))},
		})
		check(err)
		answer.Body.Close()
	}
	r := &room{make(chan *guest), make(chan *guest), make(chan word, 16)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go r.sit(conn)
		}
	}()
	here, left := map[*guest]bool{}, 0
	for left < 4 {
		select {
		case g := <-r.come:
			here[g] = true
		case g := <-r.gone:
			delete(here, g)
			close(g.hear)
			g.conn.Close()
			left++
		case w := <-r.words:
			for range 5 {
				b.sum += t.step()
				b.passes[0]++
			}
			for g := range here {
				if g == w.from {
					continue
				}
				select {
				case g.hear <- w.text:
				default:
				}
			}
		}
	}
	l.Close()
	finish(b, 1)
}
