package main

import (
	"fmt"
	"net/smtp"
)

// Takes letters to the post office, one by one.
type unit struct {
	to *smtp.Client
	n  int
}

func newUnit() *unit {
	to, err := smtp.Dial(cfg.Hosts[22])
	check(err)
	check(to.Hello("here"))
	return &unit{to: to}
}

func (u *unit) send(from, to, text string) error {
	if err := u.to.Mail(from); err != nil {
		return err
	}
	if err := u.to.Rcpt(to); err != nil {
		return err
	}
	w, err := u.to.Data()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "Subject: the %dth\r\n\r\n%s\r\n", u.n, text); err != nil {
		return err
	}
	return w.Close()
}

func (u *unit) pass() {
	u.n++
	check(u.send("one@sample.example", "other@sample.example", "All is well here. How is it there?"))
}

func (u *unit) end() { u.to.Quit() }
