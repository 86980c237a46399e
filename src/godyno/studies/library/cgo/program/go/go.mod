module godyno.example/cgocost

go 1.21
