package main

import (
	"bytes"
	"encoding/json"
	"math/rand"
)

type parcel struct {
	Name    string             `json:"name"`
	Corners [][2]float64       `json:"corners"`
	Marks   map[string]float64 `json:"marks,omitempty"`
}

func (p *parcel) area() (a float64) {
	for i, c := range p.Corners {
		d := p.Corners[(i+1)%len(p.Corners)]
		a += c[0]*d[1] - c[1]*d[0]
	}
	return a / 2
}

// Reads what the land is like, measures it and writes it down anew.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	r := rand.New(rand.NewSource(cfg.Seed))
	var land [12]parcel
	for i := range land {
		land[i] = parcel{Name: string(rune('a' + i)), Marks: map[string]float64{"height": r.Float64(), "slope": r.Float64()}}
		for range 40 {
			land[i].Corners = append(land[i].Corners, [2]float64{r.Float64(), r.Float64()})
		}
	}
	var sheet bytes.Buffer
	for !over() {
		sheet.Reset()
		check(json.NewEncoder(&sheet).Encode(&land))
		check(json.Unmarshal(sheet.Bytes(), &land))
		for i := range land {
			land[i].Marks["height"] = land[i].area()
		}
		b.sum += t.step() + uint64(sheet.Len())
		b.passes[0]++
	}
	finish(b, 1)
}
