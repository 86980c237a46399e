// Command connections opens COUNT TCP connections to itself, eight at a time, a byte each way over each, and prints the seconds.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func answer(listener net.Listener) {
	for {
		go func(one net.Conn) {
			io.ReadFull(one, make([]byte, 1))
			one.Write([]byte{1})
			one.Close()
		}(must(listener.Accept()))
	}
}

func main() {
	count := must(strconv.Atoi(os.Args[1]))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go answer(listener)
	began := time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range count / 8 {
				one := must(net.Dial("tcp", listener.Addr().String()))
				one.Write([]byte{1})
				io.Copy(io.Discard, one) // until the other side has closed: that side keeps the port waiting
				one.Close()
			}
		}()
	}
	all.Wait()
	fmt.Println(time.Since(began).Seconds())
}
