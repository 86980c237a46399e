// Package math stands for math: the compiler knows these functions by name, so their bodies are not needed.
package math

func FMA(x, y, z float64) float64
func Floor(x float64) float64
func Sqrt(x float64) float64
func Abs(x float64) float64
func RoundToEven(x float64) float64
func Float64bits(f float64) uint64
