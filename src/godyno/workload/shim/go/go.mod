module godyno/shim

go 1.21
