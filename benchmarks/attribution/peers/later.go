package main

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"time"
)

const (
	callTakes  = 9 * time.Millisecond
	frameTakes = 8 * time.Millisecond
)

// Clerk is what can be called from elsewhere.
type Clerk struct{}

// Find takes a while.
func (Clerk) Find(key int, value *int) error {
	time.Sleep(callTakes)
	*value = key * 7
	return nil
}

func serveCalls(l net.Listener) string {
	server := rpc.NewServer()
	if err := server.Register(Clerk{}); err != nil {
		panic(err)
	}
	go server.Accept(l)
	return l.Addr().String()
}

// serveFrames answers messages that say first how long they are, each after a while.
func serveFrames(l net.Listener) string {
	return answerAll(l, func(conn net.Conn) {
		defer conn.Close()
		for {
			var size uint32
			if binary.Read(conn, binary.BigEndian, &size) != nil {
				return
			}
			text := make([]byte, 4+size%4096)
			binary.BigEndian.PutUint32(text, size%4096)
			if _, err := io.ReadFull(conn, text[4:]); err != nil {
				return
			}
			time.Sleep(frameTakes)
			conn.Write(text)
		}
	})
}

// serveAtOnce answers without delay.
func serveAtOnce(l net.Listener) string {
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"value": 12345, "of": "something"}`)
	}))
	return l.Addr().String()
}
