package main

import "C"

//export goCallback
func goCallback() { called++ }

var called uint64
