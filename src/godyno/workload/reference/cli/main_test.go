package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const sample = "2024-02-29 food -12.50 EUR bread\n2024-03-01 salary 2,400.00 EUR\n"

// ledger runs the program on standard input and gives what it wrote and its exit code.
func ledger(stdin string, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

func TestSumsByAccount(t *testing.T) {
	out, _, code := ledger(sample)
	if code != 0 || !strings.Contains(out, "-12.50 EUR") || !strings.Contains(out, "2,400.00 EUR") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestSumsByMonth(t *testing.T) {
	if out, _, code := ledger(sample, "-by", "month"); code != 0 || !strings.Contains(out, "2024-03") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestBounds(t *testing.T) {
	if out, _, _ := ledger(sample, "-from", "2024-03-01", "-to", "2024-03-31"); strings.Contains(out, "food") {
		t.Errorf("February is still there:\n%s", out)
	}
}

func TestBadBy(t *testing.T) {
	if _, errs, code := ledger(sample, "-by", "week"); code != 2 || !strings.Contains(errs, `"week"`) {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "book")
	if err := os.WriteFile(name, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, code := ledger("", "-json", name, name); code != 0 || !strings.Contains(out, `"cents": 480000`) {
		t.Errorf("exit %d:\n%s", code, out)
	}
}
