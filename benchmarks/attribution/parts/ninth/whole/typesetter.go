package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// setter sets a text that is marked by signs: headings, lists, quotes, code, and what is strong, slanted or leads elsewhere.
type setter struct {
	out   bytes.Buffer
	stack []string
	heads int
}

func (s *setter) closeTo(n int) {
	for len(s.stack) > n {
		fmt.Fprintf(&s.out, "</%s>\n", s.stack[len(s.stack)-1])
		s.stack = s.stack[:len(s.stack)-1]
	}
}

func (s *setter) within(tag string) {
	if len(s.stack) == 0 || s.stack[len(s.stack)-1] != tag {
		s.closeTo(0)
		fmt.Fprintf(&s.out, "<%s>\n", tag)
		s.stack = append(s.stack, tag)
	}
}

var marks = []struct{ sign, tag string }{{"**", "strong"}, {"*", "em"}, {"`", "code"}, {"~~", "del"}}

func (s *setter) inline(text string) {
next:
	for text != "" {
		for _, m := range marks {
			if !strings.HasPrefix(text, m.sign) {
				continue
			}
			if end := strings.Index(text[len(m.sign):], m.sign); end > 0 {
				within := text[len(m.sign) : len(m.sign)+end]
				s.out.WriteString("<" + m.tag + ">")
				if m.tag == "code" {
					s.out.WriteString(html.EscapeString(within))
				} else {
					s.inline(within)
				}
				s.out.WriteString("</" + m.tag + ">")
				text = text[2*len(m.sign)+end:]
				continue next
			}
		}
		if text[0] == '[' {
			if words, rest, ok := strings.Cut(text[1:], "]("); ok {
				if where, after, ok := strings.Cut(rest, ")"); ok {
					fmt.Fprintf(&s.out, `<a href="%s">`, html.EscapeString(where))
					s.inline(words)
					s.out.WriteString("</a>")
					text = after
					continue
				}
			}
		}
		end := strings.IndexAny(text[1:], "*`~[") + 1
		if end == 0 {
			end = len(text)
		}
		s.out.WriteString(html.EscapeString(text[:end]))
		text = text[end:]
	}
}

func (s *setter) line(line string) {
	level := len(line) - len(strings.TrimLeft(line, "#"))
	switch {
	case strings.TrimSpace(line) == "":
		s.closeTo(0)
	case level > 0 && level < 7 && strings.HasPrefix(line[level:], " "):
		s.closeTo(0)
		s.heads++
		fmt.Fprintf(&s.out, `<h%d id="part-%d">`, level, s.heads)
		s.inline(strings.TrimSpace(line[level:]))
		fmt.Fprintf(&s.out, "</h%d>\n", level)
	case strings.HasPrefix(line, "- "):
		s.within("ul")
		s.out.WriteString("<li>")
		s.inline(line[2:])
		s.out.WriteString("</li>\n")
	case strings.HasPrefix(line, "> "):
		s.within("blockquote")
		s.inline(line[2:])
		s.out.WriteByte('\n')
	case strings.HasPrefix(line, "    "):
		s.within("pre")
		s.out.WriteString(html.EscapeString(line[4:]) + "\n")
	default:
		s.within("p")
		s.inline(line)
		s.out.WriteByte('\n')
	}
}

// Sets a manuscript as pages, each time that it was changed.
func main() {
	t, b, s := newTask(cfg.Seed), newTally(0), &setter{}
	var lines []string
	for i := range 1500 {
		lines = append(lines, []string{
			fmt.Sprintf("## Of the **%dth** matter", i), "There was once a man, who had *three* sons & a [goose](https://sample.example/?a=1&b=2).", "",
			"- one thing, and `a < b` besides", "- another **thing, which *is* so**, and no ~~doubt~~", "> What is said is said.", "", "    for a < b { b-- }", "",
			fmt.Sprintf("As to %d, it may be 2 * 3 or not; who knows?", i),
		}[i%10])
	}
	for n := 0; !over(); n++ {
		v := t.step()
		lines[n*10%len(lines)] = fmt.Sprintf("## Of the **%x**", v)
		s.out.Reset()
		s.heads = 0
		for _, line := range lines {
			s.line(line)
		}
		s.closeTo(0)
		b.sum += v + uint64(s.out.Len())
		b.passes[0]++
	}
	finish(b, 1)
}
