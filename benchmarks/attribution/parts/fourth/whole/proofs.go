package main

import (
	"crypto/sha256"
	"encoding/binary"
)

type proof [32]byte

func above(level []proof) []proof {
	up := level[:0:len(level)]
	for i := 0; i+1 < len(level); i += 2 {
		up = append(up, sha256.Sum256(append(append(make([]byte, 0, 64), level[i][:]...), level[i+1][:]...)))
	}
	return up
}

// Proves that many leaves belong to one tree.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	leaves := make([]proof, 1024)
	for !over() {
		v := t.step()
		for i := range leaves {
			binary.LittleEndian.PutUint64(leaves[i][:], v+uint64(i))
		}
		level := leaves
		for len(level) > 1 {
			level = above(level)
		}
		b.sum += binary.LittleEndian.Uint64(level[0][:])
		b.passes[0]++
	}
	finish(b, 1)
}
