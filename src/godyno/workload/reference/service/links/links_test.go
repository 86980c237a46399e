package links

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestTheSameTargetHasTheSameName(t *testing.T) {
	store := New()
	first, err := store.Shorten("https://go.dev/doc")
	if err != nil {
		t.Fatal(err)
	}
	again, err := store.Shorten("https://go.dev/doc")
	if err != nil || again.Name != first.Name || len(store.All()) != 1 {
		t.Errorf("first %+v, then %+v (%v)", first, again, err)
	}
}

func TestTargetsThatAreNotLinks(t *testing.T) {
	for _, target := range []string{"", "go.dev", "ftp://go.dev", "https://", "javascript:alert(1)", "http://%zz"} {
		if link, err := New().Shorten(target); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q gives %+v, %v", target, link, err)
		}
	}
}

func TestResolveCountsVisits(t *testing.T) {
	store := New()
	link, _ := store.Shorten("https://go.dev")
	store.Resolve(link.Name)
	if got, err := store.Resolve(link.Name); err != nil || got.Visits != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestResolveUnknown(t *testing.T) {
	if _, err := New().Resolve("nothing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the error is %v", err)
	}
}

func TestAllIsInOrder(t *testing.T) {
	store := New()
	for i := range 100 {
		store.Shorten(fmt.Sprintf("https://go.dev/%d", i))
	}
	all := store.All()
	for i := 1; i < len(all); i++ {
		if all[i-1].Name >= all[i].Name {
			t.Fatalf("%q comes before %q", all[i-1].Name, all[i].Name)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	store := New()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range 200 {
				link, err := store.Shorten(fmt.Sprintf("https://go.dev/%d/%d", worker%4, i))
				if err != nil {
					t.Error(err)
					return
				}
				store.Resolve(link.Name)
			}
		}()
	}
	group.Wait()
	visits := int64(0)
	for _, link := range store.All() {
		visits += link.Visits
	}
	if len(store.All()) != 800 || visits != 1600 {
		t.Errorf("%d links, %d visits", len(store.All()), visits)
	}
}
