package main

import (
	"encoding/json"
	"html/template"
	"io"
	"os"
)

type page struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
	Sum   uint64   `json:"sum"`
}

// Makes pages, and shows one of many.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	form := template.Must(template.New("page").Parse(`<h1>{{.Title}}</h1>{{range .Lines}}<p>{{.}}</p>{{end}}<i>{{.Sum}}</i>`))
	p := page{Title: "Of <this> & that", Lines: []string{"one", "two & three", "<four>", "five"}}
	for !over() {
		for range 6 {
			b.sum += t.step()
			b.passes[0]++
		}
		p.Sum = b.sum
		check(form.Execute(io.Discard, p))
		text, err := json.Marshal(p)
		check(err)
		if b.passes[0]%600 == 0 {
			os.Stdout.Write(append(text, '\n'))
		}
	}
	finish(b, 1)
}
