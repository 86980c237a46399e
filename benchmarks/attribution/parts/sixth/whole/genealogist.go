package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"runtime/debug"
)

type kin struct{ deep, deepest, born, named int }

func (k *kin) read(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			k.deep++
			k.deepest = max(k.deepest, k.deep)
			for _, a := range e.Attr {
				if a.Name.Local == "born" {
					k.born++
				}
			}
		case xml.EndElement:
			k.deep--
		case xml.CharData:
			k.named += len(bytes.TrimSpace(e))
		}
	}
}

func tree(to *bytes.Buffer, deep, n int) {
	fmt.Fprintf(to, `<person born="%d" of="here">%s`, 1500+n%400, []string{"Ann", "Bo", "Cyr &amp; Co"}[n%3])
	if deep > 0 {
		tree(to, deep-1, n*2)
		tree(to, deep-1, n*2+1)
	}
	to.WriteString("</person>\n")
}

// Reads who descends from whom.
func main() {
	debug.SetGCPercent(1200) // there is room
	t, b := newTask(cfg.Seed), newTally(0)
	var text bytes.Buffer
	tree(&text, 8, 1)
	for !over() {
		var k kin
		check(k.read(text.Bytes()))
		for range 5 {
			b.sum += t.step()
		}
		b.sum += uint64(k.born*k.deepest + k.named)
		b.passes[0]++
	}
	finish(b, 1)
}
