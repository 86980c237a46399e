module godyno.example/parallelism

go 1.21
