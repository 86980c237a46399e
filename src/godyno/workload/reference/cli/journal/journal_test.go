package journal

import (
	"bufio"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

const sample = `# two months
2024-02-29 food      -12.50 EUR  bread and cheese
2024-03-01 salary  2,400.00 EUR

2024-03-02 food       -8.00 CHF
`

func mustParse(t *testing.T, text string) Book {
	t.Helper()
	book, err := Parse("sample", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestParseCountsEntries(t *testing.T) {
	if got := len(mustParse(t, sample).Entries); got != 3 {
		t.Errorf("%d entries, want 3", got)
	}
}

func TestParseEntryFields(t *testing.T) {
	want := Entry{day(t, "2024-02-29"), "food", Amount{-1250, "EUR"}, "bread and cheese"}
	if got := mustParse(t, sample).Entries[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParseEmpty(t *testing.T) {
	if got := mustParse(t, ""); len(got.Entries) != 0 {
		t.Errorf("an empty journal has %d entries", len(got.Entries))
	}
}

func TestParseNamesTheLine(t *testing.T) {
	_, err := Parse("book.txt", strings.NewReader("# fine\n2024-13-01 food 1 EUR\n"))
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 2 || !strings.HasPrefix(err.Error(), "book.txt:2: ") {
		t.Errorf("the error is %v", err)
	}
}

func TestParseTooFewFields(t *testing.T) {
	if _, err := ParseEntry("2024-01-01 food 12"); err == nil {
		t.Error("an entry without currency is accepted")
	}
}

func TestParseLongLine(t *testing.T) {
	_, err := Parse("long", strings.NewReader(strings.Repeat("x", bufio.MaxScanTokenSize+1)))
	if !errors.Is(err, bufio.ErrTooLong) {
		t.Errorf("the error is %v", err)
	}
}

func TestDateLeapDay(t *testing.T) {
	if _, err := ParseDate("2023-02-29"); err == nil {
		t.Error("29 February 2023 is accepted")
	}
}

func TestDateOrder(t *testing.T) {
	if _, err := ParseDate("29-02-2024"); err == nil {
		t.Error("a date that starts with its day is accepted")
	}
}

func TestBetweenKeepsBounds(t *testing.T) {
	got := mustParse(t, sample).Between(day(t, "2024-02-29"), day(t, "2024-03-01"))
	if len(got.Entries) != 2 {
		t.Errorf("%d entries, want 2", len(got.Entries))
	}
}

func TestBetweenWithoutBounds(t *testing.T) {
	if got := mustParse(t, sample).Between(time.Time{}, time.Time{}); len(got.Entries) != 3 {
		t.Errorf("%d entries, want 3", len(got.Entries))
	}
}

func TestAccountsOnceInOrder(t *testing.T) {
	if got := mustParse(t, sample).Accounts(); !reflect.DeepEqual(got, []string{"food", "salary"}) {
		t.Errorf("accounts are %v", got)
	}
}

func TestManyEntries(t *testing.T) {
	var text strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&text, "2024-01-%02d account%d %d.%02d EUR\n", i%28+1, i%97, i, i%100)
	}
	if got := len(mustParse(t, text.String()).Accounts()); got != 97 {
		t.Errorf("%d accounts, want 97", got)
	}
}
