package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tunnels goes through another to one who says again what he hears, and says something now and then.
func (e enrolled) tunnels() {
	conn, err := net.Dial("tcp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	to, err := net.ResolveTCPAddr("tcp", e.to)
	if err != nil {
		return
	}
	room := make([]byte, 64)
	conn.Write([]byte{5, 1, 0})
	if _, err := io.ReadFull(conn, room[:2]); err != nil {
		return
	}
	ask := append([]byte{5, 1, 0, 1}, to.IP.To4()...)
	conn.Write(binary.BigEndian.AppendUint16(ask, uint16(to.Port)))
	if _, err := io.ReadFull(conn, room[:10]); err != nil || room[1] != 0 {
		return
	}
	go io.Copy(io.Discard, conn)
	e.each(func(n int) error {
		_, err := fmt.Fprintf(conn, "ship %d lies %d cables off, %s\n", n, n*7%90, strings.Repeat("and waits ", n%20))
		return err
	})
}

// puts leaves something each third time, and takes a piece of what was left otherwise.
func (e enrolled) puts() {
	client := http.Client{Transport: &http.Transport{}, Timeout: 2 * time.Second}
	e.each(func(n int) error {
		path := fmt.Sprintf("http://%s/hook/%d", e.at, n/3%12)
		request, err := http.NewRequest(http.MethodGet, path, nil)
		if n%3 == 0 {
			request, err = http.NewRequest(http.MethodPut, path, strings.NewReader(strings.Repeat("a coat, and a hat; ", 200+n%700)))
		} else if err == nil {
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", n%50, n%50+900))
		}
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	})
}

// edits is somebody who writes a text, and asks now and then what a word means.
func (e enrolled) edits() {
	conn, err := net.Dial("tcp", e.at)
	if err != nil {
		return
	}
	defer conn.Close()
	go io.Copy(io.Discard, conn)
	say := func(v any) error {
		text, err := json.Marshal(v)
		if err == nil {
			_, err = fmt.Fprintf(conn, "Content-Length: %d\r\n\r\n%s", len(text), text)
		}
		return err
	}
	e.each(func(n int) error {
		if n%6 == 5 {
			return say(map[string]any{"jsonrpc": "2.0", "id": n, "method": "hover", "params": map[string]any{"line": n * 7 % 40, "at": n % 20}})
		}
		line := fmt.Sprintf("let part%d = (line + %d) * part%d", n%40, n, n*3%40)
		return say(map[string]any{"jsonrpc": "2.0", "method": "change", "params": map[string]any{"line": n * 11 % 40, "text": line}})
	})
}

// guests come without knowing where to stay: each asks who has room, takes what is offered, and hears that it is so.
func (e enrolled) guests() {
	e.kept("udp", func(conn net.Conn, room []byte, n int) error {
		packet := make([]byte, 240)
		packet[0], packet[1], packet[2] = 1, 1, 6
		binary.BigEndian.PutUint32(packet[4:], uint32(n))
		binary.BigEndian.PutUint32(packet[30:], uint32(n%50)|0x02000000)
		copy(packet[236:], []byte{99, 130, 83, 99})
		if _, err := conn.Write(append(packet[:240:240], 53, 1, 1, 255)); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := conn.Read(room); err != nil {
			return err
		}
		options := append([]byte{53, 1, 3, 50, 4}, room[16:20]...)
		if _, err := conn.Write(append(append(packet[:240:240], options...), 255)); err != nil {
			return err
		}
		_, err := conn.Read(room)
		return err
	})
}

// drops puts something into a folder, whole as soon as it is there.
func (e enrolled) drops() {
	e.each(func(n int) error {
		var text bytes.Buffer
		w := bufio.NewWriter(&text)
		fmt.Fprintf(w, "to: desk%d\r\nabout: matter %d\r\n\r\n", n%5, n*7%90)
		for i := range 40 + n%40 {
			fmt.Fprintf(w, "item %d %d\n", i, i*n%500)
		}
		w.Flush()
		aside := filepath.Join(filepath.Dir(e.at), "aside"+strconv.Itoa(n))
		if err := os.WriteFile(aside, text.Bytes(), 0o644); err != nil {
			return err
		}
		err := os.Rename(aside, filepath.Join(e.at, fmt.Sprintf("%06d.msg", n)))
		if err != nil {
			os.Remove(aside)
		}
		return err
	})
}

// readers ask for pages, each with the cookie that it was given first.
func (e enrolled) readers() {
	client := http.Client{Transport: &http.Transport{}, Timeout: 2 * time.Second}
	cookie := ""
	e.each(func(n int) error {
		request, err := http.NewRequest(http.MethodGet, "http://"+e.at+"/table/"+strconv.Itoa(n%9), nil)
		if err != nil {
			return err
		}
		if request.Header.Set("Cookie", cookie); n%25 == 0 {
			request.Header.Del("Cookie")
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		for _, c := range answer.Cookies() {
			cookie = textproto.TrimString(c.Name + "=" + c.Value)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	})
}
