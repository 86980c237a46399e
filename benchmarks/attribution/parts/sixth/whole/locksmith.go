package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
)

type strongbox struct {
	seal       cipher.AEAD
	key        ed25519.PrivateKey
	text, room []byte
	nonce      [12]byte
	n          uint64
}

func newStrongbox() *strongbox {
	block, err := aes.NewCipher([]byte("sixteen letters!"))
	check(err)
	seal, err := cipher.NewGCM(block)
	check(err)
	return &strongbox{seal: seal, key: ed25519.NewKeyFromSeed(make([]byte, 32)), text: make([]byte, 20000), room: make([]byte, 0, 20100)}
}

func (s *strongbox) keep() byte {
	s.n++
	binary.BigEndian.PutUint64(s.nonce[:], s.n)
	binary.BigEndian.PutUint64(s.text, s.n)
	s.room = s.seal.Seal(s.room[:0], s.nonce[:], s.text, nil)
	signed := ed25519.Sign(s.key, s.room[:64])
	if !ed25519.Verify(s.key.Public().(ed25519.PublicKey), s.room[:64], signed) {
		panic("forged")
	}
	mark := hmac.New(sha512.New, signed)
	mark.Write(s.room)
	own := mark.Sum(nil)
	if _, err := s.seal.Open(s.text[:0], s.nonce[:], s.room, nil); err != nil {
		panic(err)
	}
	return own[0]
}

// Makes boxes that only the owner can open, and tries them.
func main() {
	t, b, s := newTask(cfg.Seed), newTally(0), newStrongbox()
	for !over() {
		for range 10 {
			b.sum += uint64(s.keep())
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
