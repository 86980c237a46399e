package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"math/big"
)

// Works with numbers that are great.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	base, power, of := big.NewInt(65537), new(big.Int).Lsh(big.NewInt(1), 300), new(big.Int).Lsh(big.NewInt(3), 600)
	power.Sub(power, big.NewInt(1))
	of.Add(of, big.NewInt(7))
	for !over() {
		base.Exp(base, power, of)
		one, err := ecdh.X25519().GenerateKey(rand.Reader)
		check(err)
		both, err := one.ECDH(one.PublicKey())
		check(err)
		b.sum += base.Uint64() ^ binary.LittleEndian.Uint64(both) ^ t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
