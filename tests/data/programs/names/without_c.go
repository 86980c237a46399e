//go:build !cgo

package main

func burnInC() {}
