// Load writes an execution trace of at least so many MB: an HTTP server under its own clients beside goroutines that
// hand values back and forth.
//
//	load FILE MB
package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/trace"
	"strconv"
	"sync"
	"time"
)

var sink []byte

func main() {
	limit, _ := strconv.ParseInt(os.Args[2], 10, 64)
	f, _ := os.Create(os.Args[1])
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, task := trace.NewTask(r.Context(), "request")
		defer task.End()
		trace.WithRegion(ctx, "work", func() { sink = make([]byte, 32<<10) })
		trace.Log(ctx, "path", r.URL.Path)
		w.Write(sink[:100])
	}))
	stop := make(chan bool)
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c := &http.Client{Transport: &http.Transport{}}
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				resp, err := c.Get(srv.URL + "/p" + strconv.Itoa(n%10))
				if err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}
		}()
	}
	for i := 0; i < 4; i++ {
		a, b := make(chan int), make(chan int)
		go func() {
			for v := range a {
				b <- v
			}
		}()
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				for k := 0; k < 100; k++ {
					a <- k
					<-b
				}
			}
		}()
	}
	for {
		time.Sleep(20 * time.Millisecond)
		if st, _ := f.Stat(); st.Size() > limit<<20 {
			break
		}
	}
	close(stop)
	wg.Wait()
	trace.Stop()
	f.Close()
}
