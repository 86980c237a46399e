package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"time"
)

type papers struct {
	kept map[int]string
	n    int
	old  []string
}

func (p *papers) file(sum uint64) {
	p.n++
	p.kept[p.n*37%900] = fmt.Sprintf("%d: %x", p.n, sum)
}

// copied writes all there is to a new file, and keeps the last three of those.
func (p *papers) copied(number int) error {
	name := fmt.Sprintf("papers.%03d", number)
	file, err := os.Create(name + ".part")
	if err != nil {
		return err
	}
	defer file.Close()
	keys := make([]int, 0, len(p.kept))
	for key := range p.kept {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	w := bufio.NewWriter(file)
	for _, key := range keys {
		fmt.Fprintf(w, "%d\t%s\n", key, p.kept[key])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := os.Rename(name+".part", name); err != nil {
		return err
	}
	if p.old = append(p.old, name); len(p.old) > 3 {
		os.Remove(p.old[0])
		p.old = p.old[1:]
	}
	return nil
}

// Files papers as they are written, and has a copy made of all from time to time.
func main() {
	t, b, p := newTask(cfg.Seed), newTally(0), &papers{kept: map[int]string{}}
	written, backup := time.NewTicker(35*time.Millisecond), time.NewTicker(210*time.Millisecond)
	for copies := 0; !over(); {
		select {
		case <-written.C:
			for range 3 {
				b.sum += t.step()
				p.file(b.sum)
				b.passes[0]++
			}
		case <-backup.C:
			copies++
			check(p.copied(copies))
		}
	}
	finish(b, 1)
}
