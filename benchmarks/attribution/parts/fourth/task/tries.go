package main

import "math/rand"

type twig struct {
	next  [16]*twig
	ended int
}

// task completes the beginnings of words.
type task struct {
	root  *twig
	words [][]byte
	at    int
}

func newTask(seed int64) *task {
	r, t := rand.New(rand.NewSource(seed)), &task{root: &twig{}}
	for range 3000 {
		word := make([]byte, 4+r.Intn(6))
		for i := range word {
			word[i] = byte(r.Intn(16) & r.Intn(16))
		}
		t.words = append(t.words, word)
		at := t.root
		for _, c := range word {
			if at.next[c] == nil {
				at.next[c] = &twig{}
			}
			at = at.next[c]
		}
		at.ended++
	}
	return t
}

func (w *twig) count(deep int) (n int) {
	n = w.ended
	if deep > 0 {
		for _, next := range w.next {
			if next != nil {
				n += next.count(deep - 1)
			}
		}
	}
	return n
}

func (t *task) step() (sum uint64) {
	for range 1500 {
		t.at = (t.at + 1) % len(t.words)
		at := t.root
		for _, c := range t.words[t.at][:3] {
			at = at.next[c]
		}
		sum += uint64(at.count(3))
	}
	return sum
}
