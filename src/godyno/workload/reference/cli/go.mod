module godyno.example/reference/cli

go 1.22
