package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

type speech struct {
	known map[string]int
	t     *task
	b     *tally
}

var orders = map[string]func(s *speech, name string, n int) string{
	"let": func(s *speech, name string, n int) string { s.known[name] = n; return "" },
	"add": func(s *speech, name string, n int) string { s.known[name] += n; return "" },
	"mul": func(s *speech, name string, n int) string { s.known[name] *= n % 7; return "" },
	"work": func(s *speech, name string, n int) string {
		for range 4 + n%5 {
			s.b.sum += s.t.step()
		}
		return ""
	},
	"show": func(s *speech, name string, n int) string { return fmt.Sprintf("%s = %d", name, s.known[name]) },
}

// Does what is said to it, line by line, until somebody says good bye.
func main() {
	file, err := os.Open(cfg.Hosts[27])
	check(err)
	defer file.Close()
	s := &speech{map[string]int{}, newTask(cfg.Seed), newTally(0)}
	out := bufio.NewWriter(os.Stdout)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		said := strings.Fields(lines.Text())
		if len(said) == 1 && said[0] == "bye" {
			break
		}
		if len(said) != 3 || orders[said[0]] == nil {
			fmt.Fprintln(out, "?")
			continue
		}
		n, _ := strconv.Atoi(said[2])
		if told := orders[said[0]](s, said[1], n); told != "" {
			fmt.Fprintln(out, told)
			out.Flush()
		}
		s.b.sum += s.t.step()
		s.b.passes[0]++
	}
	out.Flush()
	finish(s.b, 1)
}
