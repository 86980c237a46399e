package main

import (
	"hash/maphash"
	"math/rand"
	"strings"
)

// sheet is a text, line by line, each known by its hash.
type sheet []uint64

type proof struct{ far [2 * 2200]int }

// changes is how many lines have to be struck out or put in to make one of the other, by the shortest way there is.
func (p *proof) changes(a, b sheet) int {
	middle := len(p.far) / 2
	p.far[middle+1] = 0
	for d := 0; d < middle; d++ {
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && p.far[middle+k-1] < p.far[middle+k+1] {
				x = p.far[middle+k+1]
			} else {
				x = p.far[middle+k-1] + 1
			}
			y := x - k
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x++
				y++
			}
			if p.far[middle+k] = x; x >= len(a) && y >= len(b) {
				return d
			}
		}
	}
	return middle
}

func read(seed maphash.Seed, lines []string, into sheet) sheet {
	into = into[:0]
	for _, line := range lines {
		into = append(into, maphash.String(seed, line))
	}
	return into
}

// Compares what was printed with what was written.
func main() {
	b, r, p, seed := newTally(0), rand.New(rand.NewSource(cfg.Seed)), &proof{}, maphash.MakeSeed()
	words := strings.Fields("it was the best of times it was the worst of times it was the age of wisdom")
	stock := make([]string, 900)
	for i := range stock {
		stock[i] = strings.Join(words[i%9:9+(i*7)%8], " ") + strings.Repeat(".", i%23)
	}
	written, printed := make([]string, 1000), make([]string, 1000)
	for i := range written {
		written[i] = stock[r.Intn(len(stock))]
	}
	var one, other sheet
	for !over() {
		copy(printed, written)
		for range 150 {
			at := r.Intn(len(printed) - 1)
			if r.Intn(2) == 0 {
				printed[at] = stock[r.Intn(len(stock))]
			} else {
				printed[at], printed[at+1] = printed[at+1], printed[at]
			}
		}
		one, other = read(seed, written, one), read(seed, printed, other)
		b.sum += uint64(p.changes(one, other))
		b.passes[0]++
		written[r.Intn(len(written))] = stock[r.Intn(len(stock))]
	}
	finish(b, 1)
}
