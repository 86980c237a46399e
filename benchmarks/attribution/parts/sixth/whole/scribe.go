package main

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"sync"
	"time"
)

type change struct{ key, value uint64 }

// lot is what changed together.
type lot [8]change

// roll is where changes are written, by one who does nothing else.
type roll struct {
	in   chan lot
	file *os.File
	all  sync.WaitGroup
}

func newRoll(path string) (*roll, error) {
	file, err := os.Create(path)
	r := &roll{in: make(chan lot, 1024), file: file}
	r.all.Go(r.write)
	return r, err
}

func (r *roll) write() {
	var room []byte
	put := func() {
		_, err := r.file.Write(room)
		check(err)
		room = room[:0]
	}
	due := time.NewTicker(100 * time.Millisecond)
	defer due.Stop()
	for {
		select {
		case l, ok := <-r.in:
			if !ok {
				put()
				check(r.file.Close())
				return
			}
			at := len(room)
			for _, c := range l {
				room = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(room, c.key), c.value)
			}
			room = binary.LittleEndian.AppendUint32(room, crc32.ChecksumIEEE(room[at:]))
		case <-due.C:
			put()
		}
	}
}

// Keeps what it finds, and has all of it written down.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	r, err := newRoll("roll.bin")
	check(err)
	kept := map[uint64]uint64{}
	for !over() {
		v := t.step() ^ t.step() ^ t.step() ^ t.step()
		var l lot
		for i := range l {
			v ^= v<<13 ^ uint64(i)
			v ^= v >> 7
			kept[v%5000] = v
			l[i] = change{v % 5000, v}
		}
		r.in <- l
		b.sum += kept[v%5000]
		b.passes[0]++
	}
	close(r.in)
	r.all.Wait()
	finish(b, 1)
}
