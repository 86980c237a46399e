package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
)

// Beside the service's own port, as a real one would have it.
func init() {
	if address := os.Getenv("PPROF_ADDRESS"); address != "" {
		go http.ListenAndServe(address, nil)
	}
}
