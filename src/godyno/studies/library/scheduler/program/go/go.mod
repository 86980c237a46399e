module godyno.example/schedcost

go 1.21
