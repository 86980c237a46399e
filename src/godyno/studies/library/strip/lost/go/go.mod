module godyno.example/lost

go 1.21
