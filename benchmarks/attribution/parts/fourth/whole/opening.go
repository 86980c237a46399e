package main

import (
	"regexp"
	"strconv"
)

var forms = func() (all []*regexp.Regexp) {
	for i := range 60 {
		all = append(all, regexp.MustCompile(`^(\w+`+strconv.Itoa(i)+`|[a-f]{2,5}x?)(\d+\.)*$`))
	}
	return all
}()

// Knows a few forms from the start, and works.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	for !over() {
		b.sum += t.step()
		b.passes[0]++
		if forms[b.passes[0]%len(forms)].MatchString("word12.7.") {
			b.sum++
		}
	}
	finish(b, 1)
}
