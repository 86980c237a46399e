package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
	"time"
)

// arms are what is known of a house.
type arms struct{ house, shield, motto string }

type office struct {
	roll []arms
	t    *task
	b    *tally
}

func (o *office) answer(house string) string {
	at := sort.Search(len(o.roll), func(i int) bool { return o.roll[i].house >= house })
	if at == len(o.roll) || o.roll[at].house != house {
		return "not on the roll\r\n"
	}
	o.b.sum += o.t.step()
	o.b.passes[0]++
	a := o.roll[at]
	return fmt.Sprintf("house: %s\r\nshield: %s\r\nmotto: %s\r\nseen: %d\r\n", a.house, a.shield, a.motto, o.b.sum%1000)
}

func (o *office) receive(c net.Conn) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	asked, err := bufio.NewReaderSize(c, 256).ReadString('\n')
	if err == nil {
		c.Write([]byte(o.answer(strings.TrimSpace(asked))))
	}
}

// Tells whoever comes what arms a house bears, one after the other.
func main() {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(err)
	o := &office{t: newTask(cfg.Seed), b: newTally(0)}
	for i := range 5000 {
		o.roll = append(o.roll, arms{fmt.Sprintf("house%05d", i), []string{"gules", "azure", "sable"}[i%3], strings.Repeat("semper ", 1+i%4)})
	}
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"comes"}, "at": {l.Addr().String()}, "every": {"31ms"}})
	check(err)
	answer.Body.Close()
	check(l.SetDeadline(began.Add(time.Duration(cfg.Span * 1e9))))
	for {
		c, err := l.Accept()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		check(err)
		o.receive(c)
	}
	check(l.Close())
	finish(o.b, 1)
}
