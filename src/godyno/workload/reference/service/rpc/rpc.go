// Package rpc serves a store of links over gRPC, with the standard health service beside it.
package rpc

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"godyno.example/reference/service/links"
	"godyno.example/reference/service/rpc/linkspb"
)

type server struct {
	linkspb.UnimplementedLinksServer
	store *links.Store
}

// NewServer gives a gRPC server over store whose health service says SERVING.
func NewServer(store *links.Store) *grpc.Server {
	grpcServer := grpc.NewServer()
	linkspb.RegisterLinksServer(grpcServer, &server{store: store})
	healthServer := health.NewServer()
	healthServer.SetServingStatus("", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(grpcServer, healthServer)
	return grpcServer
}

func (s *server) Shorten(_ context.Context, request *linkspb.ShortenRequest) (*linkspb.Link, error) {
	link, err := s.store.Shorten(request.GetTarget())
	return message(link), statusOf(err)
}

func (s *server) Resolve(_ context.Context, request *linkspb.ResolveRequest) (*linkspb.Link, error) {
	link, err := s.store.Resolve(request.GetName())
	return message(link), statusOf(err)
}

func (s *server) List(_ *linkspb.ListRequest, stream grpc.ServerStreamingServer[linkspb.Link]) error {
	for _, link := range s.store.All() {
		if err := stream.Send(message(link)); err != nil {
			return err
		}
	}
	return nil
}

func message(link links.Link) *linkspb.Link {
	return &linkspb.Link{Name: link.Name, Target: link.Target, Visits: link.Visits}
}

func statusOf(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, links.ErrNotFound):
		return status.Error(codes.NotFound, err.Error())
	case errors.Is(err, links.ErrInvalid):
		return status.Error(codes.InvalidArgument, err.Error())
	}
	return status.Error(codes.Internal, err.Error())
}
