package main

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
)

// Gets to know two at a time.
type unit struct{ known atomic.Int64 }

func newUnit() *unit { return &unit{} }

func (u *unit) meet() {
	plain, err := net.Dial("tcp", cfg.Hosts[2])
	check(err)
	defer plain.Close()
	conn := tls.Client(plain, &tls.Config{InsecureSkipVerify: true})
	check(conn.HandshakeContext(context.Background()))
	u.known.Add(int64(conn.ConnectionState().CipherSuite))
}

func (u *unit) pass() {
	var both sync.WaitGroup
	both.Add(2)
	for range 2 {
		go func() {
			defer both.Done()
			u.meet()
		}()
	}
	both.Wait()
}

func (u *unit) end() {}
