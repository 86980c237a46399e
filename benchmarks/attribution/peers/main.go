// Peers of the programs: a name server, servers and pipes that take their time, and clients of a service.
//
//	peers DIRECTORY
//
// It listens on loopback, makes two pipes in DIRECTORY, says where as one line of JSON, and ends with its standard input.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	nameTakes      = 12 * time.Millisecond
	handshakeTakes = 14 * time.Millisecond
	answerTakes    = 11 * time.Millisecond
	lineTakes      = 6 * time.Millisecond
	connectTakes   = 15 * time.Millisecond
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// serveNames answers every question with one address, after a while.
func serveNames(own int) string {
	conn := must(net.ListenPacket("udp", fmt.Sprintf("127.0.%d.99:53", own)))
	go func() {
		for {
			question := make([]byte, 512)
			n, from, err := conn.ReadFrom(question)
			if err != nil {
				return
			}
			go func() {
				time.Sleep(nameTakes)
				end := 12
				for question[end] != 0 {
					end += 1 + int(question[end])
				}
				end += 5
				answer := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, question[12:end]...)
				answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1)
				_ = n
				conn.WriteTo(answer, from)
			}()
		}
	}()
	return conn.LocalAddr().String()
}

// answerAll has each connection answered by a goroutine of its own, and says where it waits for them.
func answerAll(l net.Listener, answer func(net.Conn)) string {
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answer(conn)
		}
	}()
	return l.Addr().String()
}

func serveLines(l net.Listener, takes time.Duration) string {
	return answerAll(l, func(conn net.Conn) {
		defer conn.Close()
		for r := bufio.NewReader(conn); ; {
			if _, err := r.ReadString('\n'); err != nil {
				return
			}
			time.Sleep(takes)
			io.WriteString(conn, "value 12345 of something\n")
		}
	})
}

func serveDatagrams() string {
	conn := must(net.ListenPacket("udp", "127.0.0.1:0"))
	go func() {
		for {
			asked := make([]byte, 512)
			n, from, err := conn.ReadFrom(asked)
			if err != nil {
				return
			}
			go func() {
				time.Sleep(lineTakes)
				conn.WriteTo(asked[:n], from)
			}()
		}
	}()
	return conn.LocalAddr().String()
}

func serveHTTP(l net.Listener) string {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(answerTakes)
		w.Write(make([]byte, 2000))
	})
	go http.Serve(l, handler)
	return l.Addr().String()
}

// serveTLS takes a while in each handshake, before it shows its certificate.
func serveTLS() string {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	made := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der := must(x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key))
	config := &tls.Config{
		Certificates:           []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		SessionTicketsDisabled: true,
	}
	slow := config.Clone()
	slow.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		time.Sleep(handshakeTakes)
		return config, nil
	}
	l := must(tls.Listen("tcp", "127.0.0.1:0", slow))
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 500)) }))
	return l.Addr().String()
}

// servePipe writes a line every few milliseconds while somebody reads.
func servePipe(path string) string {
	must(0, syscall.Mkfifo(path, 0o600))
	go func() {
		for {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return
			}
			for err == nil {
				time.Sleep(lineTakes)
				_, err = io.WriteString(file, "something that was noted elsewhere\n")
			}
			file.Close()
		}
	}()
	return path
}

// drainPipe reads a page every few milliseconds.
func drainPipe(path string) string {
	must(0, syscall.Mkfifo(path, 0o600))
	go func() {
		for {
			file, err := os.OpenFile(path, os.O_RDONLY, 0)
			if err != nil {
				return
			}
			syscall.Syscall(syscall.SYS_FCNTL, file.Fd(), 1031, 4096) // F_SETPIPE_SZ
			page := make([]byte, 4096)
			for err == nil {
				time.Sleep(lineTakes)
				_, err = file.Read(page)
			}
			file.Close()
		}
	}()
	return path
}

// call asks a service that a program may have up at this address, so many times a second.
func call(address string, every time.Duration) {
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 2 * time.Second}
	for range time.Tick(every) {
		go func() {
			answer, err := client.Get("http://" + address + "/")
			if err == nil {
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		}()
	}
}

func main() {
	dir := os.Args[1]
	loopback := func() net.Listener { return must(net.Listen("tcp", "127.0.0.1:0")) }
	socket := filepath.Join(dir, "socket")
	os.Remove(socket)
	for _, name := range []string{"in", "out"} {
		os.Remove(filepath.Join(dir, name))
	}
	own := 1 + os.Getpid()%250 // so that two of these do not get in each other's way
	busy, calm := fmt.Sprintf("127.0.%d.99:8533", own), fmt.Sprintf("127.0.%d.99:8534", own)
	lines, letters := fmt.Sprintf("127.0.%d.99:8535", own), fmt.Sprintf("127.0.%d.99:8536", own)
	many, near := fmt.Sprintf("127.0.%d.99:8537", own), filepath.Join(dir, "near")
	hosts := []string{
		serveNames(own), serveFar(own), serveTLS(), serveHTTP(loopback()), serveLines(loopback(), answerTakes),
		servePipe(filepath.Join(dir, "in")), drainPipe(filepath.Join(dir, "out")), serveDatagrams(),
		serveLines(must(net.Listen("unix", socket)), lineTakes), busy, calm,
		takeSlowly(loopback()), tellSlowly(loopback()), lines, letters,
		serveAtOnce(loopback()), serveCalls(loopback()), serveFrames(loopback()), many, near,
		serveRegistry(loopback()), serveBroker(loopback()), serveMail(loopback()), pressKeys(dir),
		serveJobs(loopback()), serveNext(loopback()), serveSessions(loopback()), giveOrders(dir),
		echo(loopback()), serveLeases(loopback()), serveOffice(loopback()), swallow(),
		serveGroup(loopback()), serveTime(), serveTime(), serveSite(loopback()),
	}
	go call(busy, 4*time.Millisecond)
	go call(calm, 25*time.Millisecond)
	go askLines("tcp", lines)
	for range 4 {
		go askLines("tcp", many)
	}
	go askLines("unix", near)
	go sendLetters(letters)
	fmt.Println(string(must(json.Marshal(hosts))))
	io.Copy(io.Discard, os.Stdin)
	os.Remove(socket)
}
