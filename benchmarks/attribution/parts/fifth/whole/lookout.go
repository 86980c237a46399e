package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Looks at a folder now and then, and thinks about what has changed in it.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	check(os.MkdirAll("bay", 0o755))
	for _, name := range []string{"cutter", "ketch", "sloop"} {
		check(os.WriteFile(filepath.Join("bay", name), []byte(name), 0o644))
	}
	seen := map[string]time.Time{}
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for range look.C {
		check(filepath.WalkDir("bay", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil && !info.ModTime().Equal(seen[path]) {
				seen[path] = info.ModTime()
				b.sum += t.step()
			}
			return err
		}))
		b.passes[0]++
		if b.passes[0]%5 == 0 {
			check(os.WriteFile("bay/yawl", []byte(time.Now().String()), 0o644))
		}
		if over() {
			break
		}
	}
	finish(b, 1)
}
