module godyno.example/launch

go 1.21
