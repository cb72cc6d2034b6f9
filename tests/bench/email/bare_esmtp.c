/* bare_esmtp.c - the yardstick: libESMTP alone with TCP_NODELAY, N threads, sessions of 100
 * messages, one constant 4 kB message. `bench_bare_esmtp PORT THREADS MESSAGES` prints messages a
 * second. */

/* System. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <libesmtp.h>

/* This module. */
#include "channels/email/connect_nodelay.h"
#include "tests/bench/email/bench_mail.h"

static char server[64];
static atomic_long left, sent;
static char message[8192];

static bool on_opening(struct connect_hook *hook, int fd)
{
    (void)hook;
    (void)fd;
    return true;
}

static const char *on_data(void **context, int *length, void *argument)
{
    int *given = argument;
    (void)context;
    if (!length) {
        *given = 0;
        return NULL;
    }
    *length = *given ? 0 : (int)strlen(message);
    return (*given)++ ? NULL : message;
}

static void *run(void *argument)
{
    struct connect_hook hook = {30000, on_opening};
    (void)argument;
    connect_hook_set(&hook);
    while (atomic_fetch_sub(&left, 100) > 0) {
        int given[100];
        smtp_message_t messages[100];
        smtp_session_t session = smtp_create_session();
        smtp_set_server(session, server);
        smtp_set_hostname(session, "bench.example.org");
        for (int i = 0; i < 100; i++) {
            messages[i] = smtp_add_message(session);
            smtp_set_reverse_path(messages[i], "notices@example.org");
            smtp_set_messagecb(messages[i], on_data, &given[i]);
            smtp_add_recipient(messages[i], "ada@example.com");
        }
        smtp_start_session(session);
        for (int i = 0; i < 100; i++)
            atomic_fetch_add(&sent, smtp_message_transfer_status(messages[i])->code == 250);
        smtp_destroy_session(session);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int threads = atoi(argv[2]);
    snprintf(server, sizeof(server), "127.0.0.1:%s", argv[1]);
    atomic_store(&left, atol(argv[3]));
    bench_mail_fill();
    size_t n = (size_t)snprintf(message, sizeof(message),
                                "Date: Mon, 23 Nov 2026 16:45:00 +0000\r\nFrom: <a@example.org>\r\n"
                                "To: <ada@example.com>\r\nMessage-Id: <1@example.org>\r\n"
                                "Subject: Notice of Data Breach\r\n\r\n");
    for (int i = 0; i < 80; i++)
        n += (size_t)snprintf(message + n, sizeof(message) - n, "%.50s\r\n",
                              "On 3 November 2026 someone copied some files of ours");
    signal(SIGPIPE, SIG_IGN);
    pthread_t ids[256];
    double start = bench_now();
    for (int i = 0; i < threads && i < 256; i++)
        pthread_create(&ids[i], NULL, run, NULL);
    for (int i = 0; i < threads && i < 256; i++)
        pthread_join(ids[i], NULL);
    double seconds = bench_now() - start;
    printf("%ld messages, %zu bytes, %d sessions: %.0f/s\n", atomic_load(&sent), n, threads,
           (double)atomic_load(&sent) / seconds);
    return 0;
}
