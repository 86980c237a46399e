package main

// Keeps a list without doubles.
type unit struct {
	list []uint64
	n    uint64
}

func newUnit() *unit { return &unit{} }

func (u *unit) has(v uint64) bool {
	for _, other := range u.list {
		if other == v {
			return true
		}
	}
	return false
}

func (u *unit) pass() {
	u.list = u.list[:0]
	for range 3000 {
		u.n = u.n*6364136223846793005 + 1442695040888963407
		if v := u.n >> 40; !u.has(v) {
			u.list = append(u.list, v)
		}
	}
}

func (u *unit) end() {}
