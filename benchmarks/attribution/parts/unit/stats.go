package main

import (
	"os"
	"path/filepath"
)

type unit struct {
	names []string
	size  int64
}

func newUnit() *unit {
	u := &unit{}
	for _, dir := range []string{"/usr/bin", "/usr/lib", "/etc", "/no/such"} {
		found, _ := filepath.Glob(dir + "/*")
		u.names = append(u.names, found...)
		u.names = append(u.names, dir+"/vendor/a", dir+"/vendor/b")
	}
	return u
}

func (u *unit) changed(name string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	u.size += info.Size()
	return info.Size()&1 == 0
}

func (u *unit) pass() {
	for _, name := range u.names {
		u.changed(name)
	}
}

func (u *unit) end() {}
