package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

type loft struct {
	x, y, loud int
	struck     map[byte]int
	screen     bytes.Buffer
}

func (l *loft) draw(sum uint64) int {
	l.screen.Reset()
	l.screen.WriteString("\x1b[H")
	for row := range 24 {
		line := []byte(strings.Repeat(".", 79))
		if row == l.y {
			line[l.x] = '@'
		}
		line[int(sum>>uint(row))%79] = '*'
		fmt.Fprintf(&l.screen, "%s\r\n", line)
	}
	fmt.Fprintf(&l.screen, "\x1b[7m%3d,%3d  %s\x1b[0m", l.x, l.y, strings.Repeat("|", l.loud))
	return l.screen.Len()
}

func (l *loft) strike(key byte) (on bool) {
	l.struck[key]++
	switch key {
	case 'h':
		l.x = max(0, l.x-1)
	case 'l':
		l.x = min(78, l.x+1)
	case 'j':
		l.y = min(23, l.y+1)
	case 'k':
		l.y = max(0, l.y-1)
	case '+', '-':
		l.loud = (l.loud + 1) % 20
	case 'q':
		return false
	}
	return true
}

// Plays what is struck, and shows it.
func main() {
	t, b := newTask(cfg.Seed), newTally(0)
	board, err := os.Open(cfg.Hosts[23])
	check(err)
	defer board.Close()
	struck := make(chan byte)
	go func() {
		defer close(struck)
		var key [1]byte
		for {
			if n, err := board.Read(key[:]); n == 0 || err != nil {
				return
			}
			struck <- key[0]
		}
	}()
	l := &loft{struck: map[byte]int{}}
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for on := true; on; {
		select {
		case key, ok := <-struck:
			on = ok && l.strike(key)
		case <-again.C:
		}
		b.sum += t.step()
		b.sum += uint64(l.draw(b.sum))
		b.passes[0]++
	}
	finish(b, 1)
}
