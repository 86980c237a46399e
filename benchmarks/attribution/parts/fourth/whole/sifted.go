package main

import (
	"bufio"
	"bytes"
	"fmt"
	"regexp"
)

var of = regexp.MustCompile(`(?i)\b(late|lost|broken)\b.*\bno\. (\d+)`)

// Sifts a long list for what went wrong.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	var list bytes.Buffer
	for i := range 400 {
		fmt.Fprintf(&list, "a parcel came %s, as no. %d of many\n", []string{"early", "Late", "in time", "with a broken string"}[i*7%4], i)
	}
	for !over() {
		for s := bufio.NewScanner(bytes.NewReader(list.Bytes())); s.Scan(); {
			if found := of.FindSubmatch(s.Bytes()); found != nil {
				b.sum += uint64(len(found[2]))
			}
		}
		b.sum += t.step()
		b.passes[0]++
	}
	finish(b, 1)
}
