package journal

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// An Amount is money: hundredths of a currency.
type Amount struct {
	Cents    int64
	Currency string
}

// ParseAmount reads "1,234.50" and "EUR".
func ParseAmount(number, currency string) (Amount, error) {
	if len(currency) != 3 || strings.ToUpper(currency) != currency || strings.ToLower(currency) == currency {
		return Amount{}, fmt.Errorf("%q is not a currency of three capitals", currency)
	}
	sign, digits := int64(1), number
	if rest, found := strings.CutPrefix(digits, "-"); found {
		sign, digits = -1, rest
	}
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(digits, ",", ""), ".")
	if len(fraction) > 2 {
		return Amount{}, fmt.Errorf("%q has more than two decimals", number)
	}
	units, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || units > math.MaxInt64/100-1 {
		return Amount{}, fmt.Errorf("%q is not an amount", number)
	}
	hundredths, err := strconv.ParseUint((fraction + "00")[:2], 10, 8)
	if err != nil {
		return Amount{}, fmt.Errorf("%q is not an amount", number)
	}
	return Amount{sign * (int64(units)*100 + int64(hundredths)), currency}, nil
}

// Add adds two amounts of the same currency.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency == "" {
		return b, nil
	}
	if b.Currency != "" && a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%s and %s cannot be added", a.Currency, b.Currency)
	}
	if sum := a.Cents + b.Cents; (sum > a.Cents) == (b.Cents > 0) {
		return Amount{sum, a.Currency}, nil
	}
	return Amount{}, fmt.Errorf("the sum of %s and %s is too large", a, b)
}

func (a Amount) String() string {
	sign, cents := "", a.Cents
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%s.%02d %s", sign, grouped(cents/100), cents%100, a.Currency)
}

// grouped writes a number with a comma before every third digit.
func grouped(number int64) string {
	text := strconv.FormatInt(number, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
