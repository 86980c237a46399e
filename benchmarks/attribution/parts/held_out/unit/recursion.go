package main

// Counts in how many ways a sum can be paid.
type unit struct{ n int }

func newUnit() *unit { return &unit{} }

var coins = [...]int{50, 20, 10, 5, 2, 1}

func ways(sum, from int) int {
	if sum == 0 || from == len(coins)-1 {
		return 1
	}
	total := 0
	for ; sum >= 0; sum -= coins[from] {
		total += ways(sum, from+1)
	}
	return total
}

func (u *unit) pass() { u.n += ways(150, 0) }

func (u *unit) end() {}
