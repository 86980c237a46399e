package main

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"runtime/debug"
)

type sight struct {
	Name  string
	Stars int
	Near  []string
}

type town struct {
	Name, Of string
	Sights   []sight
	Value    uint64
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"stars": func(n int) string { return "*****"[:n%6] },
}).Parse(`<!DOCTYPE html><html><head><title>{{.Name}}, {{.Of}}</title></head><body>{{template "top" .}}
<ul>{{range $i, $s := .Sights}}<li class="sight-{{$i}}"><a href="/{{$.Of}}/{{$s.Name}}?n={{$i}}" title="{{$s.Name}}">{{$s.Name}}</a> {{stars $s.Stars}}
{{if $s.Near}}near {{range $k, $n := $s.Near}}{{if $k}}, {{end}}{{$n}}{{end}}{{else}}alone{{end}}</li>
{{end}}</ul><script>var value = {{.Value}};</script></body></html>
{{define "top"}}<h1>{{.Name}}</h1><p>in {{.Of}} there are {{len .Sights}} to see</p>{{end}}`))

// site is a folder of pages; only a page that is not as it was is written anew.
type site struct {
	dir  string
	made map[string][]byte
	room bytes.Buffer
}

func (s *site) page(t *town) (int, error) {
	s.room.Reset()
	if err := page.Execute(&s.room, t); err != nil {
		return 0, err
	}
	path := filepath.Join(s.dir, t.Name+".html")
	if bytes.Equal(s.made[path], s.room.Bytes()) {
		return s.room.Len(), nil
	}
	s.made[path] = append(s.made[path][:0], s.room.Bytes()...)
	return s.room.Len(), os.WriteFile(path, s.room.Bytes(), 0o644)
}

// Makes a guide of many pages, and makes it again when something has become different.
func main() {
	debug.SetGCPercent(400)
	t, b := newTask(cfg.Seed), newTally(0)
	dir, err := os.MkdirTemp(".", "guide")
	check(err)
	s := &site{dir: dir, made: map[string][]byte{}}
	var towns []*town
	for i := range 40 {
		one := &town{Name: fmt.Sprint("town", i), Of: []string{"the hills", "the sea & coast", "the plain"}[i%3]}
		for k := range 40 {
			one.Sights = append(one.Sights, sight{fmt.Sprintf("the <%dth> \"house\"", k), i * k, []string{"a tower", "the market"}[:k%3]})
		}
		towns = append(towns, one)
	}
	for n := 0; !over(); n++ {
		towns[n%len(towns)].Value = t.step()
		towns[n*7%len(towns)].Sights[n%40].Stars++
		for _, one := range towns {
			size, err := s.page(one)
			check(err)
			b.sum += uint64(size)
			if over() {
				break
			}
		}
		b.passes[0]++
	}
	check(os.RemoveAll(dir))
	finish(b, 1)
}
