package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/bits"
	"math/rand"
	"os"
	"path/filepath"
)

// lock is what is known of one of the locks that barges went through.
type lock struct {
	barges, lost int
	tons         uint64
	took         [24]int // how many took how long, by powers of two
}

type canal struct {
	locks map[string]*lock
	zip   *gzip.Reader
	in    *bufio.Reader
	room  []byte
}

func number(b []byte) (n int) {
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return n
}

func (c *canal) line(line []byte) {
	name, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok {
		return
	}
	l := c.locks[string(name)]
	if l == nil {
		l = &lock{}
		c.locks[string(name)] = l
	}
	l.barges++
	for len(rest) > 0 {
		var field []byte
		field, rest, _ = bytes.Cut(rest, []byte(" "))
		key, value, _ := bytes.Cut(field, []byte("="))
		switch string(key) {
		case "tons":
			l.tons += uint64(number(value))
		case "took":
			l.took[bits.Len(uint(number(value)))%24]++
		case "state":
			if string(value) != "through" {
				l.lost++
			}
		}
	}
}

func (c *canal) read(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	c.in.Reset(file)
	if err := c.zip.Reset(c.in); err != nil {
		return err
	}
	lines := bufio.NewScanner(c.zip)
	lines.Buffer(c.room, len(c.room))
	for lines.Scan() {
		c.line(lines.Bytes())
	}
	return lines.Err()
}

func written(path string, r *rand.Rand) {
	file, err := os.Create(path)
	check(err)
	out := bufio.NewWriterSize(file, 64<<10)
	packed, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	check(err)
	for range 8000 {
		state := "through"
		if r.Intn(9) == 0 {
			state = "lost"
		}
		fmt.Fprintf(packed, "lock%d barge=%d tons=%d took=%d state=%s\n", r.Intn(30), r.Intn(1e6), r.Intn(900), r.Intn(1<<18), state)
	}
	check(packed.Close())
	check(out.Flush())
	check(file.Close())
}

// Reads old logs that lie packed in a folder, and sums up what is in them.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	dir, err := os.MkdirTemp(".", "logs")
	check(err)
	for i := range 4 {
		written(filepath.Join(dir, fmt.Sprintf("log.%d.gz", i)), r)
	}
	c := &canal{map[string]*lock{}, new(gzip.Reader), bufio.NewReaderSize(nil, 64<<10), make([]byte, 64<<10)}
	paths, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	check(err)
	for n := 0; !over(); n++ {
		check(c.read(paths[n%len(paths)]))
		b.sum += t.step() + c.locks["lock7"].tons
		b.passes[0]++
	}
	check(os.RemoveAll(dir))
	finish(b, 1)
}
