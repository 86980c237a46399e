// Fills a table of names as soon as the library is loaded.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned names[65536];
static double took;

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static double setting(const char *text, const char *name) {
	const char *at = strstr(text, name);
	return at ? strtod(at + strlen(name), NULL) : 0;
}

__attribute__((constructor)) static void names_fill(void) {
	char text[4096] = {0};
	double began = now();
	FILE *file = fopen("settings.json", "r");
	if (!file || !fread(text, 1, sizeof text - 1, file)) return;
	fclose(file);
	double wanted = setting(text, "\"span\": ") * setting(text, "\"mix\": [");
	for (unsigned k = 1; now() - began < wanted; k++)
		for (int i = 1; i < 65536; i++) names[i] = names[i] * 1664525u + names[i - 1] + k;
	took = now() - began;
}

double names_took(void) { return took; }
int names_known(int i) { return names[i] & 255; }
