package main

import (
	"encoding/binary"
	"errors"
	"math"
)

type stop struct {
	place string
	hour  int64
	wind  float64
}

type telegram struct {
	number uint64
	words  []string
	codes  []uint64
	stops  []stop
	urgent bool
}

var errCut = errors.New("the line was cut")

func tagged(out []byte, field, kind uint64) []byte { return binary.AppendUvarint(out, field<<3|kind) }

func sized(out []byte, field uint64, s []byte) []byte {
	return append(binary.AppendUvarint(tagged(out, field, 2), uint64(len(s))), s...)
}

// key keys telegrams by numbered fields; what is within a field is put together in a room of its own.
type key struct{ stop, codes []byte }

func (k *key) send(out []byte, m *telegram) []byte {
	out = binary.AppendUvarint(tagged(out, 1, 0), m.number)
	for _, w := range m.words {
		out = append(binary.AppendUvarint(tagged(out, 2, 2), uint64(len(w))), w...)
	}
	k.codes = k.codes[:0]
	for _, c := range m.codes {
		k.codes = binary.AppendUvarint(k.codes, c)
	}
	out = sized(out, 3, k.codes)
	for i := range m.stops {
		s := &m.stops[i]
		k.stop = append(binary.AppendUvarint(tagged(k.stop[:0], 1, 2), uint64(len(s.place))), s.place...)
		k.stop = binary.AppendVarint(tagged(k.stop, 2, 0), s.hour)
		k.stop = binary.LittleEndian.AppendUint64(tagged(k.stop, 3, 1), math.Float64bits(s.wind))
		out = sized(out, 4, k.stop)
	}
	if m.urgent {
		out = append(tagged(out, 5, 0), 1)
	}
	return out
}

// field takes one off: its number, its value or what is in it, and the rest.
func field(in []byte) (number, value uint64, within, rest []byte, err error) {
	tag, n := binary.Uvarint(in)
	if n <= 0 {
		return 0, 0, nil, nil, errCut
	}
	in = in[n:]
	switch tag & 7 {
	case 1:
		if len(in) < 8 {
			return 0, 0, nil, nil, errCut
		}
		return tag >> 3, binary.LittleEndian.Uint64(in), nil, in[8:], nil
	case 0, 2:
		if value, n = binary.Uvarint(in); n <= 0 {
			return 0, 0, nil, nil, errCut
		}
		in = in[n:]
		if tag&7 == 0 {
			return tag >> 3, value, nil, in, nil
		}
		if value > uint64(len(in)) {
			return 0, 0, nil, nil, errCut
		}
		return tag >> 3, value, in[:value], in[value:], nil
	}
	return 0, 0, nil, nil, errCut
}

// names are those that were heard before: each is kept once.
type names map[string]string

func (s names) of(b []byte) string {
	if known, ok := s[string(b)]; ok {
		return known
	}
	s[string(b)] = string(b)
	return s[string(b)]
}

func (s names) hear(in []byte, m *telegram) error {
	*m = telegram{words: m.words[:0], codes: m.codes[:0], stops: m.stops[:0]}
	for len(in) > 0 {
		number, value, within, rest, err := field(in)
		if err != nil {
			return err
		}
		in = rest
		switch number {
		case 1:
			m.number = value
		case 2:
			m.words = append(m.words, s.of(within))
		case 3:
			for len(within) > 0 {
				c, n := binary.Uvarint(within)
				if n <= 0 {
					return errCut
				}
				m.codes, within = append(m.codes, c), within[n:]
			}
		case 4:
			var one stop
			for len(within) > 0 {
				number, value, place, rest, err := field(within)
				if err != nil {
					return err
				}
				within = rest
				switch number {
				case 1:
					one.place = s.of(place)
				case 2:
					one.hour = int64(value>>1) ^ -int64(value&1)
				case 3:
					one.wind = math.Float64frombits(value)
				}
			}
			m.stops = append(m.stops, one)
		case 5:
			m.urgent = value == 1
		}
	}
	return nil
}

// Keys telegrams, and hears what others have keyed.
func main() {
	t, b, k, known := newTask(cfg.Seed), newTally(0), &key{}, names{}
	var line []byte
	m, heard := &telegram{}, &telegram{}
	for n := uint64(0); !over(); n++ {
		v := t.step()
		for i := range uint64(300) {
			m.number, m.urgent = v+i, i%3 == 0
			m.words = append(m.words[:0], "arriving", "tomorrow", []string{"early", "late", "never"}[i%3])
			m.codes, m.stops = m.codes[:0], m.stops[:0]
			for c := range 20 + i%30 {
				m.codes = append(m.codes, (v>>c)*c)
			}
			for c := range 3 + i%4 {
				m.stops = append(m.stops, stop{[]string{"harbour", "castle", "mill"}[c%3], int64(c) - 2, float64(i) / 7})
			}
			line = k.send(line[:0], m)
			check(known.hear(line, heard))
			if heard.number != m.number || len(heard.stops) != len(m.stops) {
				panic("misheard")
			}
			b.sum += heard.codes[i%20] + uint64(len(line))
		}
		b.passes[0]++
	}
	finish(b, 1)
}
