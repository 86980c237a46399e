module godyno.example/levels

go 1.21
