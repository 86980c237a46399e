package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"godyno.example/reference/service/links"
)

func ask(handler http.Handler, method, path, body string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader(body)))
	return answer
}

func TestHealthz(t *testing.T) {
	if got := ask(New(links.New()), "GET", "/healthz", ""); got.Code != http.StatusOK {
		t.Errorf("status %d: %s", got.Code, got.Body)
	}
}

func TestShortenThenFollow(t *testing.T) {
	handler := New(links.New())
	made := ask(handler, "POST", "/links", `{"target": "https://go.dev/tour"}`)
	var short link
	if err := json.Unmarshal(made.Body.Bytes(), &short); err != nil || made.Code != http.StatusCreated {
		t.Fatalf("status %d: %s", made.Code, made.Body)
	}
	followed := ask(handler, "GET", "/to/"+short.Name, "")
	if followed.Code != http.StatusFound || followed.Header().Get("Location") != "https://go.dev/tour" {
		t.Errorf("status %d, to %q", followed.Code, followed.Header().Get("Location"))
	}
}

func TestBadRequests(t *testing.T) {
	handler := New(links.New())
	for _, body := range []string{"", "{}", "[]", `{"target": "ftp://x"}`} {
		if got := ask(handler, "POST", "/links", body); got.Code != http.StatusBadRequest {
			t.Errorf("%q gives status %d", body, got.Code)
		}
	}
}

func TestUnknownName(t *testing.T) {
	if got := ask(New(links.New()), "GET", "/to/nothing", ""); got.Code != http.StatusNotFound {
		t.Errorf("status %d", got.Code)
	}
}

func TestListIsNeverNull(t *testing.T) {
	if got := ask(New(links.New()), "GET", "/links", ""); strings.TrimSpace(got.Body.String()) != "[]" {
		t.Errorf("got %s", got.Body)
	}
}
