package main

import "strings"

type two struct{ a, b int32 }

// shorthand finds signs for what is said together most often.
type shorthand struct {
	words  [][]int32
	counts map[two]int
	signs  []two
}

func (s *shorthand) learn(text []string) {
	for len(s.words) < len(text) {
		s.words = append(s.words, nil)
	}
	for i, word := range text {
		s.words[i] = s.words[i][:0]
		for _, c := range []byte(word) {
			s.words[i] = append(s.words[i], int32(c))
		}
	}
	s.signs = s.signs[:0]
}

func (s *shorthand) most() (best two, n int) {
	clear(s.counts)
	for _, word := range s.words {
		for i := 1; i < len(word); i++ {
			s.counts[two{word[i-1], word[i]}]++
		}
	}
	for pair, k := range s.counts {
		if k > n || k == n && (pair.a < best.a || pair.a == best.a && pair.b < best.b) {
			best, n = pair, k
		}
	}
	return best, n
}

func (s *shorthand) shorten(pair two) {
	sign := int32(256 + len(s.signs))
	s.signs = append(s.signs, pair)
	for k, word := range s.words {
		to := 0
		for i := 0; i < len(word); i++ {
			if i+1 < len(word) && word[i] == pair.a && word[i+1] == pair.b {
				word[to] = sign
				i++
			} else {
				word[to] = word[i]
			}
			to++
		}
		s.words[k] = word[:to]
	}
}

func spoken(n int) (text []string) {
	parts := strings.Fields("that thing with which one learns more than another and nothing is ever learnt without being ready to listen")
	for i := range 700 {
		text = append(text, parts[(i+n)%len(parts)]+parts[(i*i+n*3)%len(parts)])
	}
	return text
}

// Learns a shorthand for what is spoken, and looks how short it has become.
func main() {
	t, b, s := newTask(cfg.Seed), newTally(0), &shorthand{counts: map[two]int{}}
	var talks [][]string
	for n := range 5 {
		talks = append(talks, spoken(n))
	}
	for n := 0; !over(); n++ {
		s.learn(talks[n%len(talks)])
		for range 60 {
			pair, often := s.most()
			if often < 2 {
				break
			}
			s.shorten(pair)
		}
		for _, word := range s.words {
			b.sum += uint64(len(word))
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
