// Package probe holds one function for each thing that a later instruction set does better.
package probe

import (
	"math"
	"math/bits"
	"sync/atomic"
)

func OnesCount(x uint64) int             { return bits.OnesCount64(x) }
func LeadingZeros(x uint64) int          { return bits.LeadingZeros64(x) }
func TrailingZeros(x uint64) int         { return bits.TrailingZeros64(x) }
func ReverseBytes(x uint64) uint64       { return bits.ReverseBytes64(x) }
func Rotate(x uint64, k int) uint64      { return bits.RotateLeft64(x, k) }
func MulHigh(x, y uint64) uint64         { hi, _ := bits.Mul64(x, y); return hi }
func Carry(x, y, c uint64) uint64        { s, _ := bits.Add64(x, y, c); return s }
func AndNot(x, y uint64) uint64          { return x &^ y }
func ClearLowest(x uint64) uint64        { return x & (x - 1) }
func IsolateLowest(x uint64) uint64      { return x & -x }
func ShiftLeft(x uint64, k uint) uint64  { return x << (k & 63) }
func ShiftRight(x uint64, k uint) uint64 { return x >> (k & 63) }
func LoadBig(p *[8]byte) uint64 {
	return uint64(p[7]) | uint64(p[6])<<8 | uint64(p[5])<<16 | uint64(p[4])<<24 | uint64(p[3])<<32 | uint64(p[2])<<40 | uint64(p[1])<<48 | uint64(p[0])<<56
}
func Index(p *[1 << 20]uint64, i uint) uint64 { return p[i&(1<<20-1)] }
func ScaledAdd(x, y uint64) uint64            { return x + y<<3 }
func Select(c bool, x, y uint64) uint64 {
	r := y
	if c {
		r = x
	}
	return r
}
func Larger(x, y int64) int64          { return max(x, y) }
func LargerFloat(x, y float64) float64 { return max(x, y) }
func Fma(x, y, z float64) float64      { return math.FMA(x, y, z) }
func MulAdd(x, y, z float64) float64   { return x*y + z }
func Floor(x float64) float64          { return math.Floor(x) }
func Sqrt(x float64) float64           { return math.Sqrt(x) }
func Round(x float64) float64          { return math.RoundToEven(x) }
func Divide(x, y float64) float64      { return x / y }
func DivideInt(x, y int64) int64       { return x / y }
func Modulo(x, y int64) int64          { return x % y }
func ToInt(x float64) int64            { return int64(x) }
func AtomicAdd(p *int64) int64         { return atomic.AddInt64(p, 1) }
func AtomicAdd32(p *int32) int32       { return atomic.AddInt32(p, 1) }
func AtomicSwap(p *int64) int64        { return atomic.SwapInt64(p, 1) }
func AtomicCas(p *int64) bool          { return atomic.CompareAndSwapInt64(p, 0, 1) }
func AtomicOr(p *int32) int32          { return atomic.OrInt32(p, 1) }
func AtomicStore(p *int32)             { atomic.StoreInt32(p, 1) }
func SignExtend(x int8) int64          { return int64(x) }
func ZeroExtend(x uint32) uint64       { return uint64(x) }
func CopyBlock(to, from *[256]byte)    { *to = *from }
func ClearBlock(to *[256]byte)         { *to = [256]byte{} }
func AddSlices(to, from []float64) {
	for i := range to[:len(from)] {
		to[i] += from[i]
	}
}
func SumBytes(xs []byte) (sum byte) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// ManyIntegers has 40 values alive at once: the compiler takes every register that it may.
func ManyIntegers(p *[40]uint64, rounds int) {
	for i := 0; i < rounds; i++ {
		v0 := p[0]
		v1 := p[1]
		v2 := p[2]
		v3 := p[3]
		v4 := p[4]
		v5 := p[5]
		v6 := p[6]
		v7 := p[7]
		v8 := p[8]
		v9 := p[9]
		v10 := p[10]
		v11 := p[11]
		v12 := p[12]
		v13 := p[13]
		v14 := p[14]
		v15 := p[15]
		v16 := p[16]
		v17 := p[17]
		v18 := p[18]
		v19 := p[19]
		v20 := p[20]
		v21 := p[21]
		v22 := p[22]
		v23 := p[23]
		v24 := p[24]
		v25 := p[25]
		v26 := p[26]
		v27 := p[27]
		v28 := p[28]
		v29 := p[29]
		v30 := p[30]
		v31 := p[31]
		v32 := p[32]
		v33 := p[33]
		v34 := p[34]
		v35 := p[35]
		v36 := p[36]
		v37 := p[37]
		v38 := p[38]
		v39 := p[39]
		p[0] = v39 + v3
		p[1] = v38 + v10
		p[2] = v37 + v17
		p[3] = v36 + v24
		p[4] = v35 + v31
		p[5] = v34 + v38
		p[6] = v33 + v5
		p[7] = v32 + v12
		p[8] = v31 + v19
		p[9] = v30 + v26
		p[10] = v29 + v33
		p[11] = v28 + v0
		p[12] = v27 + v7
		p[13] = v26 + v14
		p[14] = v25 + v21
		p[15] = v24 + v28
		p[16] = v23 + v35
		p[17] = v22 + v2
		p[18] = v21 + v9
		p[19] = v20 + v16
		p[20] = v19 + v23
		p[21] = v18 + v30
		p[22] = v17 + v37
		p[23] = v16 + v4
		p[24] = v15 + v11
		p[25] = v14 + v18
		p[26] = v13 + v25
		p[27] = v12 + v32
		p[28] = v11 + v39
		p[29] = v10 + v6
		p[30] = v9 + v13
		p[31] = v8 + v20
		p[32] = v7 + v27
		p[33] = v6 + v34
		p[34] = v5 + v1
		p[35] = v4 + v8
		p[36] = v3 + v15
		p[37] = v2 + v22
		p[38] = v1 + v29
		p[39] = v0 + v36
	}
}

// ManyFloats has 40 values alive at once: the compiler takes every register that it may.
func ManyFloats(p *[40]float64, rounds int) {
	for i := 0; i < rounds; i++ {
		v0 := p[0]
		v1 := p[1]
		v2 := p[2]
		v3 := p[3]
		v4 := p[4]
		v5 := p[5]
		v6 := p[6]
		v7 := p[7]
		v8 := p[8]
		v9 := p[9]
		v10 := p[10]
		v11 := p[11]
		v12 := p[12]
		v13 := p[13]
		v14 := p[14]
		v15 := p[15]
		v16 := p[16]
		v17 := p[17]
		v18 := p[18]
		v19 := p[19]
		v20 := p[20]
		v21 := p[21]
		v22 := p[22]
		v23 := p[23]
		v24 := p[24]
		v25 := p[25]
		v26 := p[26]
		v27 := p[27]
		v28 := p[28]
		v29 := p[29]
		v30 := p[30]
		v31 := p[31]
		v32 := p[32]
		v33 := p[33]
		v34 := p[34]
		v35 := p[35]
		v36 := p[36]
		v37 := p[37]
		v38 := p[38]
		v39 := p[39]
		p[0] = v39 + v3
		p[1] = v38 + v10
		p[2] = v37 + v17
		p[3] = v36 + v24
		p[4] = v35 + v31
		p[5] = v34 + v38
		p[6] = v33 + v5
		p[7] = v32 + v12
		p[8] = v31 + v19
		p[9] = v30 + v26
		p[10] = v29 + v33
		p[11] = v28 + v0
		p[12] = v27 + v7
		p[13] = v26 + v14
		p[14] = v25 + v21
		p[15] = v24 + v28
		p[16] = v23 + v35
		p[17] = v22 + v2
		p[18] = v21 + v9
		p[19] = v20 + v16
		p[20] = v19 + v23
		p[21] = v18 + v30
		p[22] = v17 + v37
		p[23] = v16 + v4
		p[24] = v15 + v11
		p[25] = v14 + v18
		p[26] = v13 + v25
		p[27] = v12 + v32
		p[28] = v11 + v39
		p[29] = v10 + v6
		p[30] = v9 + v13
		p[31] = v8 + v20
		p[32] = v7 + v27
		p[33] = v6 + v34
		p[34] = v5 + v1
		p[35] = v4 + v8
		p[36] = v3 + v15
		p[37] = v2 + v22
		p[38] = v1 + v29
		p[39] = v0 + v36
	}
}
