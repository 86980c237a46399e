package main

import (
	"fmt"
	"strings"
)

type post struct {
	next [27]int32
	back int32
	held []int32
}

// border holds whatever is on a list, wherever it is hidden, at one look.
type border struct{ posts []post }

func letter(c byte) int {
	if c >= 'a' && c <= 'z' {
		return int(c - 'a')
	}
	return 26
}

func guarded(list []string) *border {
	o := &border{posts: make([]post, 1)}
	for n, word := range list {
		at := int32(0)
		for i := range len(word) {
			to := &o.posts[at].next[letter(word[i])]
			if *to == 0 {
				*to = int32(len(o.posts))
				at = *to
				o.posts = append(o.posts, post{})
			} else {
				at = *to
			}
		}
		o.posts[at].held = append(o.posts[at].held, int32(n))
	}
	o.link()
	return o
}

func (o *border) link() {
	var row []int32
	for _, to := range o.posts[0].next {
		if to != 0 {
			row = append(row, to)
		}
	}
	for ; len(row) > 0; row = row[1:] {
		p := &o.posts[row[0]]
		for c, to := range p.next {
			other := o.posts[p.back].next[c]
			if to == 0 {
				p.next[c] = other
				continue
			}
			o.posts[to].back = other
			o.posts[to].held = append(o.posts[to].held, o.posts[other].held...)
			row = append(row, to)
		}
	}
}

func (o *border) search(load string, counts []int) {
	at := int32(0)
	for i := range len(load) {
		at = o.posts[at].next[letter(load[i])]
		for _, n := range o.posts[at].held {
			counts[n]++
		}
	}
}

// Goes through all that is carried over a border for what must not be.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var list []string
	for i := range 400 {
		list = append(list, strings.ToLower(fmt.Sprintf("%c%c%s", 'a'+i%26, 'a'+i/26, []string{"wine", "silk", "tea", "lace", "rum"}[i%5])))
	}
	var loads []string
	for i := range 8 {
		var load strings.Builder
		for k := range 3000 {
			load.WriteString(list[(k*k+i*31)%len(list)][:3+k%3])
			load.WriteByte(" ,abc"[k%5])
		}
		loads = append(loads, load.String())
	}
	o, counts := guarded(list), make([]int, len(list))
	for n := 0; !over(); n++ {
		for range 8 {
			o.search(loads[n%len(loads)], counts)
		}
		b.sum += t.step() + uint64(counts[n%len(counts)])
		b.passes[0]++
	}
	finish(b, 1)
}
