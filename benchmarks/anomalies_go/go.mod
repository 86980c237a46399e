module godyno.example/anomalies

go 1.24
