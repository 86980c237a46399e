package main

import "math/bits"

// branch holds what is below it in as few places as there are; nothing that was once made is ever changed.
type branch[V any] struct {
	used  uint32
	below []twig[V]
}

type twig[V any] struct {
	key   uint64
	value V
	down  *branch[V]
}

func mixed(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 }

func (n *branch[V]) get(key uint64) (v V, ok bool) {
	for h := mixed(key); n != nil; h >>= 5 {
		bit := uint32(1) << (h & 31)
		if n.used&bit == 0 {
			return v, false
		}
		t := &n.below[bits.OnesCount32(n.used&(bit-1))]
		if t.down == nil {
			return t.value, t.key == key
		}
		n = t.down
	}
	return v, false
}

func (n *branch[V]) with(key, h uint64, value V, deep int) *branch[V] {
	bit := uint32(1) << (h & 31)
	if n == nil {
		return &branch[V]{bit, []twig[V]{{key: key, value: value}}}
	}
	at := bits.OnesCount32(n.used & (bit - 1))
	if n.used&bit == 0 {
		below := make([]twig[V], len(n.below)+1)
		copy(below, n.below[:at])
		below[at] = twig[V]{key: key, value: value}
		copy(below[at+1:], n.below[at:])
		return &branch[V]{n.used | bit, below}
	}
	below := make([]twig[V], len(n.below))
	copy(below, n.below)
	switch t := &below[at]; {
	case t.down != nil:
		t.down = t.down.with(key, h>>5, value, deep+1)
	case t.key == key:
		t.value = value
	default:
		down := (*branch[V])(nil).with(t.key, mixed(t.key)>>(5*(deep+1)), t.value, deep+1)
		*t = twig[V]{down: down.with(key, h>>5, value, deep+1)}
	}
	return &branch[V]{n.used, below}
}

type estate = branch[uint64]

// Every generation inherits what there is and changes a little; the last eight are remembered.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var now *estate
	for key := range uint64(4000) {
		now = now.with(key, mixed(key), key, 0)
	}
	var past [8]*estate
	for n := uint64(cfg.Seed); !over(); {
		past[b.passes[0]%len(past)] = now
		for range 40 {
			n = n*6364136223846793005 + 1442695040888963407
			now = now.with(n>>33%4000, mixed(n>>33%4000), n, 0)
		}
		for _, then := range past {
			for key := n >> 40 % 1000; then != nil && key < 4000; key++ {
				v, _ := then.get(key)
				b.sum += v
			}
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
