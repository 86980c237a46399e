package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"runtime/debug"
)

// act is how a thing of some kind is copied out and in again.
type act struct {
	out func(v reflect.Value, to []byte) []byte
	in  func(v reflect.Value, from []byte) []byte
}

// mimic looks at a kind once, and knows from then on.
type mimic struct{ known map[reflect.Type]*act }

func number(from []byte) (uint64, []byte) {
	v, n := binary.Uvarint(from)
	return v, from[n:]
}

func (m *mimic) of(t reflect.Type) *act {
	if a := m.known[t]; a != nil {
		return a
	}
	a := &act{}
	m.known[t] = a
	switch t.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		a.out = func(v reflect.Value, to []byte) []byte { return binary.AppendVarint(to, v.Int()) }
		a.in = func(v reflect.Value, from []byte) []byte {
			i, n := binary.Varint(from)
			v.SetInt(i)
			return from[n:]
		}
	case reflect.Float64:
		a.out = func(v reflect.Value, to []byte) []byte {
			return binary.LittleEndian.AppendUint64(to, math.Float64bits(v.Float()))
		}
		a.in = func(v reflect.Value, from []byte) []byte {
			v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(from)))
			return from[8:]
		}
	case reflect.String:
		a.out = func(v reflect.Value, to []byte) []byte {
			return append(binary.AppendUvarint(to, uint64(v.Len())), v.String()...)
		}
		a.in = func(v reflect.Value, from []byte) []byte {
			n, from := number(from)
			if v.String() != string(from[:n]) {
				v.SetString(string(from[:n]))
			}
			return from[n:]
		}
	case reflect.Slice:
		m.slice(a, m.of(t.Elem()))
	case reflect.Struct:
		m.fields(a, t)
	default:
		panic(fmt.Sprint("cannot mimic ", t))
	}
	return a
}

func (m *mimic) slice(a, of *act) {
	a.out = func(v reflect.Value, to []byte) []byte {
		to = binary.AppendUvarint(to, uint64(v.Len()))
		for i := range v.Len() {
			to = of.out(v.Index(i), to)
		}
		return to
	}
	a.in = func(v reflect.Value, from []byte) []byte {
		n, from := number(from)
		if v.Cap() < int(n) {
			v.Grow(int(n) - v.Len())
		}
		v.SetLen(int(n))
		for i := range int(n) {
			from = of.in(v.Index(i), from)
		}
		return from
	}
}

func (m *mimic) fields(a *act, t reflect.Type) {
	var acts []*act
	for i := range t.NumField() {
		acts = append(acts, m.of(t.Field(i).Type))
	}
	a.out = func(v reflect.Value, to []byte) []byte {
		for i, of := range acts {
			to = of.out(v.Field(i), to)
		}
		return to
	}
	a.in = func(v reflect.Value, from []byte) []byte {
		for i, of := range acts {
			from = of.in(v.Field(i), from)
		}
		return from
	}
}

type scene struct {
	Name  string
	Hour  int
	Parts []struct {
		Who   string
		At    []float64
		Lines []int32
	}
}

// Copies scenes of any kind, by looking at what they are made of.
func main() {
	debug.SetGCPercent(400)
	t, b, m := newTask(cfg.Seed), newTally(0), &mimic{map[reflect.Type]*act{}}
	var first, again scene
	first.Name = "a market square"
	for i := range 60 {
		first.Parts = append(first.Parts, struct {
			Who   string
			At    []float64
			Lines []int32
		}{fmt.Sprint("buyer ", i), make([]float64, 8), make([]int32, 20+i%7)})
	}
	var page []byte
	for !over() {
		for range 4 {
			first.Hour++
			first.Parts[first.Hour%60].Lines[first.Hour%20]++
			page = m.of(reflect.TypeFor[scene]()).out(reflect.ValueOf(&first).Elem(), page[:0])
			if left := m.of(reflect.TypeFor[scene]()).in(reflect.ValueOf(&again).Elem(), page); len(left) > 0 || again.Hour != first.Hour {
				panic("not alike")
			}
		}
		b.sum += t.step() + uint64(len(page))
		b.passes[0]++
	}
	finish(b, 1)
}
