package main

import "math/rand"

// task counts words of a text it keeps in memory.
type task struct {
	text  []byte
	slots [4096]struct{ hash, count uint64 }
	at    int
}

func newTask(seed int64) *task {
	r := rand.New(rand.NewSource(seed))
	t := &task{text: make([]byte, 1<<20)}
	for i := range t.text {
		t.text[i] = byte('a' + r.Intn(20))
		if r.Intn(6) == 0 {
			t.text[i] = ' '
		}
	}
	return t
}

func (t *task) note(hash uint64) {
	for k := hash; ; k++ {
		slot := &t.slots[k%4096]
		if slot.hash == hash || slot.count == 0 || k-hash > 8 {
			slot.hash, slot.count = hash, slot.count+1
			return
		}
	}
}

func (t *task) next() uint64 {
	hash := uint64(14695981039346656037)
	for t.text[t.at] != ' ' {
		hash = (hash ^ uint64(t.text[t.at])) * 1099511628211
		t.at = (t.at + 1) % len(t.text)
	}
	t.at = (t.at + 1) % len(t.text)
	return hash
}

func (t *task) step() (sum uint64) {
	for range 20000 {
		hash := t.next()
		t.note(hash)
		sum += hash
	}
	return sum
}
