package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

var errForsworn = errors.New("another than before")

// Goes to somebody and has him swear that he is still the same as before.
type unit struct {
	oath []byte
	n    int
}

func newUnit() *unit { return &unit{} }

func (u *unit) same(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errForsworn
	}
	oath := sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo)
	if u.oath == nil {
		u.oath = oath[:]
	}
	if !bytes.Equal(u.oath, oath[:]) {
		return errForsworn
	}
	return nil
}

func (u *unit) sworn(at string) error {
	ctx, done := context.WithTimeout(context.Background(), 2*time.Second)
	defer done()
	bare, err := net.Dial("tcp", at)
	if err != nil {
		return err
	}
	defer bare.Close()
	return tls.Client(bare, &tls.Config{InsecureSkipVerify: true, VerifyConnection: u.same}).HandshakeContext(ctx)
}

func (u *unit) pass() {
	u.n++
	check(u.sworn(cfg.Hosts[2]))
}

func (u *unit) end() {}
