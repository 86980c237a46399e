package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
)

// serve answers each request after some computing and some allocating, as a service does that renders what it has found.
func serve(work float64) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("ready http://%s/\n", listener.Addr())
	type entry struct {
		Name  string
		Value uint64
	}
	err = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		x, entries := uint64(88172645463325252), make([]entry, 0, 50)
		for i := 0; i < 50; i++ {
			for j := 0; j < int(work*1e6)/50; j++ {
				x ^= x << 13
				x ^= x >> 7
				x ^= x << 17
			}
			entries = append(entries, entry{fmt.Sprint("entry ", i), x})
		}
		json.NewEncoder(w).Encode(entries)
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
