package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Has old papers made small, and throws away what is too old.
type unit struct{ n int }

func newUnit() *unit { return &unit{} }

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
	text := make([]byte, 0, 220<<10)
	for i := 0; len(text) < 200<<10; i++ {
		text = fmt.Appendf(text, "%x of %d\n", i*i*u.n, i*7)
	}
	check(os.WriteFile(path, text, 0o644))
	check(u.small(path))
}

func (u *unit) end() {}
