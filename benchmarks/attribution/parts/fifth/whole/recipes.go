package main

import (
	"bytes"
	"text/template"
)

type dish struct {
	Name  string
	Parts []string
	Hours int
}

var card = template.Must(template.New("card").Parse(
	`{{define "part"}}- {{.}}
{{end}}{{range .}}{{.Name | printf "%-12s"}} {{if gt .Hours 1}}{{.Hours}} hours{{else}}an hour{{end}}
{{range .Parts}}{{template "part" .}}{{end}}{{end}}`))

// Writes recipes on cards.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	dishes := []dish{
		{"soup", []string{"water", "leek", "salt"}, 1},
		{"bread", []string{"flour", "water", "yeast", "salt"}, 4},
		{"stew", []string{"beans", "onion", "carrot", "thyme", "oil"}, 3},
	}
	var page bytes.Buffer
	for !over() {
		for range 8 {
			page.Reset()
			check(card.Execute(&page, dishes))
			b.sum += uint64(page.Len())
		}
		dishes[b.passes[0]%3].Hours = 1 + b.passes[0]%5
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
