module godyno.example/alignment

go 1.26
