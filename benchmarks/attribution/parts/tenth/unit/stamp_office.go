package main

import (
	"errors"
	"os/exec"
)

// Has each paper stamped at the office, which says by how it shuts the door whether that is right.
type unit struct{ fine, wrong, n int }

func newUnit() *unit { return &unit{} }

func (u *unit) stamped(paper string) (bool, error) {
	err := exec.Command("sh", "-c", `i=0; while [ $i -lt 6000 ]; do i=$((i + 1)); done; case "$0" in *7) exit 3;; esac`, paper).Run()
	var shut *exec.ExitError
	if errors.As(err, &shut) {
		return false, nil
	}
	return err == nil, err
}

func (u *unit) pass() {
	u.n++
	fine, err := u.stamped("paper" + string(rune('0'+u.n%10)))
	check(err)
	if fine {
		u.fine++
	} else {
		u.wrong++
	}
}

func (u *unit) end() {}
