// Package atomic stands for sync/atomic: the compiler knows these functions by name, so their bodies are not needed.
package atomic

func AddInt64(addr *int64, delta int64) int64
func AddInt32(addr *int32, delta int32) int32
func CompareAndSwapInt64(addr *int64, old, new int64) bool
func SwapInt64(addr *int64, new int64) int64
func LoadInt32(addr *int32) int32
func StoreInt32(addr *int32, v int32)
func OrInt32(addr *int32, mask int32) int32
