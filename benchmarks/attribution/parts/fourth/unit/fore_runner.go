package main

import (
	"context"
	"os"
	"syscall"
)

type stretch struct {
	room []byte
	err  error
}

// One runs before and brings what comes next.
type unit struct {
	next chan stretch
	stop context.CancelFunc
	sum  int
}

func newUnit() *unit {
	ctx, stop := context.WithCancel(context.Background())
	u := &unit{next: make(chan stretch, 1), stop: stop}
	go u.run(ctx)
	return u
}

func (u *unit) run(ctx context.Context) {
	file, err := os.Open(cfg.Data)
	check(err)
	defer file.Close()
	syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, 1, 0, 0)
	for n := int64(cfg.Seed); ; n = (n*5 + 977) % 16000 {
		if n&63 == 0 {
			syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, 4, 0, 0)
		}
		s := stretch{room: make([]byte, 16<<10)}
		_, s.err = file.ReadAt(s.room, n<<14)
		select {
		case u.next <- s:
		case <-ctx.Done():
			return
		}
	}
}

func (u *unit) pass() {
	for range 20 {
		s := <-u.next
		check(s.err)
		u.sum += int(s.room[9])
	}
}

func (u *unit) end() { u.stop() }
