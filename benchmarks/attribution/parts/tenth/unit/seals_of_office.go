package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"
)

var errNone = errors.New("no seal")

// Looks after seals: goes to whoever has one, and sees for how long it will hold.
type unit struct {
	seen  map[string]int
	least time.Duration
}

func newUnit() *unit { return &unit{seen: map[string]int{}, least: 1 << 62} }

func (u *unit) seal(at string) (*x509.Certificate, error) {
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: 2 * time.Second}, "tcp", at, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	shown := c.ConnectionState().PeerCertificates
	if len(shown) == 0 {
		return nil, errNone
	}
	return shown[0], nil
}

func (u *unit) pass() {
	s, err := u.seal(cfg.Hosts[2])
	check(err)
	u.seen[s.SerialNumber.String()]++
	u.least = min(u.least, time.Until(s.NotAfter))
}

func (u *unit) end() {}
