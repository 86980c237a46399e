package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
)

type purse struct {
	letters [256]int
	longest string
	lines   int
	sum     uint32
}

func (p *purse) open(r io.Reader, t *task) (sum uint64, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text := lines.Bytes()
		for i := range len(text) {
			p.letters[text[i]]++
			p.sum = p.sum*16777619 ^ uint32(text[i])
		}
		if len(text) > len(p.longest) {
			p.longest = string(text)
		}
		if p.lines++; p.lines%8 == 0 {
			sum += t.step()
		}
	}
	return sum, lines.Err()
}

// Counts what was given, line by line, and says what there was most of.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var given []byte
	for i := range int(cfg.Span * 20000) {
		given = fmt.Appendf(given, "%d given by %x for the %dth time\n", i*7%101, i*i, i%13)
	}
	check(os.WriteFile("given.txt", given, 0o644))
	file, err := os.Open("given.txt")
	check(err)
	defer file.Close()
	var p purse
	b.sum, err = p.open(file, t)
	check(err)
	b.passes[0] = p.lines
	b.sum += uint64(slices.Max(p.letters[:])) + uint64(p.sum)
	finish(b, 1)
}
