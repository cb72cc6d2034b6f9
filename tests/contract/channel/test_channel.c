/* test_channel.c - the contract of include/tocsin/channel.h, over every row of the registry. The
 * network and the banner board are fakes that the test steers; the loop and the disk are real. */

/* System. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>
#include <cyaml/cyaml.h>

/* Base. */
#include "base/mem.h"
#include "base/seal.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/banner_board.h"
#include "tocsin/channel.h"
#include "tocsin/loop.h"

/* This module. */
#include "fake_http.h"
#include "fake_relay.h"
#include "rigs.h"

enum { SENDS = 4 };

struct message {
    struct channel_send send;
    struct outcome outcome;
    unsigned callbacks;
    char key[16];
};

/* One open channel with its fakes. */
struct bench {
    const struct channel_driver *driver;
    const struct rig *rig;
    struct loop *loop;
    struct channel *channel;
    struct banner_board board;
    struct message messages[SENDS];
    struct channel_send *sends[SENDS];
    unsigned closed, port;
    char directory[32];
};
static bool inside_send;
static struct bench *closes_inside; /* the last callback of this bench calls close() */

static const cyaml_config_t cyaml = {
    .log_fn = NULL, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};

static cyaml_schema_value_t schema_of(const struct channel_driver *driver)
{
    cyaml_schema_value_t schema = {.type = CYAML_MAPPING, .flags = CYAML_FLAG_POINTER};
    schema.data_size = (uint32_t)driver->config_size;
    schema.mapping.fields = driver->config_fields;
    return schema;
}

/* The section as the daemon would load it; NULL when the schema refuses it. */
static void *config_load(const struct channel_driver *driver, const char *text)
{
    cyaml_schema_value_t schema = schema_of(driver);
    cyaml_data_t *config = NULL;

    if (cyaml_load_data((const uint8_t *)text, strlen(text), &cyaml, &schema, &config, NULL) !=
        CYAML_OK)
        return NULL;
    return config;
}

static void config_free(const struct channel_driver *driver, void *config)
{
    cyaml_schema_value_t schema = schema_of(driver);
    cyaml_free(&cyaml, &schema, config, 0);
}

struct board_hop {
    struct loop_hop hop;
    struct banner_put *put;
};

static void board_answer(struct loop_hop *hop)
{
    struct board_hop *answer = container_of(hop, struct board_hop, hop);
    struct banner_put *put = answer->put;

    mem_free(answer);
    put->cb(put, RESULT_OK);
}

static void board_put(struct banner_board *board, struct banner_put *put)
{
    struct board_hop *answer = mem_new(struct board_hop);

    answer->put = put;
    answer->hop.cb = board_answer;
    loop_post(board->impl, &answer->hop);
}

static bool all_called(const struct bench *bench)
{
    for (int i = 0; i < SENDS; i++)
        if (!bench->messages[i].callbacks)
            return false;
    return true;
}

static void on_closed(void *context)
{
    struct bench *bench = context;
    bench->closed++;
}

static void on_done(struct channel_send *send, const struct outcome *outcome)
{
    struct message *message = container_of(send, struct message, send);

    assert_false(inside_send);
    message->callbacks++;
    message->outcome = *outcome;
    if (closes_inside && all_called(closes_inside))
        closes_inside->driver->close(closes_inside->channel, on_closed, closes_inside);
}

static const struct postal_address address = {"2 Elm St", NULL, "Portland", "OR", "97201", "US"};

static void message_init(struct bench *bench, unsigned i)
{
    struct message *message = &bench->messages[i];
    enum channel_address kind = bench->driver->facts.address;

    memset(message, 0, sizeof *message);
    snprintf(message->key, sizeof message->key, "key%u", i);
    message->send = (struct channel_send){.token = "abcdefghijklmnopqrstuvwxyz",
                                          .key = message->key,
                                          .name = kind == ADDRESS_POSTAL ? "Jo Doe" : NULL,
                                          .email = kind == ADDRESS_EMAIL ? "jo@example.org" : NULL,
                                          .phone = kind == ADDRESS_PHONE ? "+14155550100" : NULL,
                                          .postal = kind == ADDRESS_POSTAL ? &address : NULL,
                                          .account = kind == ADDRESS_ACCOUNT ? "acct-1" : NULL,
                                          .notice = {.locale = "en",
                                                     .subject = "Notice",
                                                     .html = "<p>Hi</p>",
                                                     .html_length = 9,
                                                     .text = "Hi",
                                                     .text_length = 2,
                                                     .line = "Notice"},
                                          .cb = on_done};
    bench->sends[i] = &message->send;
}

/* The section of the rig with its mark replaced. */
static void rig_yaml(const struct bench *bench, char *yaml, size_t size)
{
    const char *good = bench->rig->good;
    const char *dir = strstr(good, "@DIR"), *port = strstr(good, "@PORT");
    if (dir)
        snprintf(yaml, size, "%.*s%s%s", (int)(dir - good), good, bench->directory, dir + 4);
    else if (port)
        snprintf(yaml, size, "%.*s%u%s", (int)(port - good), good, bench->port, port + 5);
    else
        str_copy(yaml, size, good);
}

static void bench_open(struct bench *bench, const struct channel_driver *driver)
{
    char yaml[1024];

    memset(bench, 0, sizeof *bench);
    bench->driver = driver;
    bench->rig = rig_find(&driver->facts);
    bench->loop = loop_create(clock_system());
    bench->board = (struct banner_board){.put = board_put, .impl = bench->loop};
    fake_http_reset(bench->loop);
    fake_http.status = bench->rig->status;
    fake_http.body = bench->rig->body;
    fake_http.undo_body = bench->rig->undo_body;
    fake_http.found_body = str_or(bench->rig->found_body, "{}");
    str_copy(bench->directory, sizeof bench->directory, "/tmp/tocsin-channel-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    if (bench->rig->relay)
        bench->port = fake_relay_start();
    rig_yaml(bench, yaml, sizeof yaml);
    void *config = config_load(driver, yaml);
    assert_non_null(config);
    struct error error = {0};
    assert_int_equal(driver->check_config(config, &error), RESULT_OK);
    struct channel_open open = {.loop = bench->loop,
                                .http = NULL,
                                .board = &bench->board,
                                .config = config,
                                .public_url = "https://notify.example.org",
                                .window = SENDS};
    assert_int_equal(driver->open(&open, &bench->channel, &error), RESULT_OK);
    config_free(driver, config); /* it ends with the call */
    assert_ptr_equal(bench->channel->driver, driver);
    for (unsigned i = 0; i < SENDS; i++)
        message_init(bench, i);
}

static void turn_until(struct bench *bench, bool (*done)(const struct bench *bench))
{
    for (int i = 0; i < 5000 && !done(bench); i++)
        if (!loop_turn(bench->loop))
            usleep(1000);
    assert_true(done(bench));
}

static bool one_called(const struct bench *bench)
{
    return bench->messages[0].callbacks > 0;
}

static bool is_closed(const struct bench *bench)
{
    return bench->closed > 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static void bench_close(struct bench *bench)
{
    if (!bench->closed) {
        bench->driver->close(bench->channel, on_closed, bench);
        assert_int_equal(bench->closed, 0); /* never from inside */
        turn_until(bench, is_closed);
    }
    assert_int_equal(bench->closed, 1);
    while (loop_turn(bench->loop))
        ;
    assert_int_equal(fake_http.open, 0);
    if (bench->rig->relay)
        fake_relay_stop();
    loop_destroy(&bench->loop);
    nftw(bench->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum result send_all(struct bench *bench, size_t n)
{
    inside_send = true;
    enum result result = bench->driver->send(bench->channel, bench->sends, n);
    inside_send = false;
    return result;
}

/* Every row that the suite can run, one after the other. */
#define each_rigged(driver)                                                                        \
    for (size_t row = 0; channel_drivers[row]; row++)                                              \
        for (const struct channel_driver *driver = channel_drivers[row];                           \
             driver && rig_find(&driver->facts); driver = NULL)

/* Breaks when a row's facts contradict themselves or it can't be found by its name. */
static void test_facts(void **state)
{
    (void)state;
    for (size_t i = 0; channel_drivers[i]; i++) {
        const struct channel_driver *driver = channel_drivers[i];
        const struct channel_facts *facts = &driver->facts;
        assert_ptr_equal(channel_driver_find(facts->channel, facts->provider), driver);
        assert_non_null(facts->legal_method);
        assert_true(facts->window > 0 && facts->batch > 0 && facts->batch <= facts->window);
        assert_true(facts->best >= EVIDENCE_ACCEPTED && facts->best <= EVIDENCE_ACKNOWLEDGED);
        assert_true((facts->on_uncertain != UNCERTAIN_QUERY) || driver->query);
        assert_non_null(driver->config_fields);
        assert_non_null(driver->check_config);
        assert_non_null(driver->check_address);
        assert_non_null(rig_find(facts)); /* every row is run */
    }
    assert_null(channel_driver_find("sms", "nobody"));
}

/* Breaks when a wrong section of the configuration passes, or is refused without naming its key. */
static void test_bad_config(void **state)
{
    (void)state;
    each_rigged(driver)
    {
        const struct rig *rig = rig_find(&driver->facts);
        for (int i = 0; i < 4 && rig->bad[i]; i++) {
            struct error error = {0};
            void *config = config_load(driver, rig->bad[i]);
            assert_non_null(config);
            assert_int_equal(driver->check_config(config, &error), RESULT_INVALID);
            assert_true(error.field[0] && error.text[0]);
            config_free(driver, config);
        }
    }
}

/* Breaks when a driver takes a person without the address it needs. */
static void test_address(void **state)
{
    (void)state;
    each_rigged(driver)
    {
        struct recipient nobody = {0}, jo = {.name = "Jo Doe",
                                             .email = "jo@example.org",
                                             .phone = "+14155550100",
                                             .account_id = "acct-1",
                                             .has_address = true,
                                             .address = address};
        struct error error = {0};
        assert_int_equal(driver->check_address(&jo, &error), RESULT_OK);
        if (!str_equal(driver->facts.provider, "discard"))
            assert_int_equal(driver->check_address(&nobody, &error), RESULT_INVALID);
    }
}

/* Breaks when a send taken gets no callback, two, or one from inside send(). */
static void test_exactly_once(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        bench_open(&bench, driver);
        assert_int_equal(send_all(&bench, SENDS), RESULT_OK);
        turn_until(&bench, all_called);
        bench_close(&bench);
        for (int i = 0; i < SENDS; i++) {
            assert_int_equal(bench.messages[i].callbacks, 1);
            assert_int_equal(bench.messages[i].outcome.kind, OUTCOME_ACCEPTED);
            if (!bench.rig->relay) /* there it is the relay's name */
                assert_string_equal(bench.messages[i].outcome.provider, driver->facts.provider);
            assert_true(bench.messages[i].outcome.status[0] == '2');
        }
    }
}

/* Breaks when a driver takes some of a batch, or more than its window. */
static void test_all_or_none(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        struct channel_send *five[SENDS + 1];
        bench_open(&bench, driver);
        memcpy(five, bench.sends, sizeof bench.sends);
        five[SENDS] = bench.sends[0];
        assert_int_equal(driver->send(bench.channel, five, SENDS + 1), RESULT_BUSY);
        assert_int_equal(fake_http.posts, 0);
        fake_http.mode = FAKE_HOLD;
        assert_int_equal(send_all(&bench, 3), RESULT_OK);
        if (bench.rig->holds)
            assert_int_equal(driver->send(bench.channel, bench.sends + 2, 2), RESULT_BUSY);
        bench_close(&bench);
        for (int i = 0; i < 3; i++)
            assert_int_equal(bench.messages[i].callbacks, 1);
        assert_int_equal(bench.messages[3].callbacks, 0);
    }
}

/* Breaks when a stopped send is handed over after all, or its callback never comes. */
static void test_cancel_before_bytes(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        bench_open(&bench, driver);
        fake_http.mode = FAKE_HOLD;
        assert_int_equal(send_all(&bench, SENDS), RESULT_OK);
        for (int i = 0; i < SENDS; i++)
            driver->cancel(bench.channel, bench.sends[i]);
        driver->cancel(bench.channel, bench.sends[0]); /* twice is harmless */
        turn_until(&bench, all_called);
        bench_close(&bench);
        for (int i = 0; i < SENDS; i++) {
            assert_int_equal(bench.messages[i].callbacks, 1);
            if (bench.rig->holds)
                assert_int_equal(bench.messages[i].outcome.kind, OUTCOME_CANCELED);
        }
    }
}

/* Breaks when CANCELED is said of bytes that left, unless the provider took the message back. */
static void test_cancel_after_bytes(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        if (!rig_find(&driver->facts)->status)
            continue;
        bench_open(&bench, driver);
        fake_http.mode = FAKE_HOLD_SENT;
        assert_int_equal(send_all(&bench, SENDS), RESULT_OK);
        for (int i = 0; i < SENDS; i++)
            driver->cancel(bench.channel, bench.sends[i]);
        turn_until(&bench, all_called);
        bench_close(&bench);
        bool undo = bench.rig->undo_body != NULL; /* the search finds key0 only */
        assert_int_equal(bench.messages[0].outcome.kind,
                         undo ? OUTCOME_CANCELED : OUTCOME_UNCERTAIN);
        assert_int_equal(bench.messages[1].outcome.kind, OUTCOME_UNCERTAIN);
        assert_int_equal(fake_http.deletes, undo ? 1 : 0);
        assert_int_equal(fake_http.posts, SENDS);
    }
}

/* Breaks when silence after the last byte, or a refused connection, is told as something else than
 * it is. */
static void test_no_answer(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        if (!rig_find(&driver->facts)->status)
            continue;
        bench_open(&bench, driver);
        fake_http.mode = FAKE_SILENCE;
        assert_int_equal(send_all(&bench, 2), RESULT_OK);
        fake_http.mode = FAKE_REFUSE;
        assert_int_equal(driver->send(bench.channel, bench.sends + 2, 2), RESULT_OK);
        turn_until(&bench, all_called);
        bench_close(&bench);
        assert_int_equal(bench.messages[0].outcome.kind, OUTCOME_UNCERTAIN);
        assert_int_equal(bench.messages[2].outcome.kind, OUTCOME_DEFERRED);
        assert_int_equal(bench.messages[2].outcome.blame, BLAME_NONE);
    }
}

/* Breaks when a relay's silence after the dot passes for a refusal, or its refusal to talk to us is
 * held against the person. */
static void test_relay_trouble(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        if (!rig_find(&driver->facts)->relay)
            continue;
        bench_open(&bench, driver);
        fake_http.mode = FAKE_SILENCE;
        assert_int_equal(send_all(&bench, 1), RESULT_OK);
        turn_until(&bench, one_called);
        assert_int_equal(fake_relay_dots(), 1);
        bench_close(&bench);
        assert_int_equal(bench.messages[0].outcome.kind, OUTCOME_UNCERTAIN);
        bench_open(&bench, driver);
        fake_http.mode = FAKE_REFUSE;
        assert_int_equal(send_all(&bench, 1), RESULT_OK);
        turn_until(&bench, one_called);
        assert_int_equal(fake_relay_dots(), 0);
        bench_close(&bench);
        assert_int_equal(bench.messages[0].outcome.kind, OUTCOME_DEFERRED);
        assert_int_equal(bench.messages[0].outcome.blame, BLAME_PROVIDER);
    }
}

/* Breaks when a provider's own trouble (account, key, rate) is held against the person. */
static void test_provider_trouble(void **state)
{
    static const long statuses[] = {401, 402, 403, 404, 429};
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        if (!rig_find(&driver->facts)->status)
            continue;
        for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
            bench_open(&bench, driver);
            fake_http.status = statuses[i];
            fake_http.body = "";
            assert_int_equal(send_all(&bench, SENDS), RESULT_OK);
            turn_until(&bench, all_called);
            bench_close(&bench);
            assert_int_equal(bench.messages[0].outcome.kind, OUTCOME_DEFERRED);
            assert_int_equal(bench.messages[0].outcome.blame,
                             statuses[i] == 429 ? BLAME_NONE : BLAME_PROVIDER);
        }
    }
}

/* Breaks when close() forgets a send in flight, comes before its callbacks, or takes new ones. */
static void test_close_in_flight(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        for (int sent = 0; sent < 2; sent++) {
            bench_open(&bench, driver);
            fake_http.mode = sent ? FAKE_HOLD_SENT : FAKE_HOLD;
            assert_int_equal(send_all(&bench, SENDS), RESULT_OK);
            driver->close(bench.channel, on_closed, &bench);
            assert_int_equal(driver->send(bench.channel, bench.sends, 1), RESULT_CLOSING);
            turn_until(&bench, is_closed);
            assert_true(all_called(&bench));
            bench_close(&bench);
            for (int i = 0; i < SENDS && bench.rig->status; i++)
                assert_int_equal(bench.messages[i].outcome.kind,
                                 sent ? OUTCOME_UNCERTAIN : OUTCOME_CANCELED);
        }
    }
}

/* Breaks when a channel that is closed from its last callback ends twice, or never. */
static void test_close_inside_callback(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        bench_open(&bench, driver);
        closes_inside = &bench;
        assert_int_equal(send_all(&bench, SENDS), RESULT_OK);
        turn_until(&bench, is_closed);
        closes_inside = NULL;
        bench_close(&bench);
    }
}

/* Breaks when a question that wasn't answered passes for an answer. */
static void test_query(void **state)
{
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        if (!driver->query)
            continue;
        bench_open(&bench, driver);
        assert_int_equal(driver->query(bench.channel, bench.sends[0]), RESULT_OK);
        assert_int_equal(driver->query(bench.channel, bench.sends[1]), RESULT_OK);
        bench.messages[2].callbacks = bench.messages[3].callbacks = 1;
        turn_until(&bench, all_called);
        bench_close(&bench);
        bool finds = bench.rig->found_body != NULL;
        assert_int_equal(bench.messages[0].outcome.kind,
                         finds ? OUTCOME_ACCEPTED : OUTCOME_UNCERTAIN);
        assert_int_equal(fake_http.posts, 0);
    }
}

static const char *no_header(void *context, const char *name)
{
    (void)context;
    (void)name;
    return NULL;
}

/* Breaks when bytes that anybody can send become a fact. */
static void test_unsigned_reports(void **state)
{
    static const char *const bodies[] = {"", "{}", "junk", "MessageSid=SM1&MessageStatus=delivered",
                                         "a.b.c"};
    struct bench bench;

    (void)state;
    each_rigged(driver)
    {
        if (!driver->parse_report)
            continue;
        bench_open(&bench, driver);
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            struct arena *arena = arena_create(1 << 20);
            struct channel_report report = {.method = "POST",
                                            .url = "https://notify.example.org/v1/reports/x",
                                            .header = no_header,
                                            .query = no_header,
                                            .body = bodies[i],
                                            .body_length = strlen(bodies[i]),
                                            .now = 1700000000000};
            struct report_result result = {0};
            enum result code = driver->parse_report(bench.channel, &report, arena, &result, NULL);
            assert_true(code == RESULT_DENIED || code == RESULT_INVALID);
            assert_int_equal(result.n, 0);
            arena_destroy(&arena);
        }
        bench_close(&bench);
    }
}

/* Breaks when a letter in the spool isn't whole, or a retry under the same key writes it twice. */
static void test_spool_files(void **state)
{
    struct bench bench;
    char path[128], text[512] = "";

    (void)state;
    bench_open(&bench, channel_driver_find("postal", "spool"));
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < SENDS; i++)
            message_init(&bench, i);
        bench.messages[1].send.test = true;
        if (round)
            bench.messages[0].send.token = "another-token";
        assert_int_equal(send_all(&bench, SENDS), RESULT_OK);
        turn_until(&bench, all_called);
    }
    snprintf(path, sizeof path, "%s/key0.ndjson", bench.directory);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, "\"token\":\"abcdefghijklmnopqrstuvwxyz\""));
    assert_non_null(strstr(text, "\"file\":\"key0.html\""));
    snprintf(path, sizeof path, "%s/key0.html", bench.directory);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/key1.html", bench.directory);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/test/key1.html", bench.directory);
    assert_int_equal(access(path, F_OK), 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_bad_config),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_exactly_once),
        cmocka_unit_test(test_all_or_none),
        cmocka_unit_test(test_cancel_before_bytes),
        cmocka_unit_test(test_cancel_after_bytes),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_relay_trouble),
        cmocka_unit_test(test_provider_trouble),
        cmocka_unit_test(test_close_in_flight),
        cmocka_unit_test(test_close_inside_callback),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_unsigned_reports),
        cmocka_unit_test(test_spool_files),
    };
    seal_init();
    setenv("RIG_SECRET", "rig-secret", 1);
    setenv("RIG_HOOK", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
