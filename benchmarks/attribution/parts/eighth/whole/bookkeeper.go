package main

import "math/rand"

type reckoning func(get func(int) float64) float64

type entry struct {
	value   float64
	sum     reckoning
	needs   []int
	feeds   []int
	rank    int
	touched bool
}

// book is a sheet of entries that follow from each other; what is changed is carried over in order.
type book struct {
	entries []entry
	byRank  [][]int
	get     func(int) float64
	changed int
}

func (k *book) add(e entry) {
	for _, n := range e.needs {
		e.rank = max(e.rank, k.entries[n].rank+1)
		k.entries[n].feeds = append(k.entries[n].feeds, len(k.entries))
	}
	k.entries = append(k.entries, e)
	for len(k.byRank) <= e.rank {
		k.byRank = append(k.byRank, nil)
	}
}

func (k *book) touch(n int) {
	for _, to := range k.entries[n].feeds {
		if e := &k.entries[to]; !e.touched {
			e.touched = true
			k.byRank[e.rank] = append(k.byRank[e.rank], to)
		}
	}
}

func (k *book) set(n int, v float64) {
	k.entries[n].value = v
	k.touch(n)
	for rank := range k.byRank {
		for _, at := range k.byRank[rank] {
			e := &k.entries[at]
			e.touched = false
			if v := e.sum(k.get); v != e.value {
				e.value = v
				k.changed++
				k.touch(at)
			}
		}
		k.byRank[rank] = k.byRank[rank][:0]
	}
}

func opened(r *rand.Rand) *book {
	k := &book{}
	k.get = func(n int) float64 { return k.entries[n].value }
	for n := range 6000 {
		if n < 300 {
			k.add(entry{value: r.Float64()})
			continue
		}
		a, b, c := r.Intn(n), max(0, n-1-r.Intn(200)), r.Intn(300)
		sums := []reckoning{
			func(get func(int) float64) float64 { return get(a)*0.4 + get(b)*0.5 },
			func(get func(int) float64) float64 { return max(get(a), get(b), get(c)) },
			func(get func(int) float64) float64 { return (get(a) + get(b) + get(c)) / 3 },
			func(get func(int) float64) float64 {
				if get(a) > get(b) {
					return get(c)
				}
				return get(b) * 0.9
			},
		}
		k.add(entry{sum: sums[r.Intn(len(sums))], needs: []int{a, b, c}})
	}
	return k
}

// Keeps a book in which much follows from little.
func main() {
	r, t, b := rand.New(rand.NewSource(cfg.Seed)), newTask(cfg.Seed), newTally(0)
	for k := opened(r); !over(); {
		for range 10 {
			k.set(r.Intn(300), r.Float64())
		}
		b.sum += t.step() + uint64(k.changed)
		b.passes[0]++
	}
	finish(b, 1)
}
