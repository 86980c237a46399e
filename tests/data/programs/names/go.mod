module godyno.test/names

go 1.21
