package main

import "math/big"

type unit struct {
	base, power, modulus, found big.Int
}

func newUnit() *unit {
	u := &unit{}
	u.base.SetInt64(65537)
	u.power.Lsh(big.NewInt(1), 1500).Sub(&u.power, big.NewInt(17))
	u.modulus.Lsh(big.NewInt(1), 1024).Sub(&u.modulus, big.NewInt(105))
	return u
}

func (u *unit) pass() {
	u.found.Exp(&u.base, &u.power, &u.modulus)
	u.base.Add(&u.found, big.NewInt(3))
}

func (u *unit) end() {}
