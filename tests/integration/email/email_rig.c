/* email_rig.c - server processes and sends for the tests of the email driver. */

/* System. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "tests/integration/email/email_rig.h"

static bool read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    char byte;
    while (n + 1 < size && read(fd, &byte, 1) == 1 && byte != '\n')
        line[n++] = byte;
    line[n] = 0;
    return n > 0;
}

void rig_server_start(struct rig_server *server, char *const argv[])
{
    int to[2], from[2];
    memset(server, 0, sizeof(*server));
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    server->pid = fork();
    if (server->pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    server->to_fd = to[1];
    server->from_fd = from[0];
    char line[300];
    while (!server->port && read_line(server->from_fd, line, sizeof(line)))
        if (sscanf(line, "port %u", &server->port) != 1)
            sscanf(line, "ca %255s", server->ca);
    assert_int_not_equal(server->port, 0);
}

void rig_fake_start(struct rig_server *server, const char *scenario)
{
    char program[] = "python3", script[] = "tests/support/fake_smtp.py", word[64];
    snprintf(word, sizeof(word), "%s", scenario);
    rig_server_start(server, (char *[]){program, script, word, NULL});
}

struct rig_counts rig_server_stop(struct rig_server *server)
{
    struct rig_counts counts = {0};
    char line[300];
    close(server->to_fd);
    while (read_line(server->from_fd, line, sizeof(line)))
        if (sscanf(line, "connections %u mails %u commands %u", &counts.connections, &counts.mails,
                   &counts.commands) != 3)
            sscanf(line, "mails %u", &counts.mails);
    close(server->from_fd);
    waitpid(server->pid, NULL, 0);
    return counts;
}

/* Text that the test owns, in a configuration that libcyaml would own. */
#define TEXT(name, value) static char name[] = value
void rig_init(struct rig *rig, unsigned port)
{
    TEXT(host, "127.0.0.1");
    TEXT(name, "Example, Inc.");
    TEXT(address, "notices@example.org");
    TEXT(bounce, "bounce.example.org");
    TEXT(two, "2s");
    TEXT(quick, "300ms");
    memset(rig, 0, sizeof(*rig));
    for (int i = 0; i < 2; i++)
        rig->relays[i] = (struct email_relay_config){
            .host = host, .port = port, .starttls = EMAIL_TLS_OFF, .sessions = 1};
    rig->config =
        (struct email_config){.relays = rig->relays,
                              .relays_count = 1,
                              .from = {name, address},
                              .bounce_domain = bounce,
                              .timeouts = {two, two, two, two, two, two, quick, .below_rfc = true}};
    rig->loop = loop_create(clock_system());
}

void rig_open(struct rig *rig)
{
    struct error error = {0};
    struct channel_open open = {.loop = rig->loop, .config = &rig->config, .window = 100000};
    enum result result = channel_email_smtp.open(&open, &rig->channel, &error);
    if (result != RESULT_OK)
        print_error("open: %s: %s\n", error.field, error.text);
    assert_int_equal(result, RESULT_OK);
}

static void on_outcome(struct channel_send *send, const struct outcome *outcome)
{
    struct rig_send *mine = container_of(send, struct rig_send, send);
    struct rig *rig = mine->rig;
    mine->calls++;
    mine->outcome = *outcome;
    rig->answered++;
    if (rig->on_answer)
        rig->on_answer(rig, mine);
    if (rig->answered == rig->wait_for)
        loop_stop(rig->loop);
}

static void send_init(struct rig *rig, size_t i, const char *local)
{
    static const char text[] = "Dear customer,\n\n.dots at the start of a line\nare kept.\n";
    static const char html[] = "<html><body><p>Dear customer</p></body></html>\n";
    struct rig_send *s = &rig->sends[i];
    s->rig = rig;
    snprintf(s->token, sizeof(s->token), "tokentokentokentok%08u", (unsigned)(i % 100000000u));
    snprintf(s->key, sizeof(s->key), "keykeykeykeykeykey%08u", (unsigned)(i % 100000000u));
    for (char *c = s->token; *c; c++) /* base32 has no 0, 1, 8, 9 */
        if (*c >= '0' && *c <= '9')
            *c = (char)('a' + (*c - '0'));
    snprintf(s->address, sizeof(s->address), "%s@example.com", local);
    s->send = (struct channel_send){.token = s->token,
                                    .key = s->key,
                                    .email = s->address,
                                    .notice = {.locale = "en",
                                               .subject = "Notice of Data Breach: Example, Inc.",
                                               .html = html,
                                               .html_length = sizeof(html) - 1,
                                               .text = text,
                                               .text_length = sizeof(text) - 1},
                                    .cb = on_outcome};
}

void rig_send_all(struct rig *rig, size_t n, const char *const *locals, size_t n_locals)
{
    rig->sends = mem_alloc(n, sizeof(*rig->sends));
    rig->n = n;
    for (size_t i = 0; i < n; i++)
        send_init(rig, i, locals[i % n_locals]);
    for (size_t i = 0; i < n; i += EMAIL_BATCH) {
        struct channel_send *batch[EMAIL_BATCH];
        size_t m = n - i < EMAIL_BATCH ? n - i : EMAIL_BATCH;
        for (size_t k = 0; k < m; k++)
            batch[k] = &rig->sends[i + k].send;
        assert_int_equal(channel_email_smtp.send(rig->channel, batch, m), RESULT_OK);
    }
}

void rig_wait(struct rig *rig, size_t n)
{
    rig->wait_for = n;
    if (rig->answered < n)
        loop_run(rig->loop);
    assert_true(rig->answered >= n);
}

static void on_closed(void *context)
{
    struct rig *rig = context;
    rig->closed = true;
    loop_stop(rig->loop);
}

void rig_close(struct rig *rig)
{
    rig->wait_for = 0;
    channel_email_smtp.close(rig->channel, on_closed, rig);
    assert_false(rig->closed);
    while (!rig->closed)
        loop_run(rig->loop);
    for (size_t i = 0; i < rig->n; i++)
        assert_int_equal(rig->sends[i].calls, 1);
    while (loop_turn(rig->loop))
        ;
    loop_destroy(&rig->loop);
    mem_free(rig->sends);
}

const struct outcome *rig_outcome(const struct rig *rig, size_t i)
{
    return &rig->sends[i].outcome;
}

size_t rig_count(const struct rig *rig, enum outcome_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < rig->n; i++)
        n += rig->sends[i].calls == 1 && rig->sends[i].outcome.kind == kind;
    return n;
}
