/* bench_mail.h - the 4 kB notice that the email benches share. */
#pragma once
#include <stddef.h>
#include <stdint.h>

extern char bench_text[1500], bench_html[2500];
void bench_mail_fill(void);
/* Seconds on the monotonic clock. */
double bench_now(void);
