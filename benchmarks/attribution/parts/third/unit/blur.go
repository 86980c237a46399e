package main

// Makes a picture softer.
type unit struct {
	picture, soft [256 * 256]float32
	n             int
}

func newUnit() *unit {
	u := &unit{}
	for i := range u.picture {
		u.picture[i] = float32(i * 7919 % 255)
	}
	return u
}

func (u *unit) dot(at int) (sum float32) {
	for y := -2; y <= 2; y++ {
		for x := -2; x <= 2; x++ {
			sum += u.picture[(at+y*256+x)&65535]
		}
	}
	return sum / 25
}

func (u *unit) pass() {
	for at := range u.picture {
		u.soft[at] = u.dot(at)
	}
	u.soft[u.n&65535] += float32(u.n & 7)
	u.picture, u.soft = u.soft, u.picture
	u.n++
}

func (u *unit) end() {}
