package main

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"syscall"
	"time"
)

const recordEvery = 70 * time.Millisecond

// packet is one of a broker's: what kind it is, how long, and what is in it.
func packet(kind byte, body []byte) []byte {
	out := []byte{kind}
	for n := len(body); ; n >>= 7 {
		if n < 128 {
			return append(append(out, byte(n)), body...)
		}
		out = append(out, byte(n)|128)
	}
}

func text(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

// publishes is a client of a broker: it subscribes to what others say of its own number, and says things that are to be acknowledged.
func (e enrolled) publishes() {
	conn, err := net.Dial("tcp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	me := fmt.Sprintf("client-%d", e.every.Milliseconds())
	conn.Write(packet(0x10, append(append(text("MQTT"), 4, 2, 0, 30), text(me)...)))
	conn.Write(packet(0x82, append(append([]byte{0, 1}, text("house/+/"+strconv.Itoa(int(e.every.Milliseconds()%2)))...), 1)))
	go io.Copy(io.Discard, conn)
	e.each(func(n int) error {
		if n%10 == 9 {
			_, err := conn.Write([]byte{0xc0, 0})
			return err
		}
		body := append(text(fmt.Sprintf("house/room%d/%d", n%5, n%2)), byte((n+1)>>8), byte(n+1))
		_, err := conn.Write(packet(0x32, fmt.Appendf(body, "%d.%d degrees", 15+n%9, n%10)))
		return err
	})
}

// delivers brings a letter each time, over a connection of its own.
func (e enrolled) delivers() {
	e.each(func(n int) error {
		c, err := textproto.Dial("tcp", e.at)
		if err != nil {
			return err
		}
		defer c.Close()
		c.ReadResponse(220)
		for _, line := range []string{
			"EHLO sample.example", fmt.Sprintf("MAIL FROM:<clerk%d@sample.example>", n%7), fmt.Sprintf("RCPT TO:<desk%d@house.example>", n%3), "DATA",
		} {
			c.PrintfLine("%s", line)
			if _, _, err := c.ReadResponse(0); err != nil {
				return nil
			}
		}
		w := c.DotWriter()
		fmt.Fprintf(w, "Subject: the %dth\r\nFrom: clerk%d@sample.example\r\n\r\n", n, n%7)
		for i := range 20 + n%30 {
			fmt.Fprintf(w, "line %d of what there is to say about %d\r\n", i, n*i%90)
		}
		w.Close()
		c.ReadResponse(250)
		c.PrintfLine("QUIT")
		c.ReadResponse(221)
		return nil
	})
}

// leads tells a follower that its leader is alive, and sometimes what is new.
func (e enrolled) leads() {
	conn, err := net.Dial("tcp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	r, last := bufio.NewReader(conn), 0
	e.each(func(n int) error {
		entries := ""
		if n%3 == 2 {
			entries = fmt.Sprintf(`{"term": 4, "key": "k%d", "value": %d}`, n%11, n*7%100)
		}
		fmt.Fprintf(conn, `{"term": 4, "leader": "one", "after": %d, "commit": %d, "entries": [%s]}`+"\n", last, last, entries)
		if entries != "" {
			last++
		}
		_, err := r.ReadString('\n')
		return err
	})
}

// serial speaks over a line as a receiver of positions does.
func (e enrolled) serial() {
	fd, err := syscall.Open(e.at, syscall.O_WRONLY|syscall.O_NOCTTY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	e.each(func(n int) error {
		said := fmt.Sprintf("GPGGA,%06d.00,48%02d.%04d,N,011%02d.%04d,E,1,%02d,0.9,5%d.0,M,,M,,", n*7%240000, n%60, n*37%10000, n*3%60, n*91%10000, 5+n%7, n%10)
		sum := byte(0)
		for i := range len(said) {
			sum ^= said[i]
		}
		_, err := syscall.Write(fd, fmt.Appendf(nil, "$%s*%02X\r\n", said, sum))
		return err
	})
}

// grams are short questions to a socket for datagrams, whose answers come to one of its own.
func (e enrolled) grams() {
	own := fmt.Sprintf("%s.%d", e.at, e.every.Milliseconds())
	conn, err := net.DialUnix("unixgram", &net.UnixAddr{Name: own, Net: "unixgram"}, &net.UnixAddr{Name: e.at, Net: "unixgram"})
	if err != nil {
		return
	}
	defer os.Remove(own)
	defer conn.Close()
	room := make([]byte, 64)
	e.each(func(n int) error {
		if _, err := fmt.Fprintf(conn, "user%d %d", n%13, 1+n%4); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, err := conn.Read(room)
		return err
	})
}

// serveGroup lends records to the members of a group, and hears from them that they are alive; a fetch is kept until there is something.
func serveGroup(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		defer conn.Close()
		for head := make([]byte, 17); ; {
			if _, err := io.ReadFull(conn, head); err != nil {
				return
			}
			kind, offset := head[0], int(binary.BigEndian.Uint64(head[9:]))
			var body []byte
			if kind == 'F' {
				time.Sleep(recordEvery - time.Duration(time.Now().UnixNano())%recordEvery)
				for i := range 1 + offset%3 {
					record := fmt.Sprintf("order %d of %d, %d pieces", offset+i, offset%17, 1+(offset+i)*7%40)
					body = binary.BigEndian.AppendUint32(body, uint32(len(record)))
					body = append(body, record...)
				}
			}
			out := append(append([]byte{}, head[1:9]...), 0, 0, 0, 0)
			binary.BigEndian.PutUint32(out[8:], uint32(len(body)))
			if _, err := conn.Write(append(out, body...)); err != nil {
				return
			}
		}
	})
}

// serveTime says at once what time it is, a little wrong.
func serveTime() string {
	conn := must(net.ListenPacket("udp", "127.0.0.1:0"))
	go func() {
		for room := make([]byte, 128); ; {
			n, from, err := conn.ReadFrom(room)
			if err != nil {
				return
			}
			if n < 48 {
				continue
			}
			now := uint64(time.Now().Add(3 * time.Millisecond).UnixNano())
			copy(room[24:32], room[40:48])
			binary.BigEndian.PutUint64(room[32:], now)
			binary.BigEndian.PutUint64(room[40:], now)
			room[0], room[1] = 0x24, 2
			conn.WriteTo(room[:48], from)
		}
	}()
	return conn.LocalAddr().String()
}

// serveSite has pages with ways to other pages, and takes what is sent to it packed; it does both at once.
func serveSite(l net.Listener) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		h := fnv.New32a()
		io.WriteString(h, r.URL.Path)
		n := h.Sum32()
		fmt.Fprintf(w, "<html><title>page %d</title><body>\n", n%1000)
		for i := range uint32(30) {
			fmt.Fprintf(w, "<p>Of %d there is much to say, see <a href=\"/p/%d\">there</a>.</p>\n", i, (n+i*97)%400)
		}
		io.WriteString(w, "</body></html>\n")
	})
	mux.HandleFunc("POST /lines", func(w http.ResponseWriter, r *http.Request) {
		if packed, err := gzip.NewReader(r.Body); err == nil {
			n, _ := io.Copy(io.Discard, packed)
			fmt.Fprintf(w, `{"taken": %d}`, n)
		}
	})
	go http.Serve(l, mux)
	return l.Addr().String()
}
