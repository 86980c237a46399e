package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Goes through a tree of folders again and again.
type unit struct{ size int64 }

func newUnit() *unit {
	for i := range 240 {
		dir := filepath.Join("tree", fmt.Sprint(i%6), fmt.Sprint(i%24))
		check(os.MkdirAll(dir, 0o755))
		check(os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte("leaf"), 0o644))
	}
	return &unit{}
}

func (u *unit) pass() {
	check(filepath.WalkDir("tree", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		u.size += info.Size()
		return err
	}))
}

func (u *unit) end() {}
