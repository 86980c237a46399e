package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// notary has keys that never leave the house, and seals with them what those of the house bring.
type notary struct {
	keys     []crypto.Signer
	sum, had atomic.Uint64
	tasks    sync.Pool
}

func (n *notary) seal(number uint32, text []byte) ([]byte, error) {
	t := n.tasks.Get().(*task)
	defer n.tasks.Put(t)
	n.sum.Add(t.step() + t.step())
	n.had.Add(1)
	key := n.keys[int(number)%len(n.keys)]
	if _, whole := key.(ed25519.PrivateKey); whole {
		return key.Sign(rand.Reader, text, crypto.Hash(0))
	}
	digest := sha256.Sum256(text)
	return key.Sign(rand.Reader, digest[:], crypto.SHA256)
}

func (n *notary) receive(conn net.Conn) error {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for head := make([]byte, 8); ; {
		if _, err := io.ReadFull(r, head); err != nil {
			return err
		}
		size := binary.BigEndian.Uint32(head)
		if size < 4 || size > 1<<16 {
			return errors.New("too much at once")
		}
		text := make([]byte, size-4)
		if _, err := io.ReadFull(r, text); err != nil {
			return err
		}
		sealed, err := n.seal(binary.BigEndian.Uint32(head[4:]), text)
		if err != nil {
			return err
		}
		out := binary.BigEndian.AppendUint32(nil, uint32(4+len(sealed)))
		if _, err := conn.Write(append(append(out, head[4:]...), sealed...)); err != nil {
			return err
		}
	}
}

// Seals what is brought by those of the house, for as long as somebody is logged in.
func main() {
	_, first, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	second, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	n := &notary{keys: []crypto.Signer{first, second}}
	n.tasks.New = func() any { return newTask(cfg.Seed) }
	dir, err := os.Getwd()
	check(err)
	l, err := net.Listen("unix", filepath.Join(dir, "notary"))
	check(err)
	check(os.Chmod(l.Addr().String(), 0o600))
	for _, every := range []string{"41ms", "77ms"} {
		answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{"kind": {"asks"}, "at": {l.Addr().String()}, "every": {every}})
		check(err)
		answer.Body.Close()
	}
	logout := time.NewTimer(time.Until(began.Add(time.Duration(cfg.Span * 1e9))))
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go n.receive(conn)
		}
	}()
	<-logout.C
	check(l.Close())
	b := newTally(0)
	b.sum, b.passes[0] = n.sum.Load(), int(n.had.Load())
	finish(b, 1)
}
