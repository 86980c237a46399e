package main

// Whoever holds the slate works on it for a while and hands it on.
func main() {
	t, parts := newTask(cfg.Seed), newParts()
	b := newTally(len(parts))
	done := make(chan bool)
	places := []chan int{make(chan int), make(chan int), make(chan int)}
	for i := range places {
		go func() {
			for n := range places[i] {
				for range 8 {
					b.turn(t, parts)
				}
				if over() {
					close(done)
					return
				}
				places[(i+1)%len(places)] <- n + 1
			}
		}()
	}
	places[0] <- 0
	<-done
	for _, p := range parts {
		p.end()
	}
	finish(b, 1)
}
