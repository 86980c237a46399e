// Command links serves short links over HTTP (gin) and gRPC.
//
//	links [-http ADDRESS] [-grpc ADDRESS]
//
// It is a workload of godyno: a small, ordinary service with real dependencies. Once both listeners are open it writes
// one line to standard output, "ready http=ADDRESS grpc=ADDRESS", and it ends cleanly on SIGINT or SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"godyno.example/reference/service/links"
	"godyno.example/reference/service/rpc"
	"godyno.example/reference/service/web"
)

func main() {
	httpAddress := flag.String("http", "127.0.0.1:0", "`address` to serve HTTP on")
	grpcAddress := flag.String("grpc", "127.0.0.1:0", "`address` to serve gRPC on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *httpAddress, *grpcAddress, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "links:", err)
		os.Exit(1)
	}
}

// serve listens on both addresses until ctx ends.
func serve(ctx context.Context, httpAddress, grpcAddress string, out io.Writer) error {
	httpListener, err := net.Listen("tcp", httpAddress)
	if err != nil {
		return err
	}
	grpcListener, err := net.Listen("tcp", grpcAddress)
	if err != nil {
		httpListener.Close()
		return err
	}
	store := links.New()
	httpServer := &http.Server{Handler: web.New(store), ReadHeaderTimeout: 5 * time.Second}
	grpcServer := rpc.NewServer(store)
	ended := make(chan error, 2)
	go func() { ended <- httpServer.Serve(httpListener) }()
	go func() { ended <- grpcServer.Serve(grpcListener) }()
	fmt.Fprintf(out, "ready http=%s grpc=%s\n", httpListener.Addr(), grpcListener.Addr())
	select {
	case <-ctx.Done():
	case err = <-ended:
	}
	grpcServer.Stop()
	shutdown, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, httpServer.Shutdown(shutdown))
}
