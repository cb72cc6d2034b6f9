/* test_anchor.c - who outside vouches for checkpoints: when they are asked, what is remembered, and
 * when their absence is red. The anchor is a mail over a channel that the test plays. */
/* System. */
#include <string.h>

/* Base. */
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "tests/scenario/log/log_rig.h"

enum { HOUR_MS = 3600 * 1000 };

/* ---- A channel whose next outcomes are given. ---- */
static struct {
    struct channel channel;
    struct loop *loop;
    struct loop_timer timer;
    struct channel_send *taken;
    enum outcome_kind next;
    unsigned sent;
    bool open;
    char subject[200], text[4096];
} post;

static void on_answer_time(struct loop_timer *timer)
{
    struct outcome outcome = {.kind = post.next, .retry_after_ms = -1};
    struct channel_send *send = post.taken;
    (void)timer;
    post.taken = NULL;
    send->cb(send, &outcome);
}

static enum result post_open(const struct channel_open *open, struct channel **ret_channel,
                             struct error *error)
{
    (void)error;
    post.loop = open->loop;
    post.open = true;
    loop_timer_init(open->loop, &post.timer, on_answer_time);
    *ret_channel = &post.channel;
    return RESULT_OK;
}

static enum result post_send(struct channel *channel, struct channel_send *const *sends, size_t n)
{
    (void)channel;
    assert_int_equal(n, 1);
    assert_string_equal(sends[0]->email, "auditor@example.org");
    assert_true(str_copy(post.subject, sizeof(post.subject), sends[0]->notice.subject));
    assert_true(str_copy(post.text, sizeof(post.text), sends[0]->notice.text));
    post.taken = sends[0];
    post.sent++;
    loop_timer_start(&post.timer, 100);
    return RESULT_OK;
}

static void post_close(struct channel *channel, void (*closed)(void *context), void *context)
{
    (void)channel;
    loop_timer_stop(&post.timer);
    if (post.taken != NULL) {
        post.next = OUTCOME_UNCERTAIN;
        on_answer_time(&post.timer);
    }
    post.open = false;
    closed(context);
}

static const struct channel_driver driver = {
    .facts = {.channel = "email", .provider = "post", .address = ADDRESS_EMAIL},
    .open = post_open,
    .send = post_send,
    .close = post_close};

static struct receipt_log *log_with_mail(struct log_rig *rig)
{
    const struct receipt_log_mail mail = {"auditor@example.org", &driver, NULL, HOUR_MS};
    const struct receipt_log_config config = {.loop = rig->loop,
                                              .store = rig->store,
                                              .public_url = "https://notify.example.org",
                                              .signers = &rig->signer,
                                              .n_signers = 1,
                                              .mails = &mail,
                                              .n_mails = 1,
                                              .alone = true};
    struct receipt_log *log = NULL;
    assert_int_equal(receipt_log_create(&config, &log, NULL), RESULT_OK);
    return log;
}

static struct ledger *ledger;

static int setup(void **state)
{
    ledger = mem_new(struct ledger);
    struct log_rig *rig = log_rig_create(ledger);
    memset(&post, 0, sizeof(post));
    post.channel.driver = &driver;
    post.next = OUTCOME_ACCEPTED;
    receipt_log_destroy(&rig->log);
    rig->log = log_with_mail(rig);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct log_rig *rig = *state;
    log_rig_destroy(&rig);
    assert_false(post.open);
    mem_free(ledger);
    return 0;
}

static bool red(const struct log_rig *rig)
{
    const char *reasons[4];
    size_t n = receipt_log_problems(rig->log, reasons, 4);
    bool late = receipt_log_anchor_stats(rig->log, ANCHOR_MAIL).late;
    assert_int_equal(n, late);
    if (late)
        assert_non_null(strstr(reasons[0], "mailed to the auditor"));
    return late;
}

static uint64_t anchored(const struct log_rig *rig)
{
    return receipt_log_anchor_stats(rig->log, ANCHOR_MAIL).size;
}

/* Of the clock's, in long strides: receipts come all the time. */
static void pass_hours(struct log_rig *rig, unsigned minutes)
{
    for (unsigned i = 0; i < minutes; i++) {
        log_rig_put(rig, 1);
        log_rig_pass(rig, 1000);
        clock_fake_advance(&rig->clock, 59000);
    }
    log_rig_pass(rig, 1000);
}

/* If this fails, an auditor is flooded, or gets nothing. */
static void one_mail_an_interval_and_none_without_news(void **state)
{
    struct log_rig *rig = *state;
    receipt_log_start(rig->log);
    log_rig_put(rig, 7);
    log_rig_pass(rig, 2000);
    assert_int_equal(post.sent, 1);
    assert_int_equal(anchored(rig), 7);
    assert_non_null(strstr(post.subject, "log.example.org/log at 7"));
    struct checkpoint checkpoint;
    struct error error;
    char *text = strstr(post.text, "-----8<-----\n") + strlen("-----8<-----\n");
    *strstr(text, "-----8<-----\n") = 0;
    assert_true(checkpoint_open(slice_of(text), &rig->signer.verifier, &checkpoint, &error));
    assert_int_equal(checkpoint.size, 7);
    pass_hours(rig, 55);
    assert_int_equal(post.sent, 1);
    pass_hours(rig, 130);
    assert_int_equal(post.sent, 4);
    assert_false(red(rig));
    uint64_t size = receipt_log_stats(rig->log).size;
    for (int i = 0; i < 300; i++) { /* nothing new: at most the last one is due still */
        clock_fake_advance(&rig->clock, 60000);
        log_rig_pass(rig, 100);
    }
    assert_int_equal(post.sent, 5);
    assert_int_equal(anchored(rig), size);
    assert_false(red(rig));
}

/* If this fails, an outage goes unnoticed, or is never made good. */
static void an_outage_is_red_and_ends(void **state)
{
    struct log_rig *rig = *state;
    post.next = OUTCOME_DEFERRED;
    log_set_level(LOG_ERROR + 1);
    receipt_log_start(rig->log);
    log_rig_put(rig, 3);
    log_rig_pass(rig, 30000);
    assert_true(post.sent >= 3);
    assert_false(red(rig)); /* not yet */
    log_rig_pass(rig, 60000);
    assert_true(red(rig));
    assert_int_equal(anchored(rig), 0);
    post.next = OUTCOME_ACCEPTED;
    log_rig_pass(rig, 70000);
    assert_false(red(rig));
    assert_int_equal(anchored(rig), 3);
    /* A refusal is red at once. */
    post.next = OUTCOME_REJECTED;
    log_rig_put(rig, 1);
    clock_fake_advance(&rig->clock, HOUR_MS);
    log_rig_pass(rig, 3000);
    assert_true(red(rig));
    log_set_level(LOG_INFO);
}

/* If this fails, every start mails again, or a start in the middle of a mail never ends. */
static void a_restart_remembers(void **state)
{
    struct log_rig *rig = *state;
    receipt_log_start(rig->log);
    log_rig_put(rig, 3);
    log_rig_pass(rig, 2000);
    assert_int_equal(post.sent, 1);
    receipt_log_stop(rig->log, NULL, NULL);
    log_rig_settle(rig);
    receipt_log_destroy(&rig->log);
    rig->log = log_with_mail(rig);
    receipt_log_start(rig->log);
    log_rig_put(rig, 3);
    log_rig_pass(rig, 5000);
    assert_int_equal(post.sent, 1);
    assert_int_equal(anchored(rig), 3);
    clock_fake_advance(&rig->clock, HOUR_MS);
    log_rig_pass(rig, 1000);
    assert_int_equal(post.sent, 2);
    assert_int_equal(anchored(rig), 6);
    post.next = OUTCOME_DEFERRED;
    log_rig_put(rig, 1);
    clock_fake_advance(&rig->clock, HOUR_MS);
    while (post.taken == NULL)
        log_rig_pass(rig, 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_mail_an_interval_and_none_without_news),
        TEST(an_outage_is_red_and_ends),
        TEST(a_restart_remembers),
    };
    seal_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
