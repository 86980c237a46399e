package main

import (
	"io"
	"strings"
	"text/template"
)

type order struct {
	Who   string
	Lines []struct {
		What string
		Many uint64
	}
}

// Fills forms in.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	form := template.Must(template.New("form").Funcs(template.FuncMap{"loud": strings.ToUpper}).Parse(
		`To {{.Who | loud}}:{{range $i, $l := .Lines}}{{if $i}}, {{end}}{{$l.Many}} of {{$l.What}}{{end}}.`))
	o := order{Who: "somebody"}
	o.Lines = append(o.Lines, make([]struct {
		What string
		Many uint64
	}, 12)...)
	for !over() {
		v := t.step()
		for i := range o.Lines {
			o.Lines[i].What, o.Lines[i].Many = "things", v>>i&15
		}
		for range 4 {
			check(form.Execute(io.Discard, o))
		}
		b.sum += v
		b.passes[0]++
	}
	finish(b, 1)
}
