// Command ledger adds up a plain-text journal of money.
//
//	ledger [-by month|account] [-json] [-from DATE] [-to DATE] [FILE...]
//
// It is a workload of godyno: a small, ordinary command line program of three packages and fifty tests, without
// dependencies, whose go.mod pins the language version so that it behaves alike under every toolchain.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"godyno.example/reference/cli/journal"
	"godyno.example/reference/cli/report"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process: arguments and streams in, exit code out.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	options, files, err := parseArguments(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2
	}
	book, err := readAll(files, stdin)
	if err != nil {
		fmt.Fprintln(stderr, "ledger:", err)
		return 1
	}
	book = book.Between(options.from, options.to)
	if err := write(stdout, book, options); err != nil {
		fmt.Fprintln(stderr, "ledger:", err)
		return 1
	}
	return 0
}

type options struct {
	by       string
	asJSON   bool
	from, to time.Time
}

func parseArguments(args []string, stderr io.Writer) (options, []string, error) {
	var parsed options
	var from, to string
	flags := flag.NewFlagSet("ledger", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&parsed.by, "by", "account", "what to add up by: account or month")
	flags.BoolVar(&parsed.asJSON, "json", false, "write JSON instead of a table")
	flags.StringVar(&from, "from", "", "leave out entries before this `date`")
	flags.StringVar(&to, "to", "", "leave out entries after this `date`")
	if err := flags.Parse(args); err != nil {
		return parsed, nil, err
	}
	if parsed.by != "account" && parsed.by != "month" {
		err := fmt.Errorf("-by is account or month, not %q", parsed.by)
		fmt.Fprintln(stderr, "ledger:", err)
		return parsed, nil, err
	}
	for text, at := range map[string]*time.Time{from: &parsed.from, to: &parsed.to} {
		if text == "" {
			continue
		}
		day, err := journal.ParseDate(text)
		if err != nil {
			fmt.Fprintln(stderr, "ledger:", err)
			return parsed, nil, err
		}
		*at = day
	}
	return parsed, flags.Args(), nil
}

func readAll(files []string, stdin io.Reader) (journal.Book, error) {
	if len(files) == 0 {
		return journal.Parse("standard input", stdin)
	}
	var all journal.Book
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return all, err
		}
		book, err := journal.Parse(name, file)
		file.Close()
		if err != nil {
			return all, err
		}
		all.Entries = append(all.Entries, book.Entries...)
	}
	return all, nil
}

func write(out io.Writer, book journal.Book, options options) error {
	summary := report.ByAccount(book)
	if options.by == "month" {
		summary = report.ByMonth(book)
	}
	if options.asJSON {
		return summary.WriteJSON(out)
	}
	return summary.WriteTable(out)
}
