package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// van is an archive in a file, that is filled and emptied again and again.
type van struct {
	file *os.File
	w    *bufio.Writer
	r    *bufio.Reader
	room []byte
}

func (v *van) load(chests [][]byte) (sums [][32]byte, err error) {
	if _, err = v.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	v.w.Reset(v.file)
	out := tar.NewWriter(v.w)
	for i, c := range chests {
		if err = out.WriteHeader(&tar.Header{Name: fmt.Sprintf("house/room%d/chest%02d", i%5, i), Mode: 0o644, Size: int64(len(c))}); err != nil {
			return nil, err
		}
		if _, err = out.Write(c); err != nil {
			return nil, err
		}
		sums = append(sums, sha256.Sum256(c))
	}
	if err = out.Close(); err != nil {
		return nil, err
	}
	return sums, v.w.Flush()
}

func (v *van) unload(sums [][32]byte) (size int64, err error) {
	if _, err = v.file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	v.r.Reset(v.file)
	in, h := tar.NewReader(v.r), sha256.New()
	for i := 0; ; i++ {
		head, err := in.Next()
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
		h.Reset()
		if _, err := io.CopyBuffer(h, struct{ io.Reader }{in}, v.room); err != nil {
			return 0, err
		}
		if !bytes.Equal(h.Sum(nil), sums[i][:]) {
			return 0, fmt.Errorf("%s was damaged", head.Name)
		}
		size += head.Size
	}
}

// Loads what is in a house into a van, and unloads it at another.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	file, err := os.CreateTemp(".", "van")
	check(err)
	v := &van{file, bufio.NewWriterSize(nil, 256<<10), bufio.NewReaderSize(nil, 256<<10), make([]byte, 32<<10)}
	chests := make([][]byte, 40)
	for i := range chests {
		chests[i] = bytes.Repeat([]byte{byte(i), 7, byte(i * 3)}, 4000+i*90)
	}
	for !over() {
		for i := range chests {
			binary.BigEndian.PutUint64(chests[i][i*8:], t.step())
		}
		sums, err := v.load(chests)
		check(err)
		size, err := v.unload(sums)
		check(err)
		b.sum += uint64(size)
		b.passes[0]++
	}
	check(file.Close())
	check(os.Remove(file.Name()))
	finish(b, 1)
}
