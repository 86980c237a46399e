package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Has old papers made small, and throws away what is too old.
type unit struct {
	n    int
	text []byte
}

func newUnit() *unit {
	u := &unit{}
	for i := 0; len(u.text) < 200<<10; i++ {
		u.text = fmt.Appendf(u.text, "%x of %d\n", i*i*71, i*7)
	}
	return u
}

func (u *unit) small(path string) error {
	ctx, late := context.WithTimeout(context.Background(), 5*time.Second)
	defer late()
	said, err := exec.CommandContext(ctx, "gzip", "-9", "-f", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

func (u *unit) pass() {
	u.n++
	path := fmt.Sprintf("papers.%d", u.n%3)
	u.text[u.n%len(u.text)] = 'x'
	check(os.WriteFile(path, u.text, 0o644))
	check(u.small(path))
}

func (u *unit) end() {}
