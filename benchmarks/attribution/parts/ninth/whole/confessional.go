package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"math/big"
	"net"
	"time"
)

func own() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"here"}, NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	check(err)
	return tls.Certificate{Certificate: [][]byte{made}, PrivateKey: key}
}

// hear hears what is said in pieces, and says of each what came of it.
func hear(conn net.Conn, t *task) (sum uint64) {
	in, piece := bufio.NewReaderSize(conn, 32<<10), make([]byte, 128<<10)
	for out := make([]byte, 40); ; {
		if _, err := io.ReadFull(in, piece); err != nil {
			return sum
		}
		digest := sha256.Sum256(piece)
		v := t.step() + t.step()
		sum += v
		binary.BigEndian.PutUint64(out, v)
		copy(out[8:], digest[:])
		if _, err := conn.Write(out); err != nil {
			return sum
		}
	}
}

// Two talk to each other so that nobody else understands; one is ahead of the other by a few pieces.
func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	certificate, heard := own(), make(chan uint64)
	go func() {
		conn, err := l.Accept()
		check(err)
		within := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}})
		heard <- hear(within, newTask(cfg.Seed))
		within.Close()
	}()
	known := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	check(err)
	known.AddCert(leaf)
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: known, ServerName: "here"})
	check(err)
	t, b := newTask(cfg.Seed+1), newTally(0)
	said := make(chan [32]byte, 4)
	done := make(chan bool)
	go func() {
		answer := make([]byte, 40)
		for digest := range said {
			_, err := io.ReadFull(conn, answer)
			check(err)
			if !bytes.Equal(answer[8:], digest[:]) {
				panic("misunderstood")
			}
		}
		close(done)
	}()
	for piece := make([]byte, 128<<10); !over(); b.passes[0]++ {
		b.sum += t.step() + t.step()
		binary.BigEndian.PutUint64(piece[b.passes[0]%1000*8:], b.sum)
		said <- sha256.Sum256(piece)
		_, err := conn.Write(piece)
		check(err)
	}
	close(said)
	<-done
	check(conn.Close())
	b.sum += <-heard
	check(l.Close())
	finish(b, 2)
}
