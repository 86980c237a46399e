module godyno.example/connections

go 1.22
