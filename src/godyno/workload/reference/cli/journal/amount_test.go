package journal

import (
	"math"
	"testing"
)

func mustAmount(t *testing.T, number string) Amount {
	t.Helper()
	amount, err := ParseAmount(number, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	return amount
}

func wantCents(t *testing.T, number string, cents int64) {
	t.Helper()
	if got := mustAmount(t, number); got.Cents != cents {
		t.Errorf("ParseAmount(%q) = %d hundredths, want %d", number, got.Cents, cents)
	}
}

func wantNoAmount(t *testing.T, number, currency string) {
	t.Helper()
	if got, err := ParseAmount(number, currency); err == nil {
		t.Errorf("ParseAmount(%q, %q) = %v, want an error", number, currency, got)
	}
}

func TestAmountWithDecimals(t *testing.T)    { wantCents(t, "12.50", 1250) }
func TestAmountWithOneDecimal(t *testing.T)  { wantCents(t, "12.5", 1250) }
func TestAmountWithoutDecimals(t *testing.T) { wantCents(t, "12", 1200) }
func TestAmountWithThousands(t *testing.T)   { wantCents(t, "1,234,567.89", 123456789) }
func TestAmountBelowZero(t *testing.T)       { wantCents(t, "-0.01", -1) }
func TestAmountZero(t *testing.T)            { wantCents(t, "0.00", 0) }
func TestAmountThreeDecimals(t *testing.T)   { wantNoAmount(t, "1.234", "EUR") }
func TestAmountWord(t *testing.T)            { wantNoAmount(t, "twelve", "EUR") }
func TestAmountTwoSigns(t *testing.T)        { wantNoAmount(t, "--1", "EUR") }
func TestAmountTooLarge(t *testing.T)        { wantNoAmount(t, "99999999999999999999", "EUR") }
func TestAmountBadDecimals(t *testing.T)     { wantNoAmount(t, "1.x", "EUR") }
func TestCurrencySmall(t *testing.T)         { wantNoAmount(t, "1", "eur") }
func TestCurrencyLong(t *testing.T)          { wantNoAmount(t, "1", "EURO") }
func TestCurrencyDigits(t *testing.T)        { wantNoAmount(t, "1", "123") }

func TestAddSameCurrency(t *testing.T) {
	sum, err := mustAmount(t, "1.10").Add(mustAmount(t, "-2.20"))
	if err != nil || sum.Cents != -110 {
		t.Errorf("1.10 - 2.20 = %v, %v", sum, err)
	}
}

func TestAddToNothing(t *testing.T) {
	sum, err := Amount{}.Add(mustAmount(t, "5"))
	if err != nil || sum.Cents != 500 || sum.Currency != "EUR" {
		t.Errorf("0 + 5 EUR = %v, %v", sum, err)
	}
}

func TestAddOtherCurrency(t *testing.T) {
	if sum, err := mustAmount(t, "1").Add(Amount{100, "CHF"}); err == nil {
		t.Errorf("1 EUR + 1 CHF = %v, want an error", sum)
	}
}

func TestAddOverflow(t *testing.T) {
	if sum, err := (Amount{math.MaxInt64, "EUR"}).Add(Amount{1, "EUR"}); err == nil {
		t.Errorf("the largest amount and one hundredth = %v, want an error", sum)
	}
}

func TestAmountString(t *testing.T) {
	for cents, want := range map[int64]string{
		0: "0.00 EUR", 5: "0.05 EUR", -5: "-0.05 EUR", 123456: "1,234.56 EUR", 100000000: "1,000,000.00 EUR",
	} {
		if got := (Amount{cents, "EUR"}).String(); got != want {
			t.Errorf("%d hundredths are written %q, want %q", cents, got, want)
		}
	}
}

func TestAmountRoundTrip(t *testing.T) {
	for cents := int64(-100000); cents <= 100000; cents += 37 {
		amount := Amount{cents, "EUR"}
		text := amount.String()
		again := mustAmount(t, text[:len(text)-4])
		if again != amount {
			t.Fatalf("%v is read back as %v", amount, again)
		}
	}
}
