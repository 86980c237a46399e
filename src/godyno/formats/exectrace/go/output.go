package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/exp/trace"
)

const flushAt = 1 << 17

// output is a directory of files of fixed-size records. One goroutine writes, so that decoding does not wait for the disk.
type output struct {
	directory string
	tables    []*table
	ids       map[string]uint32
	offsets   *table
	bytes     *table
	frames    *table
	size      int64

	full chan block  // buffers to write
	idle chan []byte // buffers that were written
	done chan struct{}
	err  error // the writing goroutine's own until done is closed
}

type table struct {
	name    string
	columns []columnMeta
	offset  []int
	width   int
	rows    int64
	buffer  []byte // whole rows, and room for one more
	used    int
	out     *output
	file    *os.File
}

type columnMeta struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type block struct {
	table *table
	data  []byte
}

var widths = map[string]int{"i8": 8, "u8": 8, "i4": 4, "u4": 4, "s": 4, "i2": 2, "s2": 2, "u1": 1}

func newOutput(directory string) *output {
	o := &output{directory: directory, ids: map[string]uint32{}}
	o.full, o.idle, o.done = make(chan block, 8), make(chan []byte, 16), make(chan struct{})
	go o.write()
	o.offsets = o.newTable("strings.offsets", "offset:i8")
	o.bytes = o.newTable("strings.bytes", "byte:u1")
	o.offsets.i8(0, 0)
	o.offsets.row()
	o.string("")
	o.frames = o.table("frames", "pc:u8", "stack:u4", "depth:u4", "function:s", "file:s", "line:u4", "pad:u4")
	return o
}

func (o *output) table(name string, columns ...string) *table {
	t := o.newTable(name, columns...)
	o.tables = append(o.tables, t)
	return t
}

func (o *output) newTable(name string, columns ...string) *table {
	t := &table{name: name, out: o}
	for _, c := range columns {
		title, kind, _ := strings.Cut(c, ":")
		t.columns = append(t.columns, columnMeta{title, kind})
		t.offset = append(t.offset, t.width)
		t.width += widths[kind]
	}
	t.buffer = make([]byte, 64*t.width) // grows to flushAt only where there is much
	return t
}

// string gives the number of a string; each is written once. What repeats much goes through decoder.name.
func (o *output) string(s string) uint32 {
	if id, ok := o.ids[s]; ok {
		return id
	}
	id := uint32(len(o.ids))
	o.ids[strings.Clone(s)] = id
	o.size += int64(len(s))
	for i := 0; i < len(s); i++ {
		o.bytes.u1(0, s[i])
		o.bytes.row()
	}
	o.offsets.i8(0, o.size)
	o.offsets.row()
	return id
}

func (t *table) i8(i int, v int64) {
	binary.LittleEndian.PutUint64(t.buffer[t.used+t.offset[i]:], uint64(v))
}
func (t *table) i4(i int, v int64) {
	binary.LittleEndian.PutUint32(t.buffer[t.used+t.offset[i]:], uint32(v))
}
func (t *table) u4(i int, v uint32) { binary.LittleEndian.PutUint32(t.buffer[t.used+t.offset[i]:], v) }
func (t *table) u1(i int, v uint8)  { t.buffer[t.used+t.offset[i]] = v }

// record is the row under construction, for those that fill it themselves.
func (t *table) record() []byte { return t.buffer[t.used : t.used+t.width] }

// row ends a row.
func (t *table) row() {
	t.rows++
	t.used += t.width
	if t.used+t.width > len(t.buffer) {
		t.flush()
	}
}

func (t *table) flush() {
	if t.used == 0 {
		return
	}
	size := max(flushAt/t.width*t.width, t.width)
	t.out.full <- block{t, t.buffer[:t.used]}
	t.used = 0
	select {
	case b := <-t.out.idle:
		t.buffer = b[:size]
	default:
		t.buffer = make([]byte, size, max(flushAt, size))
	}
}

func (o *output) write() {
	for b := range o.full {
		t := b.table
		if o.err == nil && t.file == nil {
			t.file, o.err = os.OpenFile(filepath.Join(o.directory, t.name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
		}
		if o.err == nil {
			_, o.err = t.file.Write(b.data)
		}
		if cap(b.data) >= flushAt {
			select {
			case o.idle <- b.data[:0]:
			default:
			}
		}
	}
	close(o.done)
}

func (o *output) close(events, first, last int64, reason string) error {
	type tableMeta struct {
		Rows    int64        `json:"rows"`
		Columns []columnMeta `json:"columns"`
	}
	all := append([]*table{o.offsets, o.bytes}, o.tables...)
	for _, t := range all {
		t.flush()
	}
	close(o.full)
	<-o.done
	tables := map[string]tableMeta{}
	for i, t := range all {
		if t.file != nil {
			if err := t.file.Close(); o.err == nil {
				o.err = err
			}
		}
		if i >= 2 {
			tables[t.name] = tableMeta{t.rows, t.columns}
		}
	}
	if o.err != nil {
		return o.err
	}
	data, err := json.Marshal(map[string]any{
		"exectrace": 1, "events": events, "t_first_ns": first, "t_last_ns": last,
		"strings": len(o.ids), "ended_by": reason, "tables": tables,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.directory, "meta.json"), data, 0o644)
}

// name is string for what repeats: the same bytes in memory are found by their address.
func (d *decoder) name(s string) uint32 {
	if s == "" {
		return 0
	}
	slot := &d.nameCache[(uintptr(unsafe.Pointer(unsafe.StringData(s)))>>4)%names]
	if len(slot.name) == len(s) && unsafe.StringData(slot.name) == unsafe.StringData(s) {
		return slot.id
	}
	id := d.out.string(s)
	*slot = nameEntry{s, id} // keeps s alive, so that its address stays its own
	return id
}

// stack gives the number of a stack, 0 for none; equal stacks of different generations have the same.
func (d *decoder) stack(s trace.Stack) uint32 {
	if s == trace.NoStack {
		return 0
	}
	slot := &d.stackCache[stackHash(s)%stacks]
	if slot.stack == s {
		return slot.id
	}
	id, ok := d.stackIDs[s]
	if !ok {
		id = d.newStack(s)
		d.stackIDs[s] = id
	}
	*slot = stackEntry{s, id}
	return id
}

// stackHash mixes the two words of a Stack, a pointer and a number.
func stackHash(s trace.Stack) uintptr {
	words := (*[2]uintptr)(unsafe.Pointer(&s))
	return words[1] ^ words[0]>>12
}

func (d *decoder) newStack(s trace.Stack) uint32 {
	content := d.content[:0]
	for f := range s.Frames() {
		content = binary.LittleEndian.AppendUint64(content, f.PC)
		content = binary.LittleEndian.AppendUint32(content, d.out.string(f.Func))
		content = binary.LittleEndian.AppendUint32(content, uint32(f.Line))
	}
	d.content = content
	if id, ok := d.known[string(content)]; ok {
		return id
	}
	id := uint32(len(d.known) + 1)
	d.known[string(content)] = id
	depth := uint32(0)
	w := d.out.frames
	for f := range s.Frames() {
		w.i8(0, int64(f.PC))
		w.u4(1, id)
		w.u4(2, depth)
		w.u4(3, d.out.string(f.Func))
		w.u4(4, d.out.string(f.File))
		w.u4(5, uint32(f.Line))
		w.u4(6, 0)
		w.row()
		depth++
	}
	return id
}
