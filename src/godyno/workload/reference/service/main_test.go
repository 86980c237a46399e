package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
)

func TestServeUntilTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, "127.0.0.1:0", "127.0.0.1:0", writer) }()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var httpAddress, grpcAddress string
	if _, err := fmt.Sscanf(line, "ready http=%s grpc=%s", &httpAddress, &grpcAddress); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	answer, err := http.Get("http://" + httpAddress + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

func TestServeOnATakenAddress(t *testing.T) {
	if err := serve(context.Background(), "256.0.0.1:0", "127.0.0.1:0", io.Discard); err == nil {
		t.Error("an impossible address is accepted")
	}
}
