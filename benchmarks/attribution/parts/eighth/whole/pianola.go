package main

import (
	"encoding/binary"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

type note struct {
	n    uint32
	tone [160]byte
}

// roll keeps notes in their order until it is their time.
type roll struct {
	mu               sync.Mutex
	notes            [16]note
	there            [16]bool
	first, played    uint32
	begun            bool
	lost, late, came int
}

func (r *roll) put(n uint32, tone []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun {
		r.begun, r.first, r.played = true, n, n
	}
	r.came++
	if n < r.played || n >= r.played+16 {
		r.late++
		return
	}
	r.notes[n%16].n, r.there[n%16] = n, true
	copy(r.notes[n%16].tone[:], tone)
}

// take is the note whose time it is; the one before is played again, softer, where one is missing.
func (r *roll) take(last *note) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.played % 16
	if r.played++; r.there[at] {
		*last, r.there[at] = r.notes[at], false
		return
	}
	r.lost++
	for i := range last.tone {
		last.tone[i] /= 2
	}
}

func play(r *roll, done <-chan struct{}, t *task, b *tally) {
	clock := time.NewTicker(20 * time.Millisecond)
	defer clock.Stop()
	var now note
	var mix [160]int32
	for {
		select {
		case <-done:
			return
		case <-clock.C:
			r.take(&now)
			for i, v := range now.tone {
				mix[i] = mix[i]*3/4 + int32(v)<<6
				b.sum += uint64(mix[i])
			}
			b.sum += t.step()
			b.passes[0]++
		}
	}
}

// Plays what comes over the wire, each note at its time, a little after it came.
func main() {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(err)
	defer conn.Close()
	answer, err := http.PostForm("http://"+cfg.Hosts[20]+"/enrol", url.Values{
		"kind": {"notes"}, "at": {conn.LocalAddr().String()}, "every": {"20ms"}, "count": {strconv.Itoa(int(cfg.Span * 50))},
	})
	check(err)
	answer.Body.Close()
	r, t, b, done := &roll{}, newTask(cfg.Seed), newTally(0), make(chan struct{})
	var player sync.WaitGroup
	for room := make([]byte, 512); ; {
		check(conn.SetReadDeadline(time.Now().Add(time.Second)))
		n, _, err := conn.ReadFrom(room)
		check(err)
		if n == 0 {
			break
		}
		if r.put(binary.BigEndian.Uint32(room), room[4:n]); r.came == 4 {
			player.Go(func() { play(r, done, t, b) })
		}
	}
	close(done)
	player.Wait()
	b.sum += uint64(r.lost + r.late)
	finish(b, 1)
}
