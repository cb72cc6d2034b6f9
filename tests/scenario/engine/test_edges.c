/* The corners of the engine: a full segment of nobody, a hold in the middle of planning, callbacks
 * before our own outcome, people spread over the whole roster, uploads cut short. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/buf.h"
#include "base/str.h"

/* This module. */
#include "tests/support/engine_channels.h"

enum { AUTHOR = 1, APPROVER = 2 };

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

/* If this fails, the receipts of a segment in which nobody can be told overrun their array. */
static void a_segment_of_nobody(void **state)
{
    struct rig *rig = *state;
    struct buf roster;
    buf_init(&roster, SIZE_MAX);
    for (int i = 0; i < 8400; i++)
        buf_printf(&roster, "{\"recipient_id\":\"r%d\"}\n", i);
    id incident = rig_incident(rig, roster.data);
    buf_free(&roster);
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE), 8400);
    assert_int_equal(rig_receipts(rig, incident, "unreachable"), 8400);
    rig_pass(rig, 1000);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

/* If this fails, a wave that is held and resumed while it is planned never ends its plan. */
static void hold_in_the_middle_of_planning(void **state)
{
    for (unsigned steps = 0; steps < 24; steps++) {
        struct rig *rig = *state;
        struct buf roster;
        struct delivery_act release = {
            .request = {.cb = on_request}, .verb = VERB_RELEASE, .principal = AUTHOR};
        bool done = false;
        buf_init(&roster, SIZE_MAX);
        for (int i = 0; i < 40; i++)
            buf_printf(&roster,
                       "{\"recipient_id\":\"r%d\",\"name\":\"P\",\"email\":\"m%d@a.example\"}\n", i,
                       i);
        release.incident = rig_draft(rig, roster.data);
        buf_free(&roster);
        assert_int_equal(rig_act(rig, VERB_APPROVE, release.incident, APPROVER), RESULT_OK);
        release.request.private_state = &done;
        unsigned before = rig->n_sent;
        delivery_act(rig->delivery, &release);
        while (!done)
            rig_steps(rig, 1);
        rig_steps(rig, steps);
        assert_int_equal(rig_act(rig, VERB_HOLD, release.incident, AUTHOR), RESULT_OK);
        unsigned held = rig->n_sent;
        rig_pass(rig, 10000);
        assert_int_equal(rig->n_sent, held);
        assert_int_equal(rig_act(rig, VERB_RESUME, release.incident, AUTHOR), RESULT_OK);
        rig_pass(rig, 2000);
        assert_int_equal(rig->n_sent - before, 40);
        assert_int_equal(rig_people(rig, release.incident, PEOPLE_PLANNED), 40);
    }
}

/* If this fails, a message that is known to have arrived is sent again because our own answer got
 * lost, or its retry keeps the chunk busy for ever. */
static void known_before_we_knew(void **state)
{
    struct rig *rig = *state;
    rig->hang = true;
    id incident =
        rig_incident(rig, "{\"recipient_id\":\"a\",\"name\":\"A\",\"email\":\"ok@a.example\"}\n");
    assert_int_equal(rig->n_sent, 1);
    assert_int_equal(rig_fact(rig, 0, EVIDENCE_DELIVERED), RESULT_OK);
    rig_release(rig, OUTCOME_UNCERTAIN);
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(rig->n_sent, 1);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    assert_int_equal(rig_receipts(rig, incident, "attempt"), 1);
}

/* If this fails, a chunk of a thousand people from all over a roster does not go on, or not whole.
 */
static void a_thousand_take_the_next_rung(void **state)
{
    struct rig *rig = *state;
    struct buf roster;
    buf_init(&roster, SIZE_MAX);
    for (int i = 0; i < 1100; i++)
        buf_printf(
            &roster,
            "{\"recipient_id\":\"r%d\",\"name\":\"P\",\"email\":\"perm%d@a.example\",\"phone\":"
            "\"+1415555%03d9\"}\n",
            i, i, i % 1000);
    id incident = rig_incident(rig, roster.data);
    buf_free(&roster);
    rig_pass(rig, 30000);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 1100);
    assert_int_equal(rig_members(rig, incident, RIG_SMS, MEMBER_ACCEPTED), 1100);
    assert_int_equal(rig_receipts(rig, incident, "escalated"), 1100);
    assert_int_equal(rig->n_sent, 1100);
}

/* If this fails, callbacks can be forged: the key of tokens is not a secret. */
static void tokens_have_a_secret(void **state)
{
    struct rig *rig = *state;
    static const struct seal_key zeros;
    rig_incident(rig, "{\"recipient_id\":\"a\",\"name\":\"A\",\"email\":\"ok@a.example\"}\n");
    struct token token;
    assert_true(token_parse(&token, &rig->delivery->token_key, rig->sent[0].token));
    assert_false(token_parse(&token, &zeros, rig->sent[0].token));
}

/* If this fails, a bounce during an outage waits for its end instead of taking the next rung. */
static void outage_keeps_nobody_from_the_next_rung(void **state)
{
    struct rig *rig = *state;
    char roster[40 * 200] = "";
    rig_incident(rig, "{\"recipient_id\":\"z\",\"name\":\"Z\",\"email\":\"ok@z.example\",\"phone\":"
                      "\"+14155550109\"}\n");
    assert_int_equal(rig->n_sent, 1);
    rig->provider_down[RIG_EMAIL] = true;
    for (int i = 0; i < 30; i++)
        snprintf(roster + strlen(roster), sizeof(roster) - strlen(roster),
                 "{\"recipient_id\":\"r%d\",\"name\":\"P\",\"email\":\"ok%d@a.example\"}\n", i, i);
    rig_incident(rig, roster);
    rig_pass(rig, 10 * 60000);
    assert_int_equal(rig_fact(rig, 0, EVIDENCE_BOUNCED), RESULT_OK);
    rig_pass(rig, 8000);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550109"), 1);
}

/* ---- Uploads. ---- */

struct uploading {
    struct intake *intake;
    bool opened, finished;
    enum result result;
    struct intake_counts counts;
};

static void on_opened(void *context, enum result result, const struct intake_counts *counts,
                      const struct error *error)
{
    struct uploading *up = context;
    (void)counts;
    (void)error;
    up->opened = true;
    up->result = result;
}

static void on_drained(void *context)
{
    (void)context;
}

static void on_finished(void *context, enum result result, const struct intake_counts *counts,
                        const struct error *error)
{
    struct uploading *up = context;
    if (result != RESULT_OK && result != RESULT_CANCELED)
        assert_true(error->text[0] != 0);
    up->finished = true;
    up->result = result;
    up->counts = *counts;
}

static void begin(struct rig *rig, struct uploading *up, id incident, enum intake_format format)
{
    *up = (struct uploading){0};
    up->intake = intake_begin(rig->delivery, &(struct intake_config){.incident = incident,
                                                                     .format = format,
                                                                     .principal = AUTHOR,
                                                                     .opened = on_opened,
                                                                     .drained = on_drained,
                                                                     .finished = on_finished,
                                                                     .context = up});
}

/* If this fails, a client that hangs up while its upload is opened brings the service down, or its
 * upload blocks all later ones. */
static void gone_before_open(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    id incident = rig_draft(rig, "{\"recipient_id\":\"a\",\"name\":\"A\"}\n");
    for (unsigned steps = 0; steps < 8; steps++) {
        begin(rig, &up, incident, INTAKE_NDJSON);
        for (unsigned i = 0; i < steps && !up.opened; i++)
            rig_steps(rig, 1);
        intake_abort(up.intake);
        rig_settle(rig);
        assert_true(up.finished);
        assert_int_equal(up.result, RESULT_CANCELED);
    }
    rig_upload(rig, incident, "{\"recipient_id\":\"b\",\"name\":\"B\"}\n");
}

static void upload(struct rig *rig, struct uploading *up, const char *text, size_t piece)
{
    id incident = rig_draft(rig, "{\"recipient_id\":\"first\",\"name\":\"F\"}\n");
    size_t length = strlen(text);
    begin(rig, up, incident, INTAKE_CSV);
    rig_settle(rig);
    assert_true(up->opened && up->result == RESULT_OK);
    for (size_t at = 0; at < length; at += piece) {
        intake_write(up->intake, text + at, length - at < piece ? length - at : piece);
        rig_settle(rig);
    }
    intake_end(up->intake);
    rig_settle(rig);
    assert_true(up->finished);
}

/* If this fails, a spreadsheet with an odd end or an odd field loses rows or stops the service. */
static void odd_spreadsheets(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    upload(rig, &up, "", 1);
    assert_int_equal(up.result, RESULT_INVALID); /* no header */
    upload(rig, &up, "recipient_id,name,email\n", 7);
    assert_int_equal(up.result, RESULT_OK);
    assert_int_equal(up.counts.accepted, 0);
    upload(rig, &up, "recipient_id,name,email\nx,\"A, \"\"B\"\"\nC\",a@a.example", 1);
    assert_int_equal(up.result, RESULT_OK);
    assert_int_equal(up.counts.accepted + up.counts.rejected, 1);
    upload(rig, &up, "recipient_id,name,email\r\nx,A,a@a.example\r\nx,A,a@a.example\r\n", 3);
    assert_int_equal(up.counts.accepted, 1);
    assert_int_equal(up.counts.duplicates, 1);
}

/* If this fails, one endless line takes the memory, or the good lines around it. */
static void an_endless_line(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    struct buf text;
    id incident = rig_draft(rig, "{\"recipient_id\":\"first\",\"name\":\"F\"}\n");
    buf_init(&text, SIZE_MAX);
    buf_puts(&text, "{\"recipient_id\":\"a\",\"name\":\"A\"}\n{\"recipient_id\":\"");
    for (int i = 0; i < 50000; i++)
        buf_puts(&text, "0123456789");
    buf_puts(&text, "\"}\n{\"recipient_id\":\"b\",\"name\":\"B\"}");
    begin(rig, &up, incident, INTAKE_NDJSON);
    rig_settle(rig);
    for (size_t at = 0; at < text.length; at += 16000) {
        intake_write(up.intake, text.data + at,
                     text.length - at < 16000 ? text.length - at : 16000);
        rig_settle(rig);
    }
    intake_end(up.intake);
    rig_settle(rig);
    buf_free(&text);
    assert_true(up.finished);
    assert_int_equal(up.result, RESULT_OK);
    assert_int_equal(up.counts.accepted, 2);
    assert_int_equal(up.counts.rejected, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_segment_of_nobody, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(hold_in_the_middle_of_planning, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(known_before_we_knew, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_thousand_take_the_next_rung, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(tokens_have_a_secret, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(outage_keeps_nobody_from_the_next_rung, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(gone_before_open, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(odd_spreadsheets, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_endless_line, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
