module godyno.example/quota

go 1.25
