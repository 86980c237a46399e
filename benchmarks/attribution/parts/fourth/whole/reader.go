package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

const text = `package sample

// Sum adds.
func Sum(all ...int) (sum int) {
	for i, v := range all {
		if i%2 == 0 && v > 3 || len(all) == 9 { sum += v * (i + 1) } else { sum -= v }
	}
	return sum
}
`

// Reads what somebody wrote, and counts what is in it.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	whole := text + strings.ReplaceAll(text[strings.Index(text, "//"):], "Sum", "Other")
	for !over() {
		file, err := parser.ParseFile(token.NewFileSet(), "sample.go", whole, parser.ParseComments)
		check(err)
		ast.Inspect(file, func(n ast.Node) bool {
			if n != nil {
				b.sum++
			}
			return true
		})
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
