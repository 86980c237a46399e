package main

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math/rand"
)

// task keeps digests of blocks and looks for equal ones.
type task struct {
	block [32768]byte
	seen  [1024]uint32
	n     uint64
}

func newTask(seed int64) *task {
	t := &task{}
	rand.New(rand.NewSource(seed)).Read(t.block[:])
	return t
}

func (t *task) mark() uint64 {
	sum := sha256.Sum256(t.block[:])
	crc := crc32.ChecksumIEEE(t.block[:])
	t.seen[binary.LittleEndian.Uint32(sum[:])%1024] = crc
	return binary.LittleEndian.Uint64(sum[8:])
}

func (t *task) turnOver(by byte) {
	for i := range t.block {
		t.block[i] = t.block[i]*5 + by
	}
}

func (t *task) step() (sum uint64) {
	for range 16 {
		t.n++
		t.turnOver(byte(t.n))
		sum += t.mark()
	}
	return sum
}
