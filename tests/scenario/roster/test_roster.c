/* test_roster.c - rosters as they come, until they may be released. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/roster/roster.h"
#include "tests/support/engine_rig.h"

enum { AUTHOR = 1, SECOND = 2 }; /* as in the rig */

struct uploading {
    enum result result;
    struct error error;
    struct intake_counts counts;
    bool finished;
    char sheet[2048];
};

static void opened(void *context, enum result result, const struct intake_counts *counts,
                   const struct error *error)
{
    struct uploading *up = context;
    (void)counts;
    (void)error;
    up->result = result;
}

static void drained(void *context)
{
    (void)context;
}

static void finished(void *context, enum result result, const struct intake_counts *counts,
                     const struct error *error)
{
    struct uploading *up = context;
    up->finished = true;
    up->result = result;
    up->counts = *counts;
    up->error = *error;
    snprintf(up->sheet, sizeof(up->sheet), "%s", str_or(counts->sheet, ""));
}

static void upload(struct rig *rig, struct uploading *up, const struct intake_config *wanted,
                   struct slice bytes)
{
    struct intake_config config = *wanted;
    struct intake *intake;
    memset(up, 0, sizeof(*up));
    config.principal = AUTHOR;
    config.opened = opened;
    config.drained = drained;
    config.finished = finished;
    config.context = up;
    intake = intake_begin(rig->delivery, &config);
    rig_settle(rig);
    assert_int_equal(up->result, RESULT_OK);
    intake_write(intake, bytes.data, bytes.length);
    rig_settle(rig);
    if (!up->finished)
        intake_end(intake);
    rig_settle(rig);
    assert_true(up->finished);
}

static void on_done(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static struct json_object *view(struct rig *rig, id incident)
{
    bool done = false;
    struct json_object *json = NULL;
    struct arena *arena = arena_create(4 << 20);
    struct delivery_roster_view req = {
        .request = {.cb = on_done, .private_state = &done, .arena = arena}, .incident = incident};
    delivery_roster_view(rig->delivery, &req);
    rig_settle(rig);
    assert_true(done);
    assert_int_equal(req.request.result, RESULT_OK);
    assert_int_equal(json_read(req.json, strlen(req.json), &json, NULL), RESULT_OK);
    arena_destroy(&arena);
    return json;
}

static enum result discard(struct rig *rig, id incident, id which, struct delivery_discard *ret)
{
    bool done = false;
    *ret = (struct delivery_discard){.request = {.cb = on_done, .private_state = &done},
                                     .incident = incident,
                                     .upload = which,
                                     .principal = AUTHOR,
                                     .reason = "The wrong export"};
    delivery_discard(rig->delivery, ret);
    rig_settle(rig);
    assert_true(done);
    return ret->request.result;
}

static enum result waive(struct rig *rig, id incident, id principal)
{
    bool done = false;
    struct delivery_waive req = {.request = {.cb = on_done, .private_state = &done},
                                 .incident = incident,
                                 .principal = principal,
                                 .reason = "A line of totals"};
    delivery_waive(rig->delivery, &req);
    rig_settle(rig);
    assert_true(done);
    return req.request.result;
}

#define CSV(text) ((struct slice){text, sizeof(text) - 1})

/* If this fails, a spreadsheet of Windows loses people or their umlauts, or nobody sees how it was
 * read. */
static void a_spreadsheet(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    id incident = rig_draft(rig, "");
    upload(rig, &up, &(struct intake_config){.incident = incident, .format = INTAKE_CSV},
           CSV("Customer ID;Name;E-mail;ZIP code;State;Country;Address;City\r\n"
               "1;Ren\xe9 M\xfcller;rene@a.example;2139;MA;US;1 Elm;Boston\r\n"
               "2;Ann;#N/A;90210;CA;US;2 Elm;Springfield\r\n"
               ";Nobody;n@a.example;;;;;\r\n"));
    assert_int_equal(up.result, RESULT_OK);
    assert_int_equal(up.counts.accepted, 2);
    assert_int_equal(up.counts.rejected, 1);
    assert_int_equal(up.counts.warnings, 2);
    assert_non_null(strstr(up.sheet, "windows-1252"));
    assert_non_null(strstr(up.sheet, "address_postal_code"));
    struct json_object *json = view(rig, incident);
    assert_int_equal(json_get_int(json, "people", 0), 2);
    assert_int_equal(json_get_int(json_get(json, "reach"), "email", 0), 1);
    struct json_object *first = json_object_array_get_idx(json_get(json, "jurisdictions"), 0);
    assert_string_equal(json_get_string(first, "name"), "US-MA");
    assert_int_equal(json_get_int(first, "derived", 0), 1);
    assert_string_equal(json_get_string(first, "law"), "on_record");
    json_object_put(json);
}

/* If this fails, a wrong file takes the place of people, or stays open after its refusal. */
static void wrong_files(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    id incident = rig_draft(rig, "");
    const struct intake_config csv = {.incident = incident, .format = INTAKE_CSV, .early = true};
    upload(rig, &up, &csv, CSV("%PDF-1.7\n"));
    assert_int_equal(up.result, RESULT_INVALID);
    assert_non_null(strstr(up.error.text, "PDF"));
    upload(rig, &up, &csv, CSV("recipient_id,name\nCustomer ID,Full name\n1,Ann\n"));
    assert_int_equal(up.result, RESULT_INVALID);
    upload(rig, &up, &csv, CSV("recipient_id,name\n1,Wa\xb3\xeasa\n"));
    assert_non_null(strstr(up.error.text, "charset=windows-1252"));
    upload(rig, &up, &csv, CSV("recipient_id,name\n1,Ann\n"));
    assert_int_equal(up.result, RESULT_OK);
    assert_int_equal(up.counts.accepted, 1);
}

/* If this fails, a release leaves somebody behind of whom nobody decided anything. */
static void undecided_rows_stop_a_release(void **state)
{
    struct rig *rig = *state;
    id incident =
        rig_draft(rig, "{\"recipient_id\":\"a\",\"email\":\"a@a.example\",\"name\":\"A\"}\n"
                       "{\"email\":\"b@a.example\"}\n");
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, SECOND), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_CONFLICT);
    assert_int_equal(waive(rig, incident, AUTHOR), RESULT_DENIED); /* he uploaded it */
    assert_int_equal(waive(rig, incident, SECOND), RESULT_OK);
    assert_int_equal(waive(rig, incident, SECOND), RESULT_CONFLICT);
    assert_int_equal(rig_receipts(rig, incident, "row_waived"), 1);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
    rig_settle(rig);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "a@a.example"), 1);
}

/* If this fails, corrections do not settle the rows that they name, or others. */
static void corrections(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    id incident = rig_draft(rig, "{\"email\":\"b@a.example\"}\n");
    upload(
        rig, &up,
        &(struct intake_config){.incident = incident, .format = INTAKE_CSV, .mode = UPLOAD_REPAIR},
        CSV("rejected_row,recipient_id,email,name\n1,b,b@a.example,B\n,c,c@a.example,C\n"));
    assert_int_equal(up.result, RESULT_OK);
    assert_int_equal(up.counts.repaired, 1);
    assert_int_equal(up.counts.accepted, 1);
    assert_int_equal(up.counts.n_wrong, 1);
    assert_int_equal(rig_receipts(rig, incident, "row_repaired"), 1);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, SECOND), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
}

/* If this fails, a row that was a duplicate of a discarded one falls out, or is told twice. */
static void discard_brings_duplicates_back(void **state)
{
    struct rig *rig = *state;
    struct delivery_discard out;
    struct uploading first, later;
    id incident = rig_draft(rig, "");
    const struct intake_config csv = {.incident = incident, .format = INTAKE_CSV};
    upload(rig, &first, &csv, CSV("recipient_id,email,name\na,a@a.example,A\nb,b@a.example,B\n"));
    upload(rig, &later, &csv,
           CSV("recipient_id,email,name\nb,b@a.example,B\nc,c@a.example,C\nb,b@a.example,B\n"));
    assert_int_equal(later.counts.duplicates, 2);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, SECOND), RESULT_OK);
    assert_int_equal(discard(rig, incident, first.counts.upload, &out), RESULT_OK);
    assert_int_equal(out.accepted, 2);
    assert_int_equal(out.revived, 1);
    assert_int_equal(rig_state(rig, incident), WAVE_DRAFT); /* the approval saw others */
    assert_int_equal(discard(rig, incident, first.counts.upload, &out), RESULT_EXISTS);
    upload(rig, &later, &csv, CSV("recipient_id,email,name\na,a@a.example,A\nb,b@a.example,B\n"));
    assert_int_equal(later.counts.accepted, 1); /* a went, so it is new; b came back */
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, SECOND), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
    rig_settle(rig);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "a@a.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "b@a.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "c@a.example"), 1);
    assert_int_equal(discard(rig, incident, later.counts.upload, &out), RESULT_CONFLICT);
}

/* If this fails, the people of a replaced roster are told, or those of the new one taken for
 * duplicates of them. */
static void replacement(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    id incident = rig_draft(rig, "{\"recipient_id\":\"a\",\"email\":\"a@a.example\",\"name\":\"A\"}"
                                 "\n{\"email\":\"x@a.example\"}\n");
    upload(
        rig, &up,
        &(struct intake_config){.incident = incident, .format = INTAKE_CSV, .mode = UPLOAD_REPLACE},
        CSV("recipient_id,email,name\na,new@a.example,A\nb,b@a.example,B\n"));
    assert_int_equal(up.counts.accepted, 2);
    assert_int_equal(up.counts.duplicates, 0);
    assert_int_equal(rig_receipts(rig, incident, "roster_discarded"), 1);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, SECOND), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
    rig_settle(rig);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "a@a.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "new@a.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "b@a.example"), 1);
}

static int64_t shared(struct json_object *json, const char *by, const char *rule)
{
    return json_get_int(json_get(json_get(json_get(json, "shared"), "groups"), by), rule, 0);
}

/* If this fails, nobody sees that one person is listed twice, or a family is taken for one. */
static void who_shares_an_address(void **state)
{
    struct rig *rig = *state;
    struct uploading up;
    id incident = rig_draft(rig, "");
    upload(rig, &up, &(struct intake_config){.incident = incident, .format = INTAKE_CSV},
           CSV("recipient_id,account_id,name,email,phone,address,city,country,zip\n"
               "1,,Ann Lee,ann@a.example,,,,,\n2,,ann lee,ANN@a.example,,,,,\n"
               "3,,Bo Ray,ray@a.example,,1 Elm St.,Rome,US,10001\n"
               "4,,Cy Ray,ray@a.example,,1 ELM ST,Rome,US,10001\n"
               "5,k,Di Fox,,+14155550100,,,,\n6,k,Ed Fox,,+14155550100,,,,\n"
               "7,,Flo,desk@a.example,,,,,\n8,,Gus,desk@a.example,,,,,\n"));
    assert_int_equal(up.counts.accepted, 8);
    struct json_object *json = view(rig, incident);
    assert_int_equal(shared(json, "email", "one_person"), 1);
    assert_int_equal(shared(json, "email", "family"), 1);
    assert_int_equal(shared(json, "email", "shared_contact"), 1);
    assert_int_equal(shared(json, "phone", "joint_account"), 1);
    assert_int_equal(shared(json, "address", "household"), 1);
    json_object_put(json);
    json = view(rig, incident); /* the stored answer is the same */
    assert_int_equal(shared(json, "phone", "joint_account"), 1);
    assert_int_equal(json_get_int(json, "people", 0), 8);
    json_object_put(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_spreadsheet, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(wrong_files, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(undecided_rows_stop_a_release, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(corrections, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(discard_brings_duplicates_back, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(replacement, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(who_shares_an_address, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
