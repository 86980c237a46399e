package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
)

type article struct {
	Name string `json:"name"`
	Many int    `json:"many"`
}

// Has an inventory made by somebody else and reads it as it comes.
type unit struct{ many int }

func newUnit() *unit { return &unit{} }

const made = `i=0; while [ $i -lt 2500 ]; do i=$((i+1)); [ $((i%500)) = 0 ] && echo "{\"name\": \"box\", \"many\": $i}"; done; true`

func (u *unit) pass() {
	maker := exec.Command("sh", "-c", made)
	out, err := maker.StdoutPipe()
	check(err)
	check(maker.Start())
	for d := json.NewDecoder(out); ; {
		var one article
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else {
			check(err)
		}
		u.many += one.Many
	}
	check(maker.Wait())
}

func (u *unit) end() {}
