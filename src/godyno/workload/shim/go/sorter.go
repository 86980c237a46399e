//go:build linux || darwin

package main

import (
	"bytes"
	"io"
	"strings"
	"time"
)

// sorter tells the runtime's debug lines from the command's own text.
//
// With exact reads (a pipe in packet mode) each read is one write call. The runtime writes a line in many small calls, each a
// piece of known form, so a line is recognised piece by piece however much is written between them. Own text that
// arrives while a line is incomplete waits for its end, at most holdFor, so that order is kept also if it turns out
// to be no line. Without exact reads only whole lines are recognised.
type sorter struct {
	out   io.Writer
	log   *logFile
	exact bool
	queue []piece // in order of arrival, while lines are open
	open  []*line // innermost last
	rest  []byte  // inexact: the beginning of what may be a debug line
	since int64   // when rest or the oldest open line began
}

type piece struct {
	data []byte
	line *line // nil for own text
}

type line struct {
	kind   string
	text   []byte
	pieces int
	start  int64
	done   bool
}

const maxQueue = 512

func (s *sorter) holding() bool { return len(s.queue) > 0 || len(s.rest) > 0 }

func (s *sorter) take(data []byte, t int64) {
	if !s.exact {
		s.takeLines(data, t)
		return
	}
	text := string(data)
	for i := len(s.open) - 1; i >= 0; i-- {
		l := s.open[i]
		if !continues(l.kind, l.pieces, text) {
			continue
		}
		l.text = append(l.text, data...)
		l.pieces++
		s.queue = append(s.queue, piece{bytes.Clone(data), l})
		if strings.HasSuffix(text, "\n") {
			l.done = true
			s.open = append(s.open[:i], s.open[i+1:]...)
			s.keep(l.kind, bytes.TrimRight(l.text, "\n"), l.start, t)
			s.release()
		}
		return
	}
	if kind := begins(text); kind != "" {
		l := &line{kind: kind, text: bytes.Clone(data), pieces: 1, start: t}
		if len(s.open) == 0 {
			s.since = t
		}
		s.open = append(s.open, l)
		s.queue = append(s.queue, piece{bytes.Clone(data), l})
		return
	}
	if len(s.queue) == 0 {
		s.out.Write(data)
		return
	}
	s.queue = append(s.queue, piece{data: bytes.Clone(data)})
	if len(s.queue) > maxQueue {
		s.flush()
	}
	s.expire(t)
}

// release writes own text that waits for nothing any more.
func (s *sorter) release() {
	for len(s.queue) > 0 {
		first := s.queue[0]
		if first.line == nil {
			s.out.Write(first.data)
		} else if !first.line.done {
			break
		}
		s.queue = s.queue[1:]
	}
	if len(s.open) > 0 {
		s.since = s.open[0].start
	}
}

// expire gives up lines that did not go on in time.
func (s *sorter) expire(t int64) {
	if s.holding() && t-s.since > int64(holdFor/time.Nanosecond) {
		s.flush()
	}
}

// flush writes everything that was held, debug lines that are whole excepted.
func (s *sorter) flush() {
	for _, p := range s.queue {
		if p.line == nil || !p.line.done {
			s.out.Write(p.data)
		}
	}
	s.queue, s.open = nil, nil
	if len(s.rest) > 0 {
		s.out.Write(s.rest)
		s.rest = nil
	}
}

func (s *sorter) keep(kind string, text []byte, start, t int64) {
	s.log.write(new(object).number("t_ns", t).number("t_start_ns", start).text("kind", kind).text("line", string(text)).
		flag("late", s.log.late))
}

// takeLines is for reads that are not single writes: debug lines are taken where they are whole.
func (s *sorter) takeLines(data []byte, t int64) {
	if len(s.rest) == 0 {
		s.since = t
	}
	data = append(s.rest, data...)
	s.rest = nil
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			if mayBecomeLine(data) {
				s.rest = bytes.Clone(data)
			} else {
				s.out.Write(data)
			}
			return
		}
		if kind := wholeLine(string(data[:end])); kind != "" {
			s.keep(kind, data[:end], s.since, t)
		} else {
			s.out.Write(data[:end+1])
		}
		data = data[end+1:]
		s.since = t
	}
}

var beginnings = []struct{ piece, kind string }{
	{"gc ", "gctrace"}, {"init ", "inittrace"}, {"SCHED ", "schedtrace"},
	{"  P", "scheddetail"}, {"  M", "scheddetail"}, {"  G", "scheddetail"},
	{"scan: total ", "gcscan"}, {"scan: class ", "gcscan"}, {"scan: class L ", "gcscan"},
	{"scav ", "other"}, {"pacer: ", "other"}, {"pacer: assist ratio=", "other"}, {"pacer: sweep done at heap size ", "other"},
}

func begins(text string) string {
	for _, b := range beginnings {
		if text == b.piece {
			return b.kind
		}
	}
	return ""
}

var words = map[string][]string{
	"gctrace": {" @", "s ", "%", "%: ", ": ", "+", "/", " ms clock, ", " ms cpu, ", "->", " MB, ", " MB goal, ", " MB stacks, ",
		" MB globals, ", " P", "\n"},
	"inittrace":  {" @", " ms, ", " ms clock, ", " bytes, ", " allocs", "\n"},
	"schedtrace": {"ms: gomaxprocs=", " ", "[", "[ ", "]", " ]", "]\n", " schedticks=[ ", "true", "false", "\n"},
	"gcscan":     {"+", "=", "B ", " objs, ", " spans\n", " objs\n"},
}

// continues tells whether text, one write call, can be the next piece of a line that has so many already.
func continues(kind string, pieces int, text string) bool {
	if isNumber(text) {
		return true
	}
	switch kind {
	case "scheddetail", "other": // of unknown form: short pieces, until one ends the line
		return len(text) <= 80 && strings.Count(text, "\n") == strings.Count(text[len(text)-1:], "\n") && begins(text) == ""
	case "inittrace":
		if pieces == 1 {
			return !strings.ContainsAny(text, " \n\t")
		}
	case "gctrace": // a remark, as Go 1.27 makes: " (checking for goroutine leaks)"
		if strings.HasPrefix(text, " (") && strings.HasSuffix(text, ")") && len(text) < 80 {
			return true
		}
	case "schedtrace": // " idleprocs=" and those to come
		if strings.HasPrefix(text, " ") && strings.HasSuffix(text, "=") && !strings.Contains(text[1:], " ") {
			return true
		}
	}
	for _, word := range words[kind] {
		if text == word {
			return true
		}
	}
	return false
}

func isNumber(text string) bool {
	digits := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' || c == '-' || c == '+' || c == 'e':
		default:
			return false
		}
	}
	return digits > 0
}

func wholeLine(text string) string {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if !strings.Contains(text, part) {
				return false
			}
		}
		return true
	}
	switch {
	case strings.HasPrefix(text, "gc ") && has(" @", " ms clock, ", " ms cpu, ", " MB goal, ", " P"):
		return "gctrace"
	case strings.HasPrefix(text, "init ") && has(" @", " ms, ", " ms clock, ", " bytes, ", " allocs"):
		return "inittrace"
	case strings.HasPrefix(text, "SCHED ") && has("ms: gomaxprocs=", " idleprocs="):
		return "schedtrace"
	case (strings.HasPrefix(text, "  P") || strings.HasPrefix(text, "  G")) && has(": status=", " m="):
		return "scheddetail"
	case strings.HasPrefix(text, "  M") && has(": p=", " curg=", " lockedg="):
		return "scheddetail"
	case strings.HasPrefix(text, "scan: ") && has(" objs"):
		return "gcscan"
	case strings.HasPrefix(text, "scav ") && has(" KiB work", "% util"), strings.HasPrefix(text, "pacer: ") && has("heap"):
		return "other"
	}
	return ""
}

func mayBecomeLine(data []byte) bool {
	text := string(data)
	for _, b := range beginnings {
		if strings.HasPrefix(text, b.piece) || strings.HasPrefix(b.piece, text) {
			return len(data) < 4096
		}
	}
	return false
}
