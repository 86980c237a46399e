// Package links keeps short names for long links, in memory.
package links

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"sort"
	"strings"
	"sync"
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("no such link")
	ErrInvalid  = errors.New("not an absolute http or https link")
)

// A Link is a target, its short name and how often it was followed.
type Link struct {
	Name   string
	Target string
	Visits int64
}

// A Store is safe for concurrent use.
type Store struct {
	mu    sync.RWMutex
	links map[string]*Link
}

// New gives an empty store.
func New() *Store { return &Store{links: map[string]*Link{}} }

// Shorten stores target and gives its link; the same target always has the same name.
func (s *Store) Shorten(target string) (Link, error) {
	parsed, err := url.Parse(target)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return Link{}, fmt.Errorf("%q: %w", target, ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	digest := sha256.Sum256([]byte(target))
	full := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(digest[:]))
	for length := 6; length <= len(full); length++ {
		name := full[:length]
		known, taken := s.links[name]
		if !taken {
			known = &Link{Name: name, Target: target}
			s.links[name] = known
		}
		if known.Target == target {
			return *known, nil
		}
	}
	return Link{}, fmt.Errorf("%q: every name is taken", target)
}

// Resolve gives the link of a name and counts the visit.
func (s *Store) Resolve(name string) (Link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	link, found := s.links[name]
	if !found {
		return Link{}, fmt.Errorf("%q: %w", name, ErrNotFound)
	}
	link.Visits++
	return *link, nil
}

// All gives every link in order of its name.
func (s *Store) All() []Link {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]Link, 0, len(s.links))
	for _, link := range s.links {
		all = append(all, *link)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}
