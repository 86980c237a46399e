package main

import (
	"reflect"
	"unsafe"

	"golang.org/x/exp/trace"
)

// Nearly all events of a trace are the six kinds below, and asking the reader's methods for what they say, each of which
// copies the event, takes as long as reading it. So these are taken from the event where it lies. That this is where the
// reader puts things is checked twice: the fields' places before the first event, and what is taken against what the
// methods say for the first checks events of each kind. Where either fails, the methods are asked for all.

// wire is the beginning of trace.Event.
type wire struct {
	table   unsafe.Pointer
	g, p, m int64
	kind    uint8
	time    int64
	args    [3]uint64
}

// hot is a goroutine's transition. In which argument the goroutine, the reason and the stack are; none where in none.
type hot struct {
	from, to                 trace.GoState
	goroutine, reason, stack int8
}

const checks = 256

// By the trace format's numbers, internal/tracev2/events.go.
var hots = [256]hot{
	16: {trace.GoRunnable, trace.GoRunning, 0, none, none}, // GoStart
	19: {trace.GoRunning, trace.GoRunnable, none, 0, 1},    // GoStop
	20: {trace.GoRunning, trace.GoWaiting, none, 0, 1},     // GoBlock
	21: {trace.GoWaiting, trace.GoRunnable, 0, none, 2},    // GoUnblock: the stack is the waker's
	22: {trace.GoRunning, trace.GoSyscall, none, none, 1},  // GoSyscallBegin
	23: {trace.GoSyscall, trace.GoRunning, none, none, none},
}

// byNumber finds what the numbers of one generation's table mean.
type byNumber struct {
	stacks, names [1 << 12]uint32 // one more than our number, 0 where not known
}

func placesAreKnown() bool {
	event := reflect.TypeOf(trace.Event{})
	place := func(names ...string) (offset uintptr, kind reflect.Kind) {
		t := event
		for _, name := range names {
			field, ok := t.FieldByName(name)
			if !ok {
				return 0, reflect.Invalid
			}
			offset, t = offset+field.Offset, field.Type
		}
		if t.Kind() == reflect.Array && t.Len() >= 2 {
			t = t.Elem()
		}
		return offset, t.Kind()
	}
	is := func(want uintptr, kind reflect.Kind, names ...string) bool {
		offset, found := place(names...)
		return offset == want && found == kind
	}
	var w wire
	return is(unsafe.Offsetof(w.table), reflect.Pointer, "table") &&
		is(unsafe.Offsetof(w.g), reflect.Int64, "ctx", "G") &&
		is(unsafe.Offsetof(w.p), reflect.Int64, "ctx", "P") &&
		is(unsafe.Offsetof(w.m), reflect.Int64, "ctx", "M") &&
		is(unsafe.Offsetof(w.kind), reflect.Uint8, "base", "typ") &&
		is(unsafe.Offsetof(w.time), reflect.Int64, "base", "time") &&
		is(unsafe.Offsetof(w.args), reflect.Uint64, "base", "args") &&
		unsafe.Sizeof(w) <= event.Size()
}

// takeHot takes the event if it is a transition of a goroutine that has been seen a moment ago.
func (d *decoder) takeHot(e *trace.Event) bool {
	w := (*wire)(unsafe.Pointer(e))
	h := &hots[w.kind]
	if h.from == h.to {
		return false
	}
	id := trace.GoID(w.g)
	if h.goroutine >= 0 {
		id = trace.GoID(w.args[0])
	}
	slot := &d.recent[uint64(id)%recents]
	if slot.id != id || slot.state == nil {
		return false
	}
	if d.checked[w.kind] < checks {
		if !agrees(e, h, id) {
			d.hot = false
			return false
		}
		d.checked[w.kind]++
	}
	d.events++
	d.last = w.time
	current := slot.state
	if h.from == trace.GoWaiting && h.to == trace.GoRunnable && w.g != int64(id) {
		current.waker = w.g
	}
	d.goroutineState(id, current, w.time, 0)
	current.start, current.kind = w.time, uint8(h.to)
	current.thread, current.proc = w.m, w.p
	current.reason, current.stack, current.waker = 0, 0, none
	if h.to == trace.GoRunnable && w.g != int64(id) {
		current.waker = w.g
	}
	if h.reason >= 0 {
		if n := w.args[0]; n < uint64(len(d.numbers.names)) && d.numbers.names[n] != 0 {
			current.reason = d.numbers.names[n] - 1
		} else {
			current.reason = d.name(e.StateTransition().Reason)
			if n < uint64(len(d.numbers.names)) {
				d.numbers.names[n] = current.reason + 1
			}
		}
	}
	if h.stack >= 0 {
		if n := w.args[h.stack]; n < uint64(len(d.numbers.stacks)) && d.numbers.stacks[n] != 0 {
			current.stack = d.numbers.stacks[n] - 1
		} else {
			current.stack = d.stack(e.Stack())
			if n < uint64(len(d.numbers.stacks)) {
				d.numbers.stacks[n] = current.stack + 1
			}
		}
	}
	return true
}

// agrees says whether the reader's methods say the same.
func agrees(e *trace.Event, h *hot, id trace.GoID) bool {
	if e.Kind() != trace.EventStateTransition {
		return false
	}
	st := e.StateTransition()
	if st.Resource.Kind != trace.ResourceGoroutine || st.Resource.Goroutine() != id {
		return false
	}
	from, to := st.Goroutine()
	stack := trace.NoStack
	if h.stack >= 0 && h.from != trace.GoWaiting {
		stack = e.Stack()
	}
	return from == h.from && to == h.to && st.Stack == stack && (st.Reason == "" || h.reason >= 0) &&
		int64(e.Time()) == (*wire)(unsafe.Pointer(e)).time && int64(e.Thread()) == (*wire)(unsafe.Pointer(e)).m &&
		int64(e.Proc()) == (*wire)(unsafe.Pointer(e)).p
}
