package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"time"
)

var errNot = errors.New("not here")

// gate is a driver for those who go through it; what is asked behind it is known without asking.
type gate struct{ at string }

func (g gate) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: -1}).DialContext(ctx, "tcp", g.at)
	return path{c}, err
}

func (g gate) Driver() driver.Driver          { return g }
func (gate) Open(string) (driver.Conn, error) { return nil, errNot }

type path struct{ net.Conn }

func (path) Prepare(string) (driver.Stmt, error) { return nil, errNot }
func (path) Begin() (driver.Tx, error)           { return nil, errNot }
func (path) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	return &beds{of: args[0].Value.(int64), left: 3}, nil
}

type beds struct {
	of   int64
	left int
}

func (*beds) Columns() []string { return []string{"bed", "roses"} }
func (*beds) Close() error      { return nil }
func (b *beds) Next(to []driver.Value) error {
	if b.left == 0 {
		return io.EOF
	}
	b.left--
	to[0], to[1] = b.of, int64(b.left)*7
	return nil
}

// Counts the roses of one garden after the other.
type unit struct {
	gardens *sql.DB
	n, sum  int
}

func newUnit() *unit {
	u := &unit{gardens: sql.OpenDB(gate{cfg.Hosts[1]})}
	u.gardens.SetMaxIdleConns(-1)
	return u
}

func (u *unit) roses(garden int) (sum int, err error) {
	rows, err := u.gardens.Query("select bed, roses from beds where garden = ?", garden)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var bed, roses int
		if err := rows.Scan(&bed, &roses); err != nil {
			return 0, err
		}
		sum += roses + bed
	}
	return sum, rows.Err()
}

func (u *unit) pass() {
	u.n++
	sum, err := u.roses(u.n)
	check(err)
	u.sum += sum
}

func (u *unit) end() { u.gardens.Close() }
