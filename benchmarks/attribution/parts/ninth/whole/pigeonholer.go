package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand"
	"os"
	"runtime/debug"
	"strconv"
)

const group = 2000

// columns are what rows are taken apart into: words by their number, numbers by how they differ from the last.
type columns struct {
	words  map[string]uint64
	names  []string
	kinds  []uint64
	hours  []int64
	prices []int64
	w      *bufio.Writer
	room   []byte
}

func (c *columns) word(s string) uint64 {
	n, ok := c.words[s]
	if !ok {
		n = uint64(len(c.names))
		c.names = append(c.names, string([]byte(s)))
		c.words[c.names[n]] = n
	}
	return n
}

func (c *columns) row(row []string) error {
	hour, err := strconv.ParseInt(row[0], 10, 64)
	if err != nil {
		return err
	}
	price, err := strconv.ParseFloat(row[2], 64)
	if err != nil {
		return err
	}
	c.hours, c.kinds, c.prices = append(c.hours, hour), append(c.kinds, c.word(row[1])), append(c.prices, int64(price*100))
	if len(c.hours) == group {
		return c.flush()
	}
	return nil
}

func (c *columns) flush() error {
	out := binary.AppendUvarint(c.room[:0], uint64(len(c.hours)))
	for _, column := range [][]int64{c.hours, c.prices} {
		last := int64(0)
		for _, v := range column {
			out = binary.AppendVarint(out, v-last)
			last = v
		}
	}
	for i := 0; i < len(c.kinds); {
		k := i
		for k < len(c.kinds) && c.kinds[k] == c.kinds[i] {
			k++
		}
		out = binary.AppendUvarint(binary.AppendUvarint(out, c.kinds[i]), uint64(k-i))
		i = k
	}
	c.room, c.hours, c.kinds, c.prices = out, c.hours[:0], c.kinds[:0], c.prices[:0]
	_, err := c.w.Write(out)
	return err
}

// summed reads the first column again.
func summed(r *bufio.Reader) (sum int64, err error) {
	many, err := binary.ReadUvarint(r)
	for last := int64(0); many > 0 && err == nil; many-- {
		var more int64
		more, err = binary.ReadVarint(r)
		last += more
		sum += last
	}
	return sum, err
}

func rows(path string, r *rand.Rand) {
	var text bytes.Buffer
	for i := range 20000 {
		fmt.Fprintf(&text, "%d,\"kind, the %dth\",%d.%02d\n", 480000+i/3, i/7%40, r.Intn(900), r.Intn(100))
	}
	check(os.WriteFile(path, text.Bytes(), 0o644))
}

// Reads rows from one file and writes columns into another.
func main() {
	debug.SetGCPercent(400)
	t, b := newTask(cfg.Seed), newTally(0)
	rows("rows.csv", rand.New(rand.NewSource(cfg.Seed)))
	in, err := os.Open("rows.csv")
	check(err)
	out, err := os.Create("columns")
	check(err)
	c := &columns{words: map[string]uint64{}, w: bufio.NewWriterSize(nil, 64<<10)}
	from := bufio.NewReaderSize(nil, 64<<10)
	for !over() {
		for _, file := range []*os.File{in, out} {
			_, err = file.Seek(0, io.SeekStart)
			check(err)
		}
		from.Reset(in)
		c.w.Reset(out)
		lines := csv.NewReader(from)
		lines.ReuseRecord = true
		for {
			row, err := lines.Read()
			if err == io.EOF {
				break
			}
			check(err)
			check(c.row(row))
		}
		check(c.flush())
		check(c.w.Flush())
		_, err = out.Seek(0, io.SeekStart)
		check(err)
		from.Reset(out)
		sum, err := summed(from)
		check(err)
		b.sum += uint64(sum) + t.step()
		b.passes[0]++
	}
	check(in.Close())
	check(out.Close())
	check(os.Remove("rows.csv"))
	check(os.Remove("columns"))
	finish(b, 1)
}
