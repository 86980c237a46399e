// Package bits stands for math/bits: the compiler knows these functions by name, so their bodies are not needed.
package bits

func OnesCount64(x uint64) int
func LeadingZeros64(x uint64) int
func TrailingZeros64(x uint64) int
func Len64(x uint64) int
func ReverseBytes64(x uint64) uint64
func RotateLeft64(x uint64, k int) uint64
func Mul64(x, y uint64) (hi, lo uint64)
func Add64(x, y, carry uint64) (sum, carryOut uint64)
func Reverse64(x uint64) uint64
