// Package tides knows when the water is high.
package tides

import (
	"hash/maphash"
	"strings"
	"text/template"
	"time"

	"sample/moons"
)

// Took is how many seconds it took to work that out.
var Took float64

// All of them, by the name of their place.
var All = map[string]*template.Template{}

var seed = maphash.MakeSeed()

func init() {
	at, most := time.Now(), moons.Half()
	for n := 0; time.Since(at).Seconds() < most; n++ {
		name := strings.Repeat(string(rune('a'+n%26)), 1+n%17)
		All[name] = template.Must(template.New(name).Parse(`{{range .Days}}{{if .High}}{{.At}} {{.Name | printf "%-9s"}}{{else}}-{{end}}{{end}}`))
		if maphash.String(seed, name)&63 == 0 {
			clear(All)
		}
	}
	Took = time.Since(at).Seconds()
}
