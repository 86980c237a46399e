package main

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// cards remember where somebody lives; who is not among them is asked after.
type cards struct {
	mu    sync.Mutex
	known map[string]net.IP
	ask   *net.Resolver
}

func (c *cards) of(name string) (net.IP, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ip, ok := c.known[name]; ok {
		return ip, nil
	}
	found, err := c.ask.LookupIP(context.Background(), "ip4", name)
	if err != nil {
		return nil, err
	}
	c.known[name] = found[0]
	return found[0], nil
}

// Looks up old friends, while somebody else meets new ones.
type unit struct {
	cards *cards
	met   chan string
	asked chan bool
	n     int
	sum   int
}

func newUnit() *unit {
	u := &unit{met: make(chan string), asked: make(chan bool, 1)}
	u.cards = &cards{known: map[string]net.IP{}, ask: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		select {
		case u.asked <- true:
		default:
		}
		return (&net.Dialer{}).DialContext(ctx, "udp", cfg.Hosts[0])
	}}}
	for i := range 16 {
		u.cards.known[fmt.Sprint("friend", i)] = net.IPv4(10, 0, 0, byte(i))
	}
	go u.meet()
	return u
}

func (u *unit) meet() {
	for name := range u.met {
		_, err := u.cards.of(name)
		check(err)
	}
}

func (u *unit) pass() {
	u.n++
	u.met <- fmt.Sprintf("stranger%d.sample.example.", u.n)
	<-u.asked
	for i := range 16 {
		ip, err := u.cards.of(fmt.Sprint("friend", i))
		check(err)
		u.sum += len(ip)
	}
}

func (u *unit) end() { close(u.met) }
