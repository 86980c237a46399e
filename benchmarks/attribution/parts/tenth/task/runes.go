package main

// task writes down how often each rune comes in a row, and then does the same with what it wrote.
type task struct{ row, next []byte }

func newTask(seed int64) *task {
	t := &task{make([]byte, 0, 1<<16), make([]byte, 0, 1<<16)}
	t.begin(byte(seed))
	return t
}

func (t *task) begin(with byte) { t.row = append(t.row[:0], '1'+with%3, '1'+with/3%3) }

func (t *task) step() (sum uint64) {
	for range 12 {
		if len(t.row) > 20000 {
			t.begin(t.row[777] + t.row[9999]*5)
		}
		t.next = t.next[:0]
		for i := 0; i < len(t.row); {
			k := i
			for k < len(t.row) && t.row[k] == t.row[i] {
				k++
			}
			t.next = append(t.next, '0'+byte(k-i), t.row[i])
			sum = sum*31 + uint64(k-i)
			i = k
		}
		t.row, t.next = t.next, t.row
	}
	return sum
}
