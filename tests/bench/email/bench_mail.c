/* bench_mail.c - a notice of 1.5 kB text and 2.5 kB HTML. */

/* System. */
#include <string.h>
#include <time.h>

/* This module. */
#include "tests/bench/email/bench_mail.h"

char bench_text[1500], bench_html[2500];

static void fill(char *to, size_t size, const char *line)
{
    for (size_t i = 0; i < size; i++)
        to[i] = line[i % strlen(line)];
    to[size - 1] = '\n';
}

void bench_mail_fill(void)
{
    fill(bench_text, sizeof(bench_text), "On 3 November 2026 someone copied files of ours.\n");
    fill(bench_html, sizeof(bench_html), "<p style=\"margin:0\">What happened to your data.</p>\n");
}

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
