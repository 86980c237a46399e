package main

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

type purse struct {
	conn net.Conn
	r    *bufio.Reader
	ill  bool
}

func (p *purse) say(format string, words ...any) (string, error) {
	if _, err := fmt.Fprintf(p.conn, format+"\n", words...); err != nil {
		p.ill = true
		return "", driver.ErrBadConn
	}
	return p.r.ReadString('\n')
}

func (p *purse) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not here") }
func (p *purse) Close() error                        { return p.conn.Close() }
func (p *purse) Begin() (driver.Tx, error)           { _, err := p.say("begin"); return p, err }
func (p *purse) Commit() error                       { _, err := p.say("commit"); return err }
func (p *purse) Rollback() error                     { _, err := p.say("rollback"); return err }
func (p *purse) Ping(context.Context) error          { _, err := p.say("ping"); return err }
func (p *purse) IsValid() bool                       { return !p.ill }

func (p *purse) ExecContext(_ context.Context, text string, values []driver.NamedValue) (driver.Result, error) {
	_, err := p.say("%s %v", text, values[0].Value)
	return driver.RowsAffected(1), err
}

func (p *purse) QueryContext(_ context.Context, text string, values []driver.NamedValue) (driver.Rows, error) {
	line, err := p.say("%s %v", text, values[0].Value)
	return &lines{left: []string{line}}, err
}

type lines struct{ left []string }

func (l *lines) Columns() []string { return []string{"line"} }
func (l *lines) Close() error      { return nil }
func (l *lines) Next(to []driver.Value) error {
	if len(l.left) == 0 {
		return io.EOF
	}
	to[0], l.left = l.left[0], l.left[1:]
	return nil
}

type bank struct{ at string }

func (bank) Driver() driver.Driver { return nil }
func (k bank) Connect(ctx context.Context) (driver.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", k.at)
	if err != nil {
		return nil, err
	}
	return &purse{conn: conn, r: bufio.NewReader(conn)}, nil
}

func pay(ctx context.Context, db *sql.DB, what int) (size int, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	var line string
	if err := tx.QueryRowContext(ctx, "select owed where id =", what).Scan(&line); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, "update paid where id =", what); err != nil {
		return 0, err
	}
	return len(line), tx.Commit()
}

// Pays what falls due, and sees that the purses are still there.
func main() {
	ctx := context.Background()
	db := sql.OpenDB(bank{cfg.Hosts[28]})
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(3)
	db.SetConnMaxLifetime(500 * time.Millisecond)
	t, b := newTask(cfg.Seed), newTally(0)
	due, look := time.NewTicker(36*time.Millisecond), time.NewTicker(110*time.Millisecond)
	for !over() {
		select {
		case <-due.C:
			size, err := pay(ctx, db, b.passes[0])
			check(err)
			for range 3 {
				b.sum += t.step() + uint64(size)
			}
			b.passes[0]++
		case <-look.C:
			check(db.PingContext(ctx))
		}
	}
	check(db.Close())
	finish(b, 1)
}
