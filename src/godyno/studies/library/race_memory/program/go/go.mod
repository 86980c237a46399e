module godyno.example/racememory

go 1.21
