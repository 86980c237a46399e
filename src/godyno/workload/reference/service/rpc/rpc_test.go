package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"godyno.example/reference/service/links"
	"godyno.example/reference/service/rpc/linkspb"
)

// dial gives a connection to a server over memory.
func dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := NewServer(links.New())
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient("passthrough:///memory",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

func TestShortenThenResolve(t *testing.T) {
	client := linkspb.NewLinksClient(dial(t))
	short, err := client.Shorten(context.Background(), &linkspb.ShortenRequest{Target: "https://go.dev/ref/spec"})
	if err != nil {
		t.Fatal(err)
	}
	link, err := client.Resolve(context.Background(), &linkspb.ResolveRequest{Name: short.GetName()})
	if err != nil || link.GetTarget() != "https://go.dev/ref/spec" || link.GetVisits() != 1 {
		t.Errorf("got %v, %v", link, err)
	}
}

func TestErrorsHaveCodes(t *testing.T) {
	client := linkspb.NewLinksClient(dial(t))
	if _, err := client.Resolve(context.Background(), &linkspb.ResolveRequest{Name: "x"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown name gives %v", err)
	}
	if _, err := client.Shorten(context.Background(), &linkspb.ShortenRequest{Target: "x"}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a bad target gives %v", err)
	}
}

func TestListStreamsAll(t *testing.T) {
	client := linkspb.NewLinksClient(dial(t))
	for _, target := range []string{"https://a.example", "https://b.example", "https://c.example"} {
		if _, err := client.Shorten(context.Background(), &linkspb.ShortenRequest{Target: target}); err != nil {
			t.Fatal(err)
		}
	}
	stream, err := client.List(context.Background(), &linkspb.ListRequest{})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for {
		_, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 3 {
		t.Errorf("%d links, want 3", count)
	}
}

func TestHealth(t *testing.T) {
	answer, err := grpc_health_v1.NewHealthClient(dial(t)).Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("got %v, %v", answer, err)
	}
}
