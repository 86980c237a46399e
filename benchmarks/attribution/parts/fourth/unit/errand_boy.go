package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>
static sem_t asked, found;
static volatile int value;
static void *boy(void *none) {
	for (;;) {
		sem_wait(&asked);
		usleep(7000);
		value++;
		sem_post(&found);
	}
	return none;
}
static int hire(void) {
	pthread_t one;
	sem_init(&asked, 0, 0);
	sem_init(&found, 0, 0);
	return pthread_create(&one, 0, boy, 0);
}
static int send_out(void) {
	sem_post(&asked);
	sem_wait(&found);
	return value;
}
*/
import "C"

import (
	"fmt"
	"sync"
)

// hired is whether the boy is there already.
var hired = sync.OnceValue(func() int { return int(C.hire()) })

type unit struct{ n int }

func newUnit() *unit {
	if code := hired(); code != 0 {
		check(fmt.Errorf("code %d", code))
	}
	return &unit{}
}

func (u *unit) pass() { u.n += int(C.send_out()) }

func (u *unit) end() {}
