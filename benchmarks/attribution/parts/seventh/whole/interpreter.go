package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

type said struct {
	id   uint32
	text []byte
}

func heard(r io.Reader) (s said, err error) {
	var head [8]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return s, err
	}
	s.id = binary.BigEndian.Uint32(head[4:])
	s.text = make([]byte, min(binary.BigEndian.Uint32(head[:])-4, 1<<16))
	_, err = io.ReadFull(r, s.text)
	return s, err
}

// tell sends the answers as they come, many at once where there are many.
func tell(conn io.Writer, answers <-chan said) {
	w := bufio.NewWriter(conn)
	for s := range answers {
		var head [8]byte
		binary.BigEndian.PutUint32(head[:], uint32(4+len(s.text)))
		binary.BigEndian.PutUint32(head[4:], s.id)
		w.Write(head[:])
		w.Write(s.text)
		if len(answers) == 0 {
			w.Flush()
		}
	}
	w.Flush()
}

// Translates what is said, several sayings at once, in whatever order they are ready.
func main() {
	b := newTally(0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"asks"}, "at": {l.Addr().String()}, "every": {"40ms"}, "count": {strconv.Itoa(int(cfg.Span * 25))},
	})
	check(err)
	answer.Body.Close()
	conn, err := l.Accept()
	check(err)
	defer conn.Close()
	free := make(chan *task, 4)
	for i := range cap(free) {
		free <- newTask(cfg.Seed + int64(i))
	}
	answers := make(chan said, 8)
	var at, teller sync.WaitGroup
	var mu sync.Mutex
	teller.Go(func() { tell(conn, answers) })
	for r := bufio.NewReader(conn); ; {
		s, err := heard(r)
		if err != nil {
			break
		}
		t := <-free
		at.Go(func() {
			sum := uint64(len(s.text))
			for range 3 {
				sum += t.step()
			}
			free <- t
			mu.Lock()
			b.sum += sum
			b.passes[0]++
			mu.Unlock()
			answers <- said{s.id, binary.BigEndian.AppendUint64(nil, sum)}
		})
	}
	at.Wait()
	close(answers)
	teller.Wait()
	finish(b, 1)
}
