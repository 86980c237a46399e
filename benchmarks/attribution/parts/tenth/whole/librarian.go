package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand"
)

// row says in which books a word stands, and how often, by how far the next book is from the last.
type row struct {
	bytes []byte
	last  uint64
	books int
}

type found struct {
	book  int
	value float64
}

type library struct {
	words  map[string]int
	rows   []row
	longs  []int
	all    int
	counts []int
	seen   []int
	values []float64
	best   []found
}

func (l *library) word(w []byte) int {
	if id, ok := l.words[string(w)]; ok {
		return id
	}
	id := len(l.rows)
	l.words[string(w)] = id
	l.rows = append(l.rows, row{})
	l.counts = append(l.counts, 0)
	return id
}

func (l *library) empty() {
	for i := range l.rows {
		l.rows[i] = row{bytes: l.rows[i].bytes[:0]}
	}
	l.longs, l.all = l.longs[:0], 0
}

func (l *library) take(book []byte) {
	l.longs = append(l.longs, 0)
	n := len(l.longs)
	l.seen = l.seen[:0]
	for i := 0; i < len(book); {
		k := i
		for k < len(book) && book[k] >= 'a' {
			k++
		}
		if k > i {
			id := l.word(book[i:k])
			if l.counts[id]++; l.counts[id] == 1 {
				l.seen = append(l.seen, id)
			}
			l.longs[n-1]++
		}
		i = k + 1
	}
	for _, id := range l.seen {
		r := &l.rows[id]
		r.bytes = binary.AppendUvarint(binary.AppendUvarint(r.bytes, uint64(n)-r.last), uint64(l.counts[id]))
		r.last = uint64(n)
		r.books++
		l.counts[id] = 0
	}
	l.all += l.longs[n-1]
}

// ask gives the ten books that say most about some words.
func (l *library) ask(words []int) uint64 {
	l.values = append(l.values[:0], make([]float64, len(l.longs))...)
	mean := float64(l.all) / float64(len(l.longs))
	for _, id := range words {
		r := l.rows[id]
		rare := math.Log(1 + (float64(len(l.longs)-r.books)+0.5)/(float64(r.books)+0.5))
		for text, book := r.bytes, uint64(0); len(text) > 0; {
			far, n := binary.Uvarint(text)
			many, m := binary.Uvarint(text[n:])
			text, book = text[n+m:], book+far
			l.values[book-1] += rare * float64(many) * 2.2 / (float64(many) + 1.2*(0.25+0.75*float64(l.longs[book-1])/mean))
		}
	}
	l.best = l.best[:0]
	for book, v := range l.values {
		if len(l.best) == 10 && v <= l.best[9].value {
			continue
		}
		at := len(l.best)
		for at > 0 && l.best[at-1].value < v {
			at--
		}
		if len(l.best) < 10 {
			l.best = append(l.best, found{})
		}
		copy(l.best[at+1:], l.best[at:])
		l.best[at] = found{book, v}
	}
	return uint64(l.best[0].book)<<8 ^ uint64(l.best[9].book)
}

// Puts books into a catalogue by their words, and says which of them are about something.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	often := rand.NewZipf(r, 1.2, 4, 2999)
	var books [][]byte
	for range 1200 {
		var book []byte
		for range 60 + r.Intn(120) {
			n := int(often.Uint64())
			book = fmt.Appendf(book, "%c%c%c%c ", 'a'+n%23, 'a'+n/23%19, 'a'+n/437%17, 'a'+n%7)
		}
		books = append(books, book)
	}
	l := &library{words: map[string]int{}}
	for !over() {
		l.empty()
		first := r.Intn(len(books))
		for i := range books {
			l.take(books[(first+i)%len(books)])
		}
		for range 150 {
			b.sum += l.ask([]int{r.Intn(len(l.rows)), r.Intn(len(l.rows)), r.Intn(40)})
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
