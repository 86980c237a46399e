package main

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// once says something through a connection of its own, and hears all that is answered.
func (e enrolled) once(said string) error {
	conn, err := net.Dial("tcp", e.at)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, said); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// copies fetches a paper, a piece after the other, each acknowledged.
func (e enrolled) copies() {
	e.kept("udp", func(conn net.Conn, room []byte, n int) error {
		if _, err := fmt.Fprintf(conn, "\x00\x01paper%d\x00octet\x00", n%9); err != nil {
			return err
		}
		for {
			conn.SetReadDeadline(time.Now().Add(time.Second))
			got, err := conn.Read(room)
			if err != nil {
				return err
			}
			if got < 4 || room[1] != 3 {
				return nil
			}
			if _, err := conn.Write([]byte{0, 4, room[2], room[3]}); err != nil || got < 4+512 {
				return err
			}
		}
	})
}

// comes asks one thing, hears all that is said, and goes.
func (e enrolled) comes() {
	e.each(func(n int) error { return e.once(fmt.Sprintf("house%05d\r\n", n*37%5100)) })
}

// orders wants a page, as a web server does that others are behind of.
func (e enrolled) orders() {
	e.each(func(n int) error {
		var head bytes.Buffer
		for _, word := range []string{
			"CONTENT_LENGTH", "0", "SCGI", "1", "REQUEST_METHOD", "GET", "REQUEST_URI", "/deed/" + strconv.Itoa(n),
			"QUERY_STRING", fmt.Sprintf("field=%d&barn=%d&until=%d&by=<hand>", n%9, n%4, 1900+n%99),
		} {
			head.WriteString(word)
			head.WriteByte(0)
		}
		return e.once(fmt.Sprintf("%d:%s,", head.Len(), head.Bytes()))
	})
}

// gauges is a master who reads what a device's gauges say, and sets a valve each fifth time.
func (e enrolled) gauges() {
	e.kept("tcp", func(conn net.Conn, room []byte, n int) error {
		ask := binary.BigEndian.AppendUint16(nil, uint16(n))
		if ask = append(ask, 0, 0, 0, 6, 1); n%5 == 4 {
			ask = append(ask, 6, 0, byte(n%64), byte(n%200), byte(n))
		} else {
			ask = append(ask, 3, 0, byte(n%8*4), 0, byte(8+n%16))
		}
		if _, err := conn.Write(ask); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, room[:6]); err != nil {
			return err
		}
		_, err := io.ReadFull(conn, room[:min(int(room[5]), len(room))])
		return err
	})
}

// accounts tells how long somebody was there and how much he had, and is told that it is noted.
func (e enrolled) accounts() {
	e.kept("udp", func(conn net.Conn, room []byte, n int) error {
		who := fmt.Sprintf("guest%d", n%30)
		text := append(make([]byte, 20), 1, byte(2+len(who)))
		text = append(append(text, who...), 46, 6)
		text = append(binary.BigEndian.AppendUint32(text, uint32(n*7%900)), 42, 6)
		text = binary.BigEndian.AppendUint32(text, uint32(n*4099))
		text[0], text[1], text[3] = 4, byte(n), byte(len(text))
		seal := md5.Sum(append(text[:len(text):len(text)], "between us"...))
		copy(text[4:], seal[:])
		if _, err := conn.Write(text); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, err := conn.Read(room)
		return err
	})
}

// callsOut wants to know from where it is heard.
func (e enrolled) callsOut() {
	e.kept("udp", func(conn net.Conn, room []byte, n int) error {
		ask := binary.BigEndian.AppendUint64([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 1}, uint64(n))
		if _, err := conn.Write(ask); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, err := conn.Read(room)
		return err
	})
}
