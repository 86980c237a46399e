package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
)

type hall struct {
	t     *task
	known map[string]int
}

func noted(f http.Handler, counts map[string]int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.ServeHTTP(w, r)
		counts[r.Pattern]++
	})
}

func limited(f http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 4096 {
			http.Error(w, "too much", http.StatusRequestEntityTooLarge)
			return
		}
		f.ServeHTTP(w, r)
	})
}

func (h *hall) doors() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rows/{row}/seats/{seat}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s of %s: %d", r.PathValue("seat"), r.PathValue("row"), h.known[r.PathValue("row")])
	})
	mux.HandleFunc("POST /rows/{row}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.known[r.PathValue("row")] = len(body)
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("GET /play/{act...}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%x", h.t.step())
	})
	for _, word := range strings.Fields("coats drinks lamps curtains boxes stairs lights music") {
		mux.HandleFunc("/"+word+"/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, word) })
	}
	return mux
}

// Shows all who come to their seats; they come from within the house.
func main() {
	debug.SetGCPercent(400)
	b, h, counts := newTally(0), &hall{newTask(cfg.Seed), map[string]int{}}, map[string]int{}
	all := noted(limited(h.doors()), counts)
	for n := 0; !over(); n++ {
		for i, one := range []*http.Request{
			httptest.NewRequest("GET", fmt.Sprintf("/rows/%d/seats/%d", n%40, n%13), nil),
			httptest.NewRequest("POST", fmt.Sprintf("/rows/%d", n%40), strings.NewReader("taken by somebody")),
			httptest.NewRequest("GET", "/play/first/second", nil),
			httptest.NewRequest("GET", "/lamps/left", nil),
		} {
			seen := httptest.NewRecorder()
			all.ServeHTTP(seen, one)
			if seen.Code >= 400 {
				panic(fmt.Sprint(i, " was sent away"))
			}
			b.sum += uint64(seen.Body.Len())
		}
		b.passes[0]++
	}
	b.sum += uint64(len(counts))
	finish(b, 1)
}
