package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// busy is for how long all was at work, and for how long not, since the machine was started.
type busy struct{ work, all uint64 }

func read(file *os.File, room []byte) (b busy, err error) {
	n, err := file.ReadAt(room, 0)
	if err != nil && err != io.EOF {
		return b, err
	}
	line, _, _ := bytes.Cut(room[:n], []byte("\n"))
	for i, field := range bytes.Fields(line) {
		if i == 0 {
			continue
		}
		v, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			return b, err
		}
		if b.all += v; i != 4 && i != 5 {
			b.work += v
		}
	}
	return b, nil
}

// bellows blow as hard as it is hot, not more than they can, and do not change for nothing.
type bellows struct {
	file   *os.File
	heat   float64
	sum    float64
	before float64
	blows  int
}

func (w *bellows) see(load float64) {
	w.heat += 0.3*(20+70*load-w.heat) - 0.002*float64(w.blows)
}

func (w *bellows) blow() error {
	wrong := w.heat - 45
	w.sum = min(max(w.sum+wrong*0.04, -200), 200)
	hard := int(3*wrong + 0.8*w.sum + 0.5*(wrong-w.before))
	w.before = wrong
	if hard = min(max(hard, 0), 255); hard-w.blows < 4 && w.blows-hard < 4 {
		return nil
	}
	w.blows = hard
	_, err := w.file.WriteAt(fmt.Appendf(nil, "%03d\n", hard), 0)
	return err
}

// Looks by a clock at how hard all are at work, and blows as much air at them as they need.
func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	stat, err := os.Open("/proc/stat")
	check(err)
	out, err := os.Create("blows")
	check(err)
	t, b, w := newTask(cfg.Seed), newTally(0), &bellows{file: out}
	room := make([]byte, 512)
	last, err := read(stat, room)
	check(err)
	evening := time.After(time.Until(began.Add(time.Duration(cfg.Span * 1e9))))
	clock := time.NewTicker(50 * time.Millisecond)
	defer clock.Stop()
	for working := true; working; {
		select {
		case <-stop:
			working = false
		case <-evening:
			working = false
		case <-clock.C:
			now, err := read(stat, room)
			check(err)
			if now.all > last.all {
				w.see(float64(now.work-last.work) / float64(now.all-last.all))
			}
			last = now
			check(w.blow())
			b.sum += t.step() + t.step()
			b.passes[0]++
		}
	}
	check(stat.Close())
	check(out.Close())
	check(os.Remove("blows"))
	finish(b, 1)
}
