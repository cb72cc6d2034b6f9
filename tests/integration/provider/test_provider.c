/* test_provider.c - the HTTP drivers against provider_sim, over real HTTP on loopback: magic
 * recipients, the ledger, and the callbacks read back by parse_report. */

/* System. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>
#include <cyaml/cyaml.h>

/* Base. */
#include "base/seal.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"
#include "tocsin/http_client.h"
#include "tocsin/loop.h"

/* This module. */
#include "capture.h"

enum { SENDS_MAX = 8 };
struct message {
    struct channel_send send;
    struct outcome outcome;
    unsigned callbacks;
    char key[24], token[TOKEN_TEXT_SIZE];
    struct postal_address postal;
};
struct bench {
    const struct channel_driver *driver;
    pid_t sim;
    unsigned port;
    char ledger[64], public_url[64];
    struct capture *capture;
    struct loop *loop;
    struct http_client *http;
    struct channel *channel;
    struct message messages[SENDS_MAX];
    unsigned n, closed;
};

static void sim_start(struct bench *bench, const char *flag, const char *value)
{
    int pipes[2];
    char line[128] = "";

    require(pipe(pipes) == 0);
    bench->sim = fork();
    require(bench->sim >= 0);
    if (bench->sim == 0) {
        dup2(pipes[1], 1);
        close(pipes[0]);
        close(pipes[1]);
        execl(PROVIDER_SIM, "provider_sim", "--delay-ms", "20", "--callback-url", bench->public_url,
              "--ledger", bench->ledger, flag, value, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    FILE *out = fdopen(pipes[0], "r");
    require(out && fgets(line, sizeof line, out));
    fclose(out);
    require(sscanf(line, "listening on 127.0.0.1:%u", &bench->port) == 1);
}

static void on_done(struct channel_send *send, const struct outcome *outcome)
{
    struct message *message = container_of(send, struct message, send);

    message->callbacks++;
    message->outcome = *outcome;
}

static void *config_load(const struct channel_driver *driver, const char *text, bool release,
                         void *config)
{
    static const cyaml_config_t cyaml = {.mem_fn = cyaml_mem};
    cyaml_schema_value_t schema = {.type = CYAML_MAPPING, .flags = CYAML_FLAG_POINTER};
    cyaml_data_t *loaded = NULL;

    schema.data_size = (uint32_t)driver->config_size;
    schema.mapping.fields = driver->config_fields;
    if (release)
        cyaml_free(&cyaml, &schema, config, 0);
    else
        require(cyaml_load_data((const uint8_t *)text, strlen(text), &cyaml, &schema, &loaded,
                                NULL) == CYAML_OK);
    return loaded;
}

/* `yaml` holds one %u for the provider's port. */
static void bench_open(struct bench *bench, const char *channel, const char *provider,
                       const char *yaml, const char *flag, const char *value)
{
    char text[1024];
    struct error error = {0};

    memset(bench, 0, sizeof *bench);
    bench->driver = channel_driver_find(channel, provider);
    assert_non_null(bench->driver);
    bench->capture = capture_start();
    snprintf(bench->public_url, sizeof bench->public_url, "http://127.0.0.1:%u",
             capture_port(bench->capture));
    snprintf(bench->ledger, sizeof bench->ledger, "/tmp/tocsin-ledger-%d", (int)getpid());
    unlink(bench->ledger);
    sim_start(bench, flag, value);
    const char *mark = strstr(yaml, "PORT");
    snprintf(text, sizeof text, "%.*s%u%s", (int)(mark - yaml), yaml, bench->port, mark + 4);
    bench->loop = loop_create(clock_system());
    bench->http = http_client_create(bench->loop, NULL);
    void *config = config_load(bench->driver, text, false, NULL);
    assert_int_equal(bench->driver->check_config(config, &error), RESULT_OK);
    struct channel_open open = {.loop = bench->loop,
                                .http = bench->http,
                                .config = config,
                                .public_url = bench->public_url,
                                .window = SENDS_MAX};
    assert_int_equal(bench->driver->open(&open, &bench->channel, &error), RESULT_OK);
    config_load(bench->driver, NULL, true, config);
}

static struct message *message_add(struct bench *bench, const char *to)
{
    struct message *message = &bench->messages[bench->n];
    bool postal = bench->driver->facts.address == ADDRESS_POSTAL;

    snprintf(message->key, sizeof message->key, "key%u", bench->n);
    snprintf(message->token, sizeof message->token, "%026u", bench->n);
    message->postal = (struct postal_address){to, NULL, "Portland", "OR", "97201", "US"};
    message->send = (struct channel_send){.token = message->token,
                                          .key = message->key,
                                          .name = postal ? "Jo Doe" : NULL,
                                          .phone = postal ? NULL : to,
                                          .postal = postal ? &message->postal : NULL,
                                          .notice = {.locale = "en",
                                                     .subject = "Notice",
                                                     .html = "<p>Hi</p>",
                                                     .html_length = 9,
                                                     .text = "Hi, Ref 7",
                                                     .text_length = 9},
                                          .cb = on_done};
    bench->n++;
    return message;
}

static void wait_for(struct bench *bench, const unsigned *count, unsigned wanted)
{
    for (int i = 0; i < 8000 && *count < wanted; i++)
        if (!loop_turn(bench->loop))
            usleep(1000);
    assert_int_equal(*count, wanted);
}

static void send_all(struct bench *bench)
{
    struct channel_send *sends[SENDS_MAX];

    for (unsigned i = 0; i < bench->n; i++)
        sends[i] = &bench->messages[i].send;
    assert_int_equal(bench->driver->send(bench->channel, sends, bench->n), RESULT_OK);
    for (unsigned i = 0; i < bench->n; i++)
        wait_for(bench, &bench->messages[i].callbacks, 1);
}

static void wait_callbacks(struct bench *bench, size_t n)
{
    for (int i = 0; i < 5000 && capture_count(bench->capture) < n; i++)
        usleep(1000);
    assert_int_equal(capture_count(bench->capture), n);
}

static void on_closed(void *context)
{
    ((struct bench *)context)->closed++;
}

static void bench_close(struct bench *bench)
{
    int status;

    bench->driver->close(bench->channel, on_closed, bench);
    wait_for(bench, &bench->closed, 1);
    http_client_destroy(&bench->http);
    while (loop_turn(bench->loop))
        ;
    loop_destroy(&bench->loop);
    kill(bench->sim, SIGTERM);
    require(waitpid(bench->sim, &status, 0) == bench->sim);
    capture_stop(&bench->capture);
    unlink(bench->ledger);
}

/* How many of the captured callbacks parse, and how many say this of this message. */
static unsigned reports(struct bench *bench, const char *token, enum evidence evidence,
                        unsigned *ret_parsed)
{
    unsigned n = 0;

    *ret_parsed = 0;
    for (size_t i = 0; i < capture_count(bench->capture); i++) {
        struct arena *arena = arena_create(1 << 20);
        struct capture_view view = {.captured = capture_get(bench->capture, i)};
        struct channel_report report =
            capture_report(&view, arena, bench->public_url, clock_now(clock_system()));
        struct report_result result = {0};
        if (bench->driver->parse_report(bench->channel, &report, arena, &result, NULL) ==
            RESULT_OK) {
            ++*ret_parsed;
            n += result.n && str_equal(result.facts[0].token, token) &&
                 result.facts[0].evidence == evidence && result.facts[0].kind != REPORT_PROGRESS;
        }
        arena_destroy(&arena);
    }
    return n;
}

static unsigned ledger_lines(const struct bench *bench)
{
    FILE *file = fopen(bench->ledger, "r");
    unsigned n = 0;

    for (int c; file && (c = fgetc(file)) != EOF;)
        n += c == '\n';
    if (file)
        fclose(file);
    return n;
}

#define TWILIO                                                                                     \
    "account_sid: AC00000000000000000000000000000000\nauth_token_file: env:SIM_TWILIO\n"           \
    "from: \"+15005550000\"\nplain_http: true\nbase_url: http://127.0.0.1:PORT\n"
#define LETTERS                                                                                    \
    "api_key_file: env:SIM_KEY\nplain_http: true\nbase_url: http://127.0.0.1:PORT\n"               \
    "from: {name: Acme, line1: 1 Main St, city: Springfield, region: IL, postal_code: \"62701\", " \
    "country: US}\n"
#define LOB  LETTERS "webhook_secret_file: env:SIM_LOB\n"
#define GRID LETTERS "webhook_secret_file: env:SIM_GRID\n"
#define HOOK                                                                                       \
    "url: http://127.0.0.1:PORT/hook\nplain_http: true\nsigning_secret_file: env:SIM_HOOK\n"       \
    "report_secret_file: env:SIM_HOOK_REPORT\n"

/* Breaks when a Twilio outcome, the query after a 500, or a signed status callback is misread. */
static void test_twilio(void **state)
{
    struct bench bench;
    unsigned parsed;

    (void)state;
    bench_open(&bench, "sms", "twilio", TWILIO, NULL, NULL);
    static const char *const phones[] = {"+14155550100", "+14155550001", "+14155550004",
                                         "+14155550005", "+14155550006", "+14155550009"};
    for (int i = 0; i < 6; i++)
        message_add(&bench, phones[i]);
    send_all(&bench);
    const struct message *m = bench.messages;
    assert_int_equal(m[0].outcome.kind, OUTCOME_ACCEPTED);
    assert_true(str_starts(m[0].outcome.provider_ref, "SM"));
    assert_int_equal(m[1].outcome.blame, BLAME_ADDRESS);
    assert_int_equal(m[2].outcome.kind, OUTCOME_DEFERRED);
    assert_int_equal(m[2].outcome.retry_after_ms, 2000);
    assert_int_equal(m[3].outcome.kind, OUTCOME_UNCERTAIN);
    assert_int_equal(m[4].outcome.kind, OUTCOME_REJECTED);
    assert_int_equal(m[4].outcome.code, 21610);
    assert_int_equal(ledger_lines(&bench), 3);
    /* The one with the 500 was taken: asking finds it. The deferred one wasn't. */
    assert_int_equal(bench.driver->query(bench.channel, &bench.messages[3].send), RESULT_OK);
    assert_int_equal(bench.driver->query(bench.channel, &bench.messages[2].send), RESULT_OK);
    wait_for(&bench, &bench.messages[3].callbacks, 2);
    wait_for(&bench, &bench.messages[2].callbacks, 2);
    assert_int_equal(m[3].outcome.kind, OUTCOME_ACCEPTED);
    assert_int_equal(m[2].outcome.kind, OUTCOME_CANCELED);
    wait_callbacks(&bench, 9);
    assert_int_equal(reports(&bench, m[0].token, EVIDENCE_DELIVERED, &parsed), 1);
    assert_int_equal(parsed, 9);
    assert_int_equal(reports(&bench, m[5].token, EVIDENCE_BOUNCED, &parsed), 1);
    bench_close(&bench);
}

/* Breaks when a second POST under the same key prints a second letter, or the letter's later life
 * gets lost. */
static void test_lob(void **state)
{
    struct bench bench;
    unsigned parsed;
    char ref[96];

    (void)state;
    bench_open(&bench, "postal", "lob", LOB, NULL, NULL);
    message_add(&bench, "2 Elm St");
    message_add(&bench, "RETURN");
    message_add(&bench, "RENDERFAIL");
    message_add(&bench, "9 Bad St")->postal.postal_code = "00000";
    send_all(&bench);
    struct message *m = bench.messages;
    assert_int_equal(m[0].outcome.kind, OUTCOME_ACCEPTED);
    assert_int_equal(m[3].outcome.kind, OUTCOME_REJECTED);
    assert_int_equal(m[3].outcome.blame, BLAME_ADDRESS);
    assert_int_equal(ledger_lines(&bench), 3);
    str_copy(ref, sizeof ref, m[0].outcome.provider_ref);
    assert_int_equal(bench.driver->send(bench.channel, (struct channel_send *[]){&m[0].send}, 1),
                     RESULT_OK);
    wait_for(&bench, &m[0].callbacks, 2);
    assert_string_equal(m[0].outcome.provider_ref, ref);
    assert_int_equal(ledger_lines(&bench), 3);
    assert_int_equal(bench.driver->query(bench.channel, &m[1].send), RESULT_OK);
    wait_for(&bench, &m[1].callbacks, 2);
    assert_int_equal(m[1].outcome.kind, OUTCOME_ACCEPTED);
    wait_callbacks(&bench, 5 + 6 + 2);
    assert_int_equal(reports(&bench, m[0].token, EVIDENCE_DELIVERED, &parsed), 1);
    assert_int_equal(parsed, 13);
    assert_int_equal(reports(&bench, m[1].token, EVIDENCE_RETURNED, &parsed), 1);
    assert_int_equal(reports(&bench, m[2].token, EVIDENCE_FAILED, &parsed), 1);
    bench_close(&bench);
}

/* Breaks when a letter over the inline limit doesn't arrive whole as an upload. */
static void test_lob_upload(void **state)
{
    struct bench bench;
    static char html[30001];

    (void)state;
    memset(html, 'x', 30000);
    bench_open(&bench, "postal", "lob", LOB, NULL, NULL);
    struct message *message = message_add(&bench, "2 Elm St");
    message->send.notice.html = html;
    message->send.notice.html_length = 30000;
    send_all(&bench);
    assert_int_equal(message->outcome.kind, OUTCOME_ACCEPTED);
    assert_int_equal(ledger_lines(&bench), 1);
    bench_close(&bench);
}

/* Breaks when callbacks with a wrong signature, or an old one, are believed. */
static void test_bad_signatures(void **state)
{
    static const char *const flags[] = {"--bad-signature", "--stale-signature"};
    struct bench bench;
    unsigned parsed;

    (void)state;
    for (int i = 0; i < 2; i++) {
        bench_open(&bench, "postal", "lob", LOB, flags[i], NULL);
        message_add(&bench, "2 Elm St");
        send_all(&bench);
        wait_callbacks(&bench, 5);
        assert_int_equal(reports(&bench, "", EVIDENCE_NONE, &parsed), 0);
        assert_int_equal(parsed, 0);
        bench_close(&bench);
    }
}

/* Breaks when PostGrid's JSON or JWT webhooks aren't understood, or a taken letter isn't found by
 * its key. */
static void test_postgrid(void **state)
{
    static const char *const flags[] = {NULL, "--postgrid-jwt"};
    struct bench bench;
    unsigned parsed;

    (void)state;
    for (int i = 0; i < 2; i++) {
        bench_open(&bench, "postal", "postgrid", GRID, flags[i], NULL);
        struct message *m = message_add(&bench, "RETURN");
        message_add(&bench, "9 Bad St")->postal.postal_code = "00000";
        send_all(&bench);
        assert_int_equal(m[0].outcome.kind, OUTCOME_ACCEPTED);
        assert_int_equal(m[1].outcome.blame, BLAME_ADDRESS);
        assert_int_equal(bench.driver->query(bench.channel, &m[0].send), RESULT_OK);
        wait_for(&bench, &m[0].callbacks, 2);
        assert_int_equal(m[0].outcome.kind, OUTCOME_ACCEPTED);
        wait_callbacks(&bench, 4);
        assert_int_equal(reports(&bench, m[0].token, EVIDENCE_RETURNED, &parsed), 1);
        assert_int_equal(parsed, 4);
        bench_close(&bench);
    }
}

/* Breaks when the receiver can't verify us, takes a repeat for new, or its reports don't come back.
 */
static void test_webhook(void **state)
{
    struct bench bench;
    unsigned parsed;

    (void)state;
    bench_open(&bench, "voice", "webhook", HOOK, "--duplicate-callbacks", NULL);
    struct message *m = message_add(&bench, "+14155550100");
    message_add(&bench, "+14155550007");
    message_add(&bench, "+14155550005");
    send_all(&bench);
    assert_int_equal(m[0].outcome.kind, OUTCOME_ACCEPTED);
    assert_int_equal(m[2].outcome.kind, OUTCOME_UNCERTAIN);
    assert_int_equal(bench.driver->send(bench.channel, (struct channel_send *[]){&m[2].send}, 1),
                     RESULT_OK);
    wait_for(&bench, &m[2].callbacks, 2);
    assert_int_equal(m[2].outcome.kind, OUTCOME_ACCEPTED);
    assert_int_equal(ledger_lines(&bench), 3);
    wait_callbacks(&bench, 14);
    assert_int_equal(reports(&bench, m[0].token, EVIDENCE_DELIVERED, &parsed), 2);
    assert_int_equal(parsed, 14);
    assert_int_equal(reports(&bench, m[1].token, EVIDENCE_NONE, &parsed), 2);
    bench_close(&bench);
}

/* Breaks when a failure of the line is taken for a refusal, or a failure after the commit for not
 * sent. */
static void test_faults(void **state)
{
    static const struct {
        const char *flag;
        enum outcome_kind kind;
        unsigned taken;
    } rows[] = {{"--limit-every", OUTCOME_DEFERRED, 0},
                {"--fail-before-every", OUTCOME_UNCERTAIN, 0},
                {"--fail-after-every", OUTCOME_UNCERTAIN, 1}};
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_open(&bench, "sms", "twilio", TWILIO, rows[i].flag, "1");
        message_add(&bench, "+14155550100");
        send_all(&bench);
        assert_int_equal(bench.messages[0].outcome.kind, rows[i].kind);
        assert_int_equal(ledger_lines(&bench), rows[i].taken);
        bench_close(&bench);
    }
}

/* Breaks when cancelling a send that hangs at the provider isn't UNCERTAIN, or keeps the channel
 * from closing. */
static void test_hang(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "sms", "twilio", TWILIO, NULL, NULL);
    struct message *m = message_add(&bench, "+14155550003");
    assert_int_equal(bench.driver->send(bench.channel, (struct channel_send *[]){&m->send}, 1),
                     RESULT_OK);
    for (int i = 0; i < 5000 && ledger_lines(&bench) < 1; i++)
        if (!loop_turn(bench.loop))
            usleep(1000);
    bench.driver->cancel(bench.channel, &m->send);
    wait_for(&bench, &m->callbacks, 1);
    assert_int_equal(m->outcome.kind, OUTCOME_UNCERTAIN);
    bench_close(&bench);
}

/* Breaks when a letter that was stopped while Lob was silent is mailed, though it can be found and
 * taken back. */
static void test_undo(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, "postal", "lob", LOB, "--no-callbacks", NULL);
    struct message *m = message_add(&bench, "HANG");
    assert_int_equal(bench.driver->send(bench.channel, (struct channel_send *[]){&m->send}, 1),
                     RESULT_OK);
    for (int i = 0; i < 5000 && ledger_lines(&bench) < 1; i++)
        if (!loop_turn(bench.loop))
            usleep(1000);
    bench.driver->cancel(bench.channel, &m->send);
    wait_for(&bench, &m->callbacks, 1);
    assert_int_equal(m->outcome.kind, OUTCOME_CANCELED);
    assert_true(str_starts(m->outcome.provider_ref, "ltr_"));
    assert_int_equal(ledger_lines(&bench), 2); /* taken, deleted */
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twilio),     cmocka_unit_test(test_lob),
        cmocka_unit_test(test_lob_upload), cmocka_unit_test(test_bad_signatures),
        cmocka_unit_test(test_postgrid),   cmocka_unit_test(test_webhook),
        cmocka_unit_test(test_faults),     cmocka_unit_test(test_hang),
        cmocka_unit_test(test_undo),
    };
    seal_init();
    setenv("SIM_TWILIO", "sim-twilio-token", 1);
    setenv("SIM_KEY", "live_sim", 1);
    setenv("SIM_LOB", "sim-lob-secret", 1);
    setenv("SIM_GRID", "sim-postgrid-secret", 1);
    setenv("SIM_HOOK", "whsec_c2ltLXNlY3JldC1zaW0tc2VjcmV0LXNpbS1zZWNyZXQ=", 1);
    setenv("SIM_HOOK_REPORT", "whsec_c2ltLXJlcG9ydC1zaW0tcmVwb3J0LXNpbS1yZXBvcnQ=", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
