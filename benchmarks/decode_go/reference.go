// Reference says of each trace what golang.org/x/exp/trace reads in it, as plainly as can be: one JSON object a line. A .test
// file of the reader's own tests is text, which the reader's own packages turn into a trace; it is kept as FILE.trace in
// DIRECTORY. So this is built inside a copy of golang.org/x/exp.
//
//	reference DIRECTORY FILE...
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/exp/trace"
	"golang.org/x/exp/trace/internal/raw"
)

type summary struct {
	Trace     string           `json:"trace"`
	Error     string           `json:"error"`
	Events    int              `json:"events"`
	Created   int              `json:"goroutines"`
	Samples   int              `json:"samples"`
	Logs      int              `json:"logs"`
	Tasks     int              `json:"tasks"`
	Regions   int              `json:"regions"`
	Ranges    int              `json:"ranges"`
	Metrics   int              `json:"metrics"`
	Clocks    int              `json:"clocks"`
	StateNs   map[string]int64 `json:"state_ns"`
	FirstLast [2]int64         `json:"first_last"`
}

type since struct {
	state trace.GoState
	t     int64
}

func main() {
	out := json.NewEncoder(os.Stdout)
	for i, file := range os.Args[2:] {
		data, err := os.ReadFile(file)
		if err == nil && strings.HasSuffix(file, ".test") {
			data, err = binary(data)
		}
		name := filepath.Join(os.Args[1], fmt.Sprint(i, ".trace"))
		if err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
		s := summary{Trace: name, StateNs: map[string]int64{}}
		if err == nil {
			err = read(data, &s)
		}
		if err != nil {
			s.Error = err.Error()
		}
		out.Encode(s)
	}
}

// binary is the trace section of a txtar file in the form in which Go writes traces.
func binary(test []byte) ([]byte, error) {
	_, text, ok := bytes.Cut(test, []byte("-- trace --\n"))
	if !ok {
		return nil, fmt.Errorf("no trace section")
	}
	from, err := raw.NewTextReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var made bytes.Buffer
	to, err := raw.NewWriter(&made, from.Version())
	if err != nil {
		return nil, err
	}
	for {
		event, err := from.ReadEvent()
		if err == io.EOF {
			return made.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		if err := to.WriteEvent(event); err != nil {
			return nil, err
		}
	}
}

func read(data []byte, s *summary) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	now := map[trace.GoID]since{}
	defer func() {
		for _, g := range now {
			s.StateNs[g.state.String()] += s.FirstLast[1] - g.t
		}
	}()
	reader, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for {
		e, err := reader.ReadEvent()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		t := int64(e.Time())
		if s.Events == 0 {
			s.FirstLast[0] = t
		}
		s.FirstLast[1] = t
		s.Events++
		switch e.Kind() {
		case trace.EventStackSample:
			s.Samples++
		case trace.EventLog:
			s.Logs++
		case trace.EventTaskEnd:
			s.Tasks++
		case trace.EventRegionEnd:
			s.Regions++
		case trace.EventRangeEnd:
			s.Ranges++
		case trace.EventMetric:
			if e.Metric().Value.Kind() == trace.ValueUint64 {
				s.Metrics++
			}
		case trace.EventSync:
			if e.Sync().ClockSnapshot != nil {
				s.Clocks++
			}
		case trace.EventStateTransition:
			st := e.StateTransition()
			if st.Resource.Kind != trace.ResourceGoroutine {
				continue
			}
			id := st.Resource.Goroutine()
			from, to := st.Goroutine()
			if from == trace.GoNotExist {
				s.Created++
			} else {
				g, ok := now[id]
				if !ok {
					g = since{from, s.FirstLast[0]}
				}
				if from != trace.GoUndetermined || ok {
					s.StateNs[g.state.String()] += t - g.t
				}
			}
			if to == trace.GoNotExist {
				delete(now, id)
			} else {
				now[id] = since{to, t}
			}
		}
	}
}
