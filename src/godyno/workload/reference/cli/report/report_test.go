package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"godyno.example/reference/cli/journal"
)

const sample = `2024-02-29 food -12.50 EUR
2024-03-01 salary 2,400.00 EUR
2024-03-02 food -8.00 CHF
2024-03-09 food -7.50 EUR
`

func book(t *testing.T, text string) journal.Book {
	t.Helper()
	parsed, err := journal.Parse("sample", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestByAccountRows(t *testing.T) {
	if got := len(ByAccount(book(t, sample)).Rows); got != 3 {
		t.Errorf("%d rows, want food in two currencies and salary", got)
	}
}

func TestByAccountSum(t *testing.T) {
	row := ByAccount(book(t, sample)).Rows[1]
	if row.Name != "food" || row.Currency != "EUR" || row.Cents != -2000 || row.Entries != 2 {
		t.Errorf("got %+v", row)
	}
}

func TestByMonthNames(t *testing.T) {
	rows := ByMonth(book(t, sample)).Rows
	if rows[0].Name != "2024-02" || rows[len(rows)-1].Name != "2024-03" {
		t.Errorf("months are %+v", rows)
	}
}

func TestRowsAreInOrder(t *testing.T) {
	rows := ByAccount(book(t, "2024-01-01 z 1 EUR\n2024-01-01 a 1 EUR\n2024-01-01 m 1 EUR\n")).Rows
	if rows[0].Name != "a" || rows[1].Name != "m" || rows[2].Name != "z" {
		t.Errorf("rows are %+v", rows)
	}
}

func TestSharesAddUp(t *testing.T) {
	sum := 0.0
	for _, row := range ByAccount(book(t, sample)).Rows {
		if row.Currency == "EUR" {
			sum += row.Share
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("shares add up to %v", sum)
	}
}

func TestShareOfNothing(t *testing.T) {
	if row := ByAccount(book(t, "2024-01-01 a 0 EUR\n")).Rows[0]; row.Share != 0 {
		t.Errorf("the share of zero is %v", row.Share)
	}
}

func TestEmptyBook(t *testing.T) {
	if got := ByMonth(journal.Book{}); len(got.Rows) != 0 || got.Title != "month" {
		t.Errorf("got %+v", got)
	}
}

func TestTotal(t *testing.T) {
	if got := ByAccount(book(t, sample)).Total("EUR").String(); got != "2,380.00 EUR" {
		t.Errorf("the total is %s", got)
	}
}

func TestTotalIsTheSameByMonth(t *testing.T) {
	parsed := book(t, sample)
	if a, b := ByAccount(parsed).Total("EUR"), ByMonth(parsed).Total("EUR"); a != b {
		t.Errorf("%v by account, %v by month", a, b)
	}
}

func TestOverflowIsAProblem(t *testing.T) {
	text := strings.Repeat("2024-01-01 a 92233720368547756.00 EUR\n", 2)
	if got := ByAccount(book(t, text)); len(got.Problems) != 1 || got.Rows[0].Entries != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestTableIsAligned(t *testing.T) {
	var out bytes.Buffer
	if err := ByAccount(book(t, sample)).WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	for _, line := range lines[1:] {
		if len(line) != len(lines[0]) {
			t.Errorf("lines differ in length:\n%s", out.String())
			break
		}
	}
}

func TestTableNamesProblems(t *testing.T) {
	var out bytes.Buffer
	if err := (Summary{Title: "account", Problems: []string{"too large"}}).WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "! too large") {
		t.Errorf("got %q", out.String())
	}
}

func TestJSONRoundTrip(t *testing.T) {
	var out bytes.Buffer
	summary := ByAccount(book(t, sample))
	if err := summary.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var again Summary
	if err := json.Unmarshal(out.Bytes(), &again); err != nil || len(again.Rows) != len(summary.Rows) {
		t.Errorf("read back as %+v, %v", again, err)
	}
}
