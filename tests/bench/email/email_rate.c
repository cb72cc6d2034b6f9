/* email_rate.c - messages a second through the email driver, from send() to the callback:
 * `bench_email PORT SESSIONS MESSAGES`. */

/* System. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "channels/email/email.h"
#include "channels/email/email_config.h"
#include "tests/bench/email/bench_mail.h"
#include "tocsin/loop.h"

static struct loop *loop;
static struct channel *channel;
static long total, queued, answered, accepted;
static struct channel_send **idle;
static size_t n_idle;

/* Keeps the window full, 50 at a time. */
static void feed(void)
{
    while (n_idle >= 50 && queued < total) {
        n_idle -= 50;
        if (channel_email_smtp.send(channel, idle + n_idle, 50) != RESULT_OK) {
            n_idle += 50;
            return;
        }
        queued += 50;
    }
}

static void on_outcome(struct channel_send *send, const struct outcome *outcome)
{
    answered++;
    accepted += outcome->kind == OUTCOME_ACCEPTED;
    idle[n_idle++] = send;
    feed();
    if (answered == total)
        loop_stop(loop);
}

static void on_closed(void *context)
{
    (void)context;
    channel = NULL;
}

static void sends_create(size_t n)
{
    struct channel_send *sends = mem_alloc(n, sizeof(*sends));
    idle = mem_alloc(n, sizeof(struct channel_send *));
    for (size_t i = 0; i < n; i++) {
        sends[i] = (struct channel_send){.token = "abcdefghijklmnopqrstuvwxyz",
                                         .key = "abcdefghijklmnopqrstuvwxyz",
                                         .email = "ada@example.com",
                                         .notice = {.locale = "en",
                                                    .subject = "Notice of Data Breach: Müller",
                                                    .text = bench_text,
                                                    .text_length = sizeof(bench_text),
                                                    .html = bench_html,
                                                    .html_length = sizeof(bench_html)},
                                         .cb = on_outcome};
        idle[n_idle++] = &sends[i];
    }
}

int main(int argc, char **argv)
{
    static char host[] = "127.0.0.1", name[] = "Example, Inc.", address[] = "notices@example.org",
                bounce[] = "bounce.example.org";
    if (argc != 4)
        return 2;
    unsigned sessions = (unsigned)atoi(argv[2]);
    struct email_relay_config relay = {.host = host,
                                       .port = (unsigned)atoi(argv[1]),
                                       .starttls = EMAIL_TLS_OFF,
                                       .sessions = sessions};
    struct email_config config = {
        .relays = &relay, .relays_count = 1, .from = {name, address}, .bounce_domain = bounce};
    struct error error = {0};
    total = atol(argv[3]) / 50 * 50;
    loop = loop_create(clock_system());
    struct channel_open open = {.loop = loop, .config = &config, .window = sessions * 100};
    if (channel_email_smtp.open(&open, &channel, &error) != RESULT_OK) {
        fprintf(stderr, "%s: %s\n", error.field, error.text);
        return 1;
    }
    bench_mail_fill();
    sends_create(sessions * 100);
    double start = bench_now();
    feed();
    loop_run(loop);
    double seconds = bench_now() - start;
    printf("%ld accepted of %ld, %u sessions: %.0f/s\n", accepted, answered, sessions,
           (double)answered / seconds);
    channel_email_smtp.close(channel, on_closed, NULL);
    while (channel)
        loop_turn(loop);
    return accepted == total ? 0 : 1;
}
