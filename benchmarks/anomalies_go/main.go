// Command service answers requests that it sends itself over HTTP at a fixed rate, and writes an access log: a line a request, with
// how long it took since it was due.
//
//	service RATE DATA LOG     DATA is a file that every request reads from; every fourth request syncs LOG
//
// SIGUSR1 has every request make garbage, as many KiB as the file "gc" beside DATA says, for as long as that exists; SIGUSR2 starts three
// children that compute until the file "child" is gone; SIGHUP makes requests take a lock that one goroutine holds for long, while
// "lock" exists; SIGALRM has them wait for something that answers late, as many ms as the file "peer" says; SIGWINCH has it read DATA whole.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	mu     sync.Mutex
	log    *os.File
	data   *os.File
	size   int64
	kept   [][]byte
	index  = map[int]*order{} // pointers for the collector to follow
	count  int
	beside string

	garbage, late atomic.Int64 // bytes and milliseconds of each request
)

type order struct {
	ID    int
	Lines []string
	Total float64
}

func handle(w http.ResponseWriter, r *http.Request) {
	var got order
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	buffer := make([]byte, 4096)
	for range 32 {
		data.ReadAt(buffer, rand.Int63n(size-4096))
	}
	if n := garbage.Load(); n > 0 {
		for range n / 4096 {
			got.Lines = append(got.Lines, string(make([]byte, 4000)))
		}
		got.Lines = got.Lines[:1]
	}
	if n := late.Load(); n > 0 {
		time.Sleep(time.Duration(n) * time.Millisecond)
	}
	sum := 0
	for i := range 700_000 {
		sum += i * int(buffer[i&4095])
	}
	got.Total = float64(sum)
	mu.Lock()
	kept[count%len(kept)] = buffer
	count++
	sync := count%4 == 0
	mu.Unlock()
	fmt.Fprintln(log, got.ID, got.Total)
	if sync {
		log.Sync()
	}
	json.NewEncoder(w).Encode(got)
}

func warm() { io.Copy(io.Discard, io.NewSectionReader(data, 0, size)) }

func exists(name string) bool {
	_, err := os.Stat(filepath.Join(beside, name))
	return err == nil
}

func number(name string) int64 {
	text, _ := os.ReadFile(filepath.Join(beside, name))
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}

func while(name string) {
	for exists(name) {
		time.Sleep(50 * time.Millisecond)
	}
}

func react(signals <-chan os.Signal) {
	for s := range signals {
		switch s {
		case syscall.SIGUSR1:
			garbage.Store(number("gc") << 10)
			while("gc")
			garbage.Store(0)
		case syscall.SIGALRM:
			late.Store(number("peer"))
			while("peer")
			late.Store(0)
		case syscall.SIGUSR2:
			children := []*exec.Cmd{}
			for range 3 {
				c := exec.Command("sh", "-c", "while [ -e "+filepath.Join(beside, "child")+" ]; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; done")
				c.Start()
				children = append(children, c)
			}
			for _, c := range children {
				c.Wait()
			}
		case syscall.SIGHUP:
			for exists("lock") {
				mu.Lock()
				time.Sleep(40 * time.Millisecond)
				mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		case syscall.SIGWINCH:
			warm()
		}
	}
}

func main() {
	rate, _ := strconv.ParseFloat(os.Args[1], 64)
	data, _ = os.Open(os.Args[2])
	info, _ := data.Stat()
	size, beside = info.Size(), filepath.Dir(os.Args[2])
	log, _ = os.Create(os.Args[3])
	kept = make([][]byte, 5000)
	for i := range 400_000 {
		index[i] = &order{ID: i, Lines: []string{strconv.Itoa(i)}}
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, syscall.SIGWINCH, syscall.SIGALRM)
	warm()
	go react(signals)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(handle))
	url := "http://" + listener.Addr().String() + "/orders"
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 5 * time.Second}
	body := `{"ID":%d,"Lines":["` + strings.Repeat("line ", 60) + `"]}`
	slots := make(chan bool, 256)
	began := time.Now()
	for i := 0; ; i++ {
		due := began.Add(time.Duration(float64(i) / rate * 1e9))
		time.Sleep(time.Until(due))
		slots <- true
		go func() {
			defer func() { <-slots }()
			answer, err := client.Post(url, "application/json", strings.NewReader(fmt.Sprintf(body, i)))
			status := 0
			if err == nil {
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				status = answer.StatusCode
			}
			fmt.Printf("POST /orders %d %s\n", status, time.Since(due).Round(time.Microsecond))
		}()
	}
}
