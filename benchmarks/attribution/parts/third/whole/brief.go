package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
)

// Works something out and shows it as a table.
func main() {
	wide := flag.Int("wide", 4, "columns")
	flag.Parse()
	t, b := newTask(cfg.Seed), newTally(0)
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 1, ' ', 0)
	for range cfg.Many {
		var row []string
		for range *wide {
			sum := t.step()
			row = append(row, fmt.Sprintf("%x", sum&0xfffff))
			b.sum += sum
			b.passes[0]++
		}
		fmt.Fprintln(out, strings.Join(row, "\t"))
	}
	check(out.Flush())
	finish(b, 1)
}
