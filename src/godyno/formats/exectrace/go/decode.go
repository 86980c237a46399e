package main

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/exp/trace"
)

const (
	none    = -1
	stacks  = 1 << 12
	names   = 1 << 8
	recents = 1 << 10
)

// decoder turns events into rows. A state or range becomes a row when it ends; what is open at the end of the trace
// ends there, with open = 1.
type decoder struct {
	out                 *output
	events, first, last int64

	goroutines map[trace.GoID]*state
	recent     [recents]recentGoroutine // direct-mapped, in front of the map
	procs      map[trace.ProcID]*state
	ranges     map[rangeKey]rangeStart
	tasks      map[trace.TaskID]taskStart
	regions    map[trace.GoID][]regionStart

	// Both are direct-mapped caches in front of maps: most events repeat what a recent one had.
	stackCache [stacks]stackEntry
	stackIDs   map[trace.Stack]uint32 // of this generation: the next has its own table
	known      map[string]uint32      // by the stack's content
	content    []byte
	nameCache  [names]nameEntry

	hot     bool // whether takeHot may be asked
	checked [256]uint16
	table   unsafe.Pointer // of the generation that numbers is about
	numbers byNumber

	free []*state

	states, created, procStates, spans, taskRows, regionRows, logs, samples, metrics, syncs *table
}

type state struct {
	start  int64
	stack  uint32
	reason uint32
	thread int64
	proc   int64
	waker  int64 // the goroutine that made this one runnable, or that ended its wait; none where the scheduler did, or a timer
	kind   uint8
}

type rangeKey struct {
	name  string
	scope trace.ResourceID
}

type rangeStart struct {
	start        int64
	stack        uint32
	thread       int64
	proc, gorout int64
}

type taskStart struct {
	start  int64
	parent int64
	name   uint32
}

type regionStart struct {
	start int64
	task  int64
	name  string
	stack uint32
}

type recentGoroutine struct {
	id    trace.GoID
	state *state
}

type stackEntry struct {
	stack trace.Stack
	id    uint32
}

type nameEntry struct {
	name string
	id   uint32
}

func newDecoder(out *output) *decoder {
	return &decoder{
		out:        out,
		goroutines: map[trace.GoID]*state{},
		procs:      map[trace.ProcID]*state{},
		ranges:     map[rangeKey]rangeStart{},
		tasks:      map[trace.TaskID]taskStart{},
		regions:    map[trace.GoID][]regionStart{},
		stackIDs:   map[trace.Stack]uint32{},
		known:      map[string]uint32{},
		hot:        placesAreKnown(),
		states: out.table("goroutine_states", "t_start_ns:i8", "t_end_ns:i8", "goroutine:i8", "thread:i4", "stack:u4",
			"reason:s2", "proc:i2", "state:u1", "open:u1", "pad:i2", "waker:i8"),
		created:    out.table("goroutines", "t_ns:i8", "goroutine:i8", "parent:i8", "start_stack:u4", "stack:u4"),
		procStates: out.table("proc_states", "t_start_ns:i8", "t_end_ns:i8", "proc:i4", "thread:i8", "state:u1", "open:u1"),
		spans: out.table("ranges", "t_start_ns:i8", "t_end_ns:i8", "name:s", "scope:u1", "goroutine:i8", "proc:i4",
			"thread:i8", "stack:u4", "open:u1"),
		taskRows:   out.table("tasks", "t_start_ns:i8", "t_end_ns:i8", "task:i8", "parent:i8", "name:s", "open:u1"),
		regionRows: out.table("regions", "t_start_ns:i8", "t_end_ns:i8", "task:i8", "goroutine:i8", "name:s", "stack:u4", "open:u1"),
		logs:       out.table("logs", "t_ns:i8", "task:i8", "goroutine:i8", "category:s", "message:s", "stack:u4"),
		samples:    out.table("samples", "t_ns:i8", "goroutine:i8", "proc:i4", "thread:i8", "stack:u4"),
		metrics:    out.table("metrics", "t_ns:i8", "name:s", "value:u8"),
		syncs:      out.table("clocks", "t_ns:i8", "wall_ns:i8", "monotonic_ns:u8"),
	}
}

// take takes the next event.
func (d *decoder) take(e *trace.Event) {
	if d.hot {
		if table := (*wire)(unsafe.Pointer(e)).table; table != d.table {
			d.table, d.numbers = table, byNumber{}
		}
		if d.takeHot(e) {
			return
		}
	}
	t := int64(e.Time())
	if d.events == 0 {
		d.first = t
	}
	d.events++
	d.last = t
	switch e.Kind() {
	case trace.EventStateTransition:
		st := e.StateTransition()
		switch st.Resource.Kind {
		case trace.ResourceGoroutine:
			d.goroutine(e, &st, t)
		case trace.ResourceProc:
			d.proc(e, &st, t)
		}
	case trace.EventRangeBegin, trace.EventRangeActive:
		r := e.Range()
		d.ranges[rangeKey{r.Name, r.Scope}] = rangeStart{
			t, d.stack(e.Stack()), int64(e.Thread()), int64(e.Proc()), int64(e.Goroutine()),
		}
	case trace.EventRangeEnd:
		r := e.Range()
		key := rangeKey{r.Name, r.Scope}
		begin, ok := d.ranges[key]
		if !ok { // it began before the trace
			begin = rangeStart{d.first, 0, int64(e.Thread()), int64(e.Proc()), int64(e.Goroutine())}
		}
		delete(d.ranges, key)
		d.span(key, begin, t, 0)
	case trace.EventTaskBegin:
		task := e.Task()
		d.tasks[task.ID] = taskStart{t, int64(task.Parent), d.name(task.Type)}
	case trace.EventTaskEnd:
		task := e.Task()
		begin, ok := d.tasks[task.ID]
		if !ok {
			begin = taskStart{d.first, int64(task.Parent), d.name(task.Type)}
		}
		delete(d.tasks, task.ID)
		d.task(task.ID, begin, t, 0)
	case trace.EventRegionBegin:
		region := e.Region()
		d.regions[e.Goroutine()] = append(d.regions[e.Goroutine()],
			regionStart{t, int64(region.Task), region.Type, d.stack(e.Stack())})
	case trace.EventRegionEnd:
		d.regionEnd(e, t)
	case trace.EventLog:
		l := e.Log()
		w := d.logs
		w.i8(0, t)
		w.i8(1, int64(l.Task))
		w.i8(2, int64(e.Goroutine()))
		w.u4(3, d.name(l.Category))
		w.u4(4, d.out.string(l.Message))
		w.u4(5, d.stack(e.Stack()))
		w.row()
	case trace.EventStackSample:
		w := d.samples
		w.i8(0, t)
		w.i8(1, int64(e.Goroutine()))
		w.i4(2, int64(e.Proc()))
		w.i8(3, int64(e.Thread()))
		w.u4(4, d.stack(e.Stack()))
		w.row()
	case trace.EventMetric:
		m := e.Metric()
		if m.Value.Kind() == trace.ValueUint64 {
			w := d.metrics
			w.i8(0, t)
			w.u4(1, d.name(m.Name))
			w.i8(2, int64(m.Value.Uint64()))
			w.row()
		}
	case trace.EventSync:
		clear(d.stackIDs) // the next generation has its own table, and this one may go
		d.stackCache = [stacks]stackEntry{}
		if snapshot := e.Sync().ClockSnapshot; snapshot != nil {
			w := d.syncs
			w.i8(0, int64(snapshot.Trace))
			w.i8(1, snapshot.Wall.UnixNano())
			w.i8(2, int64(snapshot.Mono))
			w.row()
		}
	}
}

func (d *decoder) goroutine(e *trace.Event, st *trace.StateTransition, t int64) {
	id := st.Resource.Goroutine()
	from, to := st.Goroutine()
	slot := &d.recent[uint64(id)%recents]
	if slot.id != id || slot.state == nil {
		slot.id, slot.state = id, d.goroutines[id]
	}
	current := slot.state
	if current == nil {
		if len(d.free) > 0 {
			current = d.free[len(d.free)-1]
			d.free = d.free[:len(d.free)-1]
		} else {
			current = new(state)
		}
		d.goroutines[id] = current
		slot.state = current
		if from != trace.GoNotExist && from != trace.GoUndetermined {
			*current = state{start: d.first, kind: uint8(from), thread: none, proc: none, waker: none}
			d.goroutineState(id, current, t, 0)
		}
	} else if from == to && uint8(to) == current.kind { // told again at a generation's start
		return
	} else {
		if from == trace.GoWaiting && to == trace.GoRunnable && e.Goroutine() != id {
			current.waker = int64(e.Goroutine())
		}
		d.goroutineState(id, current, t, 0)
	}
	if from == trace.GoNotExist {
		w := d.created
		w.i8(0, t)
		w.i8(1, int64(id))
		w.i8(2, int64(e.Goroutine()))
		w.u4(3, d.stack(st.Stack))
		w.u4(4, d.stack(e.Stack()))
		w.row()
	}
	if to == trace.GoNotExist {
		delete(d.goroutines, id)
		slot.state = nil
		d.free = append(d.free, current)
		delete(d.regions, id)
		return
	}
	current.start, current.kind = t, uint8(to)
	current.thread, current.proc = int64(e.Thread()), int64(e.Proc())
	current.reason = d.name(st.Reason)
	current.stack = d.stack(st.Stack)
	current.waker = none
	if to == trace.GoRunnable && e.Goroutine() != id {
		current.waker = int64(e.Goroutine())
		current.stack = d.stack(e.Stack())
	}
}

// goroutineState writes nearly all rows that there are, so it fills the record by hand.
func (d *decoder) goroutineState(id trace.GoID, s *state, t int64, open uint8) {
	b := (*[48]byte)(d.states.record())
	binary.LittleEndian.PutUint64(b[0:], uint64(s.start))
	binary.LittleEndian.PutUint64(b[8:], uint64(t))
	binary.LittleEndian.PutUint64(b[16:], uint64(id))
	binary.LittleEndian.PutUint32(b[24:], uint32(s.thread))
	binary.LittleEndian.PutUint32(b[28:], s.stack)
	binary.LittleEndian.PutUint16(b[32:], uint16(min(s.reason, 1<<16-1)))
	binary.LittleEndian.PutUint16(b[34:], uint16(s.proc))
	b[36], b[37], b[38], b[39] = s.kind, open, 0, 0
	binary.LittleEndian.PutUint64(b[40:], uint64(s.waker))
	d.states.row()
}

func (d *decoder) proc(e *trace.Event, st *trace.StateTransition, t int64) {
	id := st.Resource.Proc()
	from, to := st.Proc()
	current := d.procs[id]
	if current == nil {
		current = new(state)
		d.procs[id] = current
		if from != trace.ProcNotExist && from != trace.ProcUndetermined {
			*current = state{start: d.first, kind: uint8(from), thread: none}
			d.procState(id, current, t, 0)
		}
	} else if from == to {
		return
	} else {
		d.procState(id, current, t, 0)
	}
	if to == trace.ProcNotExist {
		delete(d.procs, id)
		return
	}
	current.start, current.kind, current.thread = t, uint8(to), int64(e.Thread())
}

func (d *decoder) procState(id trace.ProcID, s *state, t int64, open uint8) {
	w := d.procStates
	w.i8(0, s.start)
	w.i8(1, t)
	w.i4(2, int64(id))
	w.i8(3, s.thread)
	w.u1(4, s.kind)
	w.u1(5, open)
	w.row()
}

func (d *decoder) span(key rangeKey, begin rangeStart, t int64, open uint8) {
	w := d.spans
	w.i8(0, begin.start)
	w.i8(1, t)
	w.u4(2, d.name(key.name))
	w.u1(3, uint8(key.scope.Kind))
	w.i8(4, begin.gorout)
	w.i4(5, begin.proc)
	w.i8(6, begin.thread)
	w.u4(7, begin.stack)
	w.u1(8, open)
	w.row()
}

func (d *decoder) task(id trace.TaskID, begin taskStart, t int64, open uint8) {
	w := d.taskRows
	w.i8(0, begin.start)
	w.i8(1, t)
	w.i8(2, int64(id))
	w.i8(3, begin.parent)
	w.u4(4, begin.name)
	w.u1(5, open)
	w.row()
}

func (d *decoder) regionEnd(e *trace.Event, t int64) {
	region := e.Region()
	open := d.regions[e.Goroutine()]
	begin := regionStart{d.first, int64(region.Task), region.Type, 0}
	for i := len(open) - 1; i >= 0; i-- { // they nest: the innermost of that name
		if open[i].name == region.Type && open[i].task == int64(region.Task) {
			begin = open[i]
			open = append(open[:i], open[i+1:]...)
			break
		}
	}
	if len(open) == 0 {
		delete(d.regions, e.Goroutine())
	} else {
		d.regions[e.Goroutine()] = open
	}
	d.region(e.Goroutine(), begin, t, 0)
}

func (d *decoder) region(id trace.GoID, begin regionStart, t int64, open uint8) {
	w := d.regionRows
	w.i8(0, begin.start)
	w.i8(1, t)
	w.i8(2, begin.task)
	w.i8(3, int64(id))
	w.u4(4, d.name(begin.name))
	w.u4(5, begin.stack)
	w.u1(6, open)
	w.row()
}

// finish ends with the trace what is still open, in order, so that a trace always gives the same bytes.
func (d *decoder) finish() {
	for _, id := range slices.Sorted(maps.Keys(d.goroutines)) {
		d.goroutineState(id, d.goroutines[id], d.last, 1)
	}
	for _, id := range slices.Sorted(maps.Keys(d.procs)) {
		d.procState(id, d.procs[id], d.last, 1)
	}
	for _, key := range slices.SortedFunc(maps.Keys(d.ranges), func(a, b rangeKey) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.scope.String(), b.scope.String()))
	}) {
		d.span(key, d.ranges[key], d.last, 1)
	}
	for _, id := range slices.Sorted(maps.Keys(d.tasks)) {
		d.task(id, d.tasks[id], d.last, 1)
	}
	for _, id := range slices.Sorted(maps.Keys(d.regions)) {
		for _, begin := range d.regions[id] {
			d.region(id, begin, d.last, 1)
		}
	}
}
