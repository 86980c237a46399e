// Package report adds up a journal and writes the sums as a table or as JSON.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"text/tabwriter"
	"time"

	"godyno.example/reference/cli/journal"
)

// A Row is one sum.
type Row struct {
	Name     string  `json:"name"`
	Currency string  `json:"currency"`
	Cents    int64   `json:"cents"`
	Entries  int     `json:"entries"`
	Share    float64 `json:"share"` // of all that was spent or earned in this currency; 0 to 1
}

// A Summary is sums in order. Problems are entries that could not be added.
type Summary struct {
	Title    string   `json:"title"`
	Rows     []Row    `json:"rows"`
	Problems []string `json:"problems,omitempty"`
}

// ByAccount adds up by account and currency.
func ByAccount(book journal.Book) Summary {
	return summarize("account", book, func(entry journal.Entry) string { return entry.Account })
}

// ByMonth adds up by month and currency.
func ByMonth(book journal.Book) Summary {
	return summarize("month", book, func(entry journal.Entry) string { return entry.Day.Format("2006-01") })
}

func summarize(title string, book journal.Book, name func(journal.Entry) string) Summary {
	type key struct{ name, currency string }
	sums, counts, turnover := map[key]journal.Amount{}, map[key]int{}, map[string]float64{}
	summary := Summary{Title: title}
	for _, entry := range book.Entries {
		at := key{name(entry), entry.Amount.Currency}
		sum, err := sums[at].Add(entry.Amount)
		if err != nil {
			summary.Problems = append(summary.Problems, fmt.Sprintf("%s %s: %v", entry.Day.Format(time.DateOnly), entry.Account, err))
			continue
		}
		sums[at], counts[at] = sum, counts[at]+1
	}
	for at, sum := range sums {
		turnover[at.currency] += magnitude(sum.Cents)
	}
	for at, sum := range sums {
		row := Row{Name: at.name, Currency: at.currency, Cents: sum.Cents, Entries: counts[at]}
		if all := turnover[at.currency]; all > 0 {
			row.Share = magnitude(sum.Cents) / all
		}
		summary.Rows = append(summary.Rows, row)
	}
	sort.Slice(summary.Rows, func(i, j int) bool {
		a, b := summary.Rows[i], summary.Rows[j]
		return a.Name < b.Name || a.Name == b.Name && a.Currency < b.Currency
	})
	return summary
}

func magnitude(cents int64) float64 {
	if cents < 0 {
		return -float64(cents)
	}
	return float64(cents)
}

// Total is the sum of all rows in one currency.
func (s Summary) Total(currency string) journal.Amount {
	total := journal.Amount{Currency: currency}
	for _, row := range s.Rows {
		if row.Currency == currency {
			total.Cents += row.Cents
		}
	}
	return total
}

// WriteTable writes aligned columns.
func (s Summary) WriteTable(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "%s\tentries\tsum\tshare\t\n", s.Title)
	for _, row := range s.Rows {
		fmt.Fprintf(table, "%s\t%d\t%s\t%.0f %%\t\n", row.Name, row.Entries, journal.Amount{Cents: row.Cents, Currency: row.Currency}, row.Share*100)
	}
	for _, problem := range s.Problems {
		fmt.Fprintf(table, "! %s\n", problem)
	}
	return table.Flush()
}

// WriteJSON writes one object.
func (s Summary) WriteJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}
