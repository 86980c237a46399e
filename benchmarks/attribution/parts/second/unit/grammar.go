package main

import (
	"fmt"
	"text/template"
	"time"
)

var forms = map[string]*template.Template{}

// Forms are at hand from the start.
func init() {
	at := time.Now()
	for i := 0; time.Since(at).Seconds() < cfg.Mix[0]*cfg.Span; i++ {
		name := fmt.Sprintf("form%d", i%200)
		forms[name] = template.Must(template.New(name).Parse(
			`{{range $i, $e := .Items}}{{if gt $i 3}}{{$e.Name | printf "%-20s"}}{{else}}{{len $e.Parts}}{{end}}{{end}} of {{.Total}}`))
	}
	early = time.Since(at).Seconds()
}

type unit struct{ n int }

func newUnit() *unit { return &unit{len(forms)} }

func (u *unit) pass() { u.n++ }

func (u *unit) end() {}
