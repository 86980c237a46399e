package main

import (
	"bufio"
	"compress/zlib"
	"crypto/sha3"
	"errors"
	"fmt"
	"io"
	"sync"
)

// write writes pages until there is no more time.
func write(to io.Writer, t *task) (n int, err error) {
	var v uint64
	for !over() && err == nil {
		v += t.step()
		for i := range uint64(200) {
			v = v*2862933555777941757 + i
			if _, err = fmt.Fprintf(to, "page %d: %x of what is written\n", n, v>>20); err != nil {
				break
			}
		}
		n++
	}
	return n, err
}

// One writes, one presses, one puts a seal on it: page after page, as it comes.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	written, writing := io.Pipe()
	pressed, pressing := io.Pipe()
	var all sync.WaitGroup
	all.Go(func() {
		w := bufio.NewWriterSize(writing, 32<<10)
		n, err := write(w, t)
		b.passes[0] = n
		writing.CloseWithError(errors.Join(err, w.Flush()))
	})
	all.Go(func() {
		out := bufio.NewWriterSize(pressing, 32<<10)
		w, err := zlib.NewWriterLevel(out, 6)
		check(err)
		_, err = io.Copy(w, written)
		pressing.CloseWithError(errors.Join(err, w.Close(), out.Flush()))
	})
	seal := sha3.New256()
	_, err := io.Copy(seal, pressed)
	check(err)
	all.Wait()
	b.sum = uint64(seal.Sum(nil)[0])
	finish(b, 1)
}
