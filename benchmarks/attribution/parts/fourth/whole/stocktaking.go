package main

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
)

// Goes through its shelves once in a while, and knows what lies on them.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	for i := range 60 {
		dir := filepath.Join("shelves", fmt.Sprint(i%6))
		check(os.MkdirAll(dir, 0o755))
		check(os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), make([]byte, 9000), 0o644))
	}
	for !over() {
		h := fnv.New64a()
		check(filepath.WalkDir("shelves", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			h.Write(text)
			return err
		}))
		b.sum += h.Sum64()
		for range 60 {
			b.sum += t.step()
			b.passes[0]++
		}
	}
	finish(b, 1)
}
