// Package journal reads a plain-text journal of money:
//
//	2024-02-29 food      -12.50 EUR  bread and cheese
//	2024-03-01 salary  2,400.00 EUR
//
// A line that starts with # is a comment. Nothing is rounded: an amount is a whole number of hundredths.
package journal

import (
	"bufio"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

// An Entry is one line of a journal.
type Entry struct {
	Day     time.Time
	Account string
	Amount  Amount
	Note    string
}

// A Book is the entries of one or more journals.
type Book struct {
	Entries []Entry
}

// A SyntaxError says where a journal cannot be read, and why.
type SyntaxError struct {
	Source string
	Line   int
	Err    error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Source, e.Line, e.Err) }

// Unwrap gives the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads a whole journal; source names it in errors.
func Parse(source string, in io.Reader) (Book, error) {
	var book Book
	lines := bufio.NewScanner(in)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		entry, err := ParseEntry(line)
		if err != nil {
			return book, &SyntaxError{source, number, err}
		}
		book.Entries = append(book.Entries, entry)
	}
	return book, lines.Err()
}

// ParseEntry reads one line.
func ParseEntry(line string) (Entry, error) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return Entry{}, fmt.Errorf("an entry has a date, an account, an amount and a currency, this has %d fields", len(fields))
	}
	day, err := ParseDate(fields[0])
	if err != nil {
		return Entry{}, err
	}
	amount, err := ParseAmount(fields[2], fields[3])
	if err != nil {
		return Entry{}, err
	}
	return Entry{Day: day, Account: fields[1], Amount: amount, Note: strings.Join(fields[4:], " ")}, nil
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date like 2024-02-29", text)
	}
	return day, nil
}

// Between keeps the entries from from to to, both included; a zero time is no bound.
func (b Book) Between(from, to time.Time) Book {
	var kept Book
	for _, entry := range b.Entries {
		if !from.IsZero() && entry.Day.Before(from) || !to.IsZero() && entry.Day.After(to) {
			continue
		}
		kept.Entries = append(kept.Entries, entry)
	}
	return kept
}

// Accounts lists every account once, in order.
func (b Book) Accounts() []string {
	seen := map[string]bool{}
	for _, entry := range b.Entries {
		seen[entry.Account] = true
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
