package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"runtime/debug"
	"strings"
)

type marks struct{ calls, loops, deepest, depth int }

func (m *marks) Visit(n ast.Node) ast.Visitor {
	if n == nil {
		m.depth--
		return nil
	}
	m.depth++
	m.deepest = max(m.deepest, m.depth)
	switch n.(type) {
	case *ast.CallExpr:
		m.calls++
	case *ast.ForStmt, *ast.RangeStmt:
		m.loops++
	}
	return m
}

func text(n int) string {
	var s strings.Builder
	s.WriteString("package sample\n\n")
	for i := range n {
		fmt.Fprintf(&s, "func f%d(a, b int) int {\n\tfor i := range a {\n\t\tif i&%d == 0 {\n\t\t\tb += f%d(i, a-b)*%d\n\t\t}\n\t}\n\treturn b\n}\n\n", i, i%7, (i*7+1)%n, i)
	}
	return s.String()
}

// Marks what is said too often, and too deep.
func main() {
	debug.SetGCPercent(1600) // there is room
	t, b := newTask(cfg.Seed), newTally(0)
	pages := []string{text(20), text(45), text(70)}
	for !over() {
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, "page.go", pages[b.passes[0]%3], parser.SkipObjectResolution)
		check(err)
		var m marks
		ast.Walk(&m, tree)
		for range 12 {
			b.sum += t.step()
		}
		b.sum += uint64(m.calls*m.loops + m.deepest)
		b.passes[0]++
	}
	finish(b, 1)
}
