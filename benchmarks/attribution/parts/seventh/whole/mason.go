package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"
)

// crew works on a few things at a time, and keeps the first error.
type crew struct {
	all  sync.WaitGroup
	once sync.Once
	err  error
	hand chan struct{}
}

func newCrew(many int) *crew { return &crew{hand: make(chan struct{}, many)} }

func (c *crew) do(f func() error) {
	c.hand <- struct{}{}
	c.all.Go(func() {
		defer func() { <-c.hand }()
		if err := f(); err != nil {
			c.once.Do(func() { c.err = err })
		}
	})
}

func (c *crew) wait() error {
	c.all.Wait()
	return c.err
}

type stone struct {
	body  [1 << 19]byte
	mark  [sha256.Size]byte
	check uint32
}

var (
	errCracked = errors.New("cracked")
	scale      = crc32.MakeTable(crc32.Koopman)
)

func (s *stone) cut(n uint64) error {
	for i := 0; i < len(s.body); i += 512 {
		binary.LittleEndian.PutUint64(s.body[i:], n*0x9e3779b97f4a7c15+uint64(i))
	}
	s.mark = sha256.Sum256(s.body[:])
	s.check = crc32.Checksum(s.body[:], scale)
	if s.mark == [sha256.Size]byte{} {
		return fmt.Errorf("stone %d: %w", n, errCracked)
	}
	return nil
}

// Builds a wall of stones, two of which are cut at a time, course after course.
func main() {
	b := newTally(0)
	course := make([]stone, 64)
	for n := uint64(0); !over(); n++ {
		c := newCrew(2)
		for i := range course {
			c.do(func() error { return course[i].cut(n + uint64(i)) })
		}
		check(c.wait())
		for i := range course {
			b.sum += uint64(course[i].check) ^ binary.BigEndian.Uint64(course[i].mark[:])
			b.passes[0]++
		}
	}
	finish(b, 2)
}
