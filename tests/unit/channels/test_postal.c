/* test_postal.c - Lob and PostGrid: request bytes, address limits, answers, events. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "channels/common/signature.h"
#include "channels/postal/postal_lob.h"
#include "channels/postal/postal_postgrid.h"
#include "fake_report.h"

static char url[] = "https://api.example.com", name[] = "Acme \"Privacy\"", line1[] = "1 Main St",
            city[] = "Springfield", region[] = "IL", zip[] = "62701", country[] = "US";
#define FROM                                                                                       \
    {                                                                                              \
        .name = name, .line1 = line1, .city = city, .region = region, .postal_code = zip,          \
        .country = country                                                                         \
    }
static struct lob_settings lob = {.base_url = url,
                                  .from = FROM,
                                  .keys.api_key = {.n = 1, .values = {"live_k"}},
                                  .keys.webhook = {.n = 1, .values = {"whs"}}};
static struct postgrid_settings grid = {.base_url = url,
                                        .from = FROM,
                                        .keys.api_key = {.n = 1, .values = {"live_k"}},
                                        .keys.webhook = {.n = 1, .values = {"whs"}}};
static struct postal_address to = {"2 Elm St", NULL, "Portland", "OR", "97201", "US"};
static struct channel_send letter = {
    .token = FAKE_TOKEN,
    .key = "key1",
    .name = "Jo \"J\" Doe",
    .postal = &to,
    .notice = {.locale = "en", .html = "<p>\"Hi\"</p>", .html_length = 11, .subject = "s"}};

/* Breaks when the letter's JSON is malformed, lacks a required field or can't be found again by its
 * token. */
static void test_lob_json(void **state)
{
    struct wire_request request;
    struct json_object *json;

    (void)state;
    wire_request_init(&request, 0);
    lob_write_send(&lob, &letter, &request);
    assert_true(wire_request_ok(&request));
    assert_string_equal(request.headers[0].name, "Idempotency-Key");
    assert_string_equal(request.headers[0].value, "key1");
    assert_int_equal(json_read(request.body.data, request.body.length, &json, NULL), RESULT_OK);
    assert_string_equal(json_get_string(json, "file"), "<p>\"Hi\"</p>");
    assert_string_equal(json_get_string(json, "use_type"), "operational");
    assert_false(json_get_bool(json, "color", true));
    assert_string_equal(json_get_string(json_get(json, "to"), "name"), "Jo \"J\" Doe");
    assert_string_equal(json_get_string(json_get(json, "metadata"), "token"), FAKE_TOKEN);
    json_object_put(json);
    wire_request_free(&request);
}

/* Breaks when a person's data with braces is taken for a merge variable of Lob's. */
static void test_lob_braces(void **state)
{
    struct wire_request request;
    struct channel_send send = letter;

    (void)state;
    send.notice.html = "<p>{{{x}}</p>";
    send.notice.html_length = 13;
    wire_request_init(&request, 0);
    lob_write_send(&lob, &send, &request);
    assert_non_null(strstr(request.body.data, "<p>{&#123;{x}}</p>"));
    wire_request_free(&request);
}

/* Breaks when a long letter goes inline (422 at the vendor) or a test letter goes out under the
 * live key. */
static void test_lob_long_and_test(void **state)
{
    struct wire_request request;
    struct channel_send send = letter;
    char *html = mem_alloc(12001, 1);

    (void)state;
    memset(html, 'a', 12000);
    send.notice.html = html;
    send.notice.html_length = 12000;
    wire_request_init(&request, 0);
    lob_write_send(&lob, &send, &request);
    assert_true(wire_request_ok(&request));
    assert_non_null(strstr(request.headers[1].value, "multipart/form-data; boundary="));
    assert_non_null(strstr(request.body.data, "name=\"to[address_line1]\"\r\n\r\n2 Elm St\r\n"));
    assert_non_null(strstr(request.body.data, "filename=\"letter.html\""));
    wire_request_free(&request);
    mem_free(html);
    send = letter;
    send.test = true;
    wire_request_init(&request, 0);
    lob_write_send(&lob, &send, &request);
    assert_false(wire_request_ok(&request));
    wire_request_free(&request);
}

/* Breaks when an address that Lob refuses passes, or one that it takes is refused. */
static void test_lob_address(void **state)
{
    struct recipient person = {.name = "Jo Doe", .has_address = true, .address = to};

    (void)state;
    assert_int_equal(lob_check_address(&person, NULL), RESULT_OK);
    person.address.line2 = "Apartment 1234567890 behind the old water tower by the lake";
    assert_int_equal(lob_check_address(&person, NULL), RESULT_INVALID);
    person.address.line2 = NULL;
    person.address.postal_code = "9720";
    assert_int_equal(lob_check_address(&person, NULL), RESULT_INVALID);
    person.address.postal_code = "97201-1234";
    assert_int_equal(lob_check_address(&person, NULL), RESULT_OK);
    person.address.region = "Oregon";
    assert_int_equal(lob_check_address(&person, NULL), RESULT_INVALID);
    person.address.country = "DE";
    assert_int_equal(lob_check_address(&person, NULL), RESULT_OK);
    person.name = "A name that has more than the forty characters of Lob";
    assert_int_equal(lob_check_address(&person, NULL), RESULT_INVALID);
}

/* Breaks when a vendor's error blames the wrong side or claims more than is known. */
static void test_lob_answers(void **state)
{
    static const struct {
        long status;
        const char *code;
        enum outcome_kind kind;
        enum blame blame;
    } rows[] = {{422, "failed_deliverability_strictness", OUTCOME_REJECTED, BLAME_ADDRESS},
                {422, "file_pages_exceed_max", OUTCOME_REJECTED, BLAME_CONTENT},
                {422, "news", OUTCOME_REJECTED, BLAME_CONTENT},
                {401, "invalid_api_key", OUTCOME_DEFERRED, BLAME_PROVIDER},
                {422, "mail_use_type_can_not_be_null", OUTCOME_DEFERRED, BLAME_PROVIDER},
                {429, "rate_limit_exceeded", OUTCOME_DEFERRED, BLAME_NONE},
                {409, "conflict", OUTCOME_UNCERTAIN, BLAME_NONE},
                {500, "invalid_api_key", OUTCOME_UNCERTAIN, BLAME_NONE}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[200];
        snprintf(body, sizeof body, "{\"error\":{\"message\":\"m\",\"code\":\"%s\"}}",
                 rows[i].code);
        struct wire_reply reply = {rows[i].status, body, strlen(body), -1};
        struct outcome outcome;
        lob_read_send(&reply, &outcome);
        assert_int_equal(outcome.kind, rows[i].kind);
        assert_int_equal(outcome.blame, rows[i].blame);
    }
}

static enum outcome_kind lob_query(const char *body)
{
    struct wire_reply reply = {200, body, strlen(body), -1};
    struct outcome outcome;

    lob_read_query(&letter, &reply, &outcome);
    return outcome.kind;
}

/* Breaks when a letter of another key, or one that was deleted, counts as sent. */
static void test_lob_query(void **state)
{
    (void)state;
    assert_int_equal(lob_query("{\"data\":[{\"id\":\"ltr_1\",\"metadata\":{\"key\":\"key1\"}}]}"),
                     OUTCOME_ACCEPTED);
    assert_int_equal(lob_query("{\"data\":[{\"id\":\"ltr_1\",\"metadata\":{\"key\":\"key2\"}}]}"),
                     OUTCOME_CANCELED);
    assert_int_equal(
        lob_query(
            "{\"data\":[{\"id\":\"ltr_1\",\"deleted\":true,\"metadata\":{\"key\":\"key1\"}}]}"),
        OUTCOME_CANCELED);
    assert_int_equal(lob_query("{\"data\":{}}"), OUTCOME_UNCERTAIN);
    assert_int_equal(lob_query("?"), OUTCOME_UNCERTAIN);
}

#define EVENT(type)                                                                                \
    "{\"id\":\"evt_1\",\"event_type\":{\"id\":\"" type                                             \
    "\"},\"date_created\":\"2023-11-14T22:13:20Z\",\"body\":{\"id\":\"ltr_1\",\"metadata\":{"      \
    "\"token\":\"" FAKE_TOKEN "\"}}}"

/* Breaks when an event means something else than Lob documents, or one with a wrong or old
 * signature counts. */
static void test_lob_events(void **state)
{
    static const struct {
        const char *body;
        enum report_kind kind;
        enum evidence evidence;
        size_t n;
    } rows[] = {{EVENT("letter.delivered"), REPORT_EVIDENCE, EVIDENCE_DELIVERED, 1},
                {EVENT("letter.returned_to_sender"), REPORT_EVIDENCE, EVIDENCE_RETURNED, 1},
                {EVENT("letter.failed"), REPORT_EVIDENCE, EVIDENCE_FAILED, 1},
                {EVENT("letter.in_transit"), REPORT_PROGRESS, EVIDENCE_ACCEPTED, 1},
                {EVENT("postcard.created"), REPORT_PROGRESS, EVIDENCE_NONE, 0}};
    struct arena *arena = arena_create(1 << 16);
    char hex[SIGNATURE_TEXT_SIZE];
    struct fake_pairs pairs = {
        .headers = {{"Lob-Signature", hex}, {"Lob-Signature-Timestamp", "1700000000000"}}};
    struct report_result result;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel_report report = fake_report(&pairs, rows[i].body, 1700000000000);
        signature_hex(hex, "whs", "1700000000000", slice_of(rows[i].body));
        assert_int_equal(lob_report(&lob, &report, arena, &result, NULL), RESULT_OK);
        assert_int_equal(result.n, rows[i].n);
        if (result.n) {
            assert_int_equal(result.facts[0].kind, rows[i].kind);
            assert_int_equal(result.facts[0].evidence, rows[i].evidence);
            assert_string_equal(result.facts[0].token, FAKE_TOKEN);
        }
        report.now += LOB_TOLERANCE_MS + 1;
        assert_int_equal(lob_report(&lob, &report, arena, &result, NULL), RESULT_DENIED);
        report.now = 1700000000000;
        hex[3] = hex[3] == 'a' ? 'b' : 'a';
        assert_int_equal(lob_report(&lob, &report, arena, &result, NULL), RESULT_DENIED);
    }
    signature_hex(hex, "whs", "1700000000000", slice_of("[]"));
    struct channel_report report = fake_report(&pairs, "[]", 1700000000000);
    assert_int_equal(lob_report(&lob, &report, arena, &result, NULL), RESULT_INVALID);
    arena_destroy(&arena);
}

/* Breaks when PostGrid's JSON is malformed, lacks the key or leaks the key of the account into the
 * body. */
static void test_postgrid_json(void **state)
{
    struct wire_request request;
    struct json_object *json;

    (void)state;
    wire_request_init(&request, 0);
    postgrid_write_send(&grid, &letter, &request);
    assert_true(wire_request_ok(&request));
    assert_int_equal(json_read(request.body.data, request.body.length, &json, NULL), RESULT_OK);
    assert_string_equal(json_get_string(json, "html"), "<p>\"Hi\"</p>");
    assert_string_equal(json_get_string(json_get(json, "to"), "provinceOrState"), "OR");
    assert_string_equal(json_get_string(json_get(json, "metadata"), "key"), "key1");
    assert_null(strstr(request.body.data, "live_k"));
    json_object_put(json);
    wire_request_free(&request);
}

/* Breaks when not finding a letter by search passes for proof: a second letter would be mailed. */
static void test_postgrid_query(void **state)
{
    static const char found[] =
        "{\"data\":[{\"id\":\"letter_1\",\"status\":\"ready\",\"metadata\":{\"key\":\"key1\"}}]}";
    struct wire_reply reply = {200, found, sizeof found - 1, -1},
                      none = {200, "{\"data\":[]}", 11, -1};
    struct outcome outcome;

    (void)state;
    postgrid_read_query(&letter, &reply, &outcome);
    assert_int_equal(outcome.kind, OUTCOME_ACCEPTED);
    assert_string_equal(outcome.provider_ref, "letter_1");
    postgrid_read_query(&letter, &none, &outcome);
    assert_int_equal(outcome.kind, OUTCOME_UNCERTAIN);
}

/* Breaks when either form of PostGrid's webhooks is misread, or a forged one is believed. */
static void test_postgrid_events(void **state)
{
    static const char body[] =
        "{\"id\":\"event_1\",\"type\":\"letter.updated\",\"iat\":1700000000,\"data\":{\"id\":"
        "\"letter_1\",\"status\":\"completed\",\"imbStatus\":\"returned_to_sender\",\"metadata\":{"
        "\"token\":\"" FAKE_TOKEN "\"}}}";
    struct arena *arena = arena_create(1 << 16);
    char hex[SIGNATURE_TEXT_SIZE], header[128], jwt[1024], part[512];
    struct fake_pairs pairs = {.headers = {{"PostGrid-Signature", header}}};
    struct channel_report report = fake_report(&pairs, body, 1700000000000);
    struct report_result result;
    uint8_t digest[32];

    (void)state;
    signature_hex(hex, "whs", "1700000000", slice_of(body));
    snprintf(header, sizeof header, "t=1700000000,v1=%s", hex);
    assert_int_equal(postgrid_report(&grid, &report, arena, &result, NULL), RESULT_OK);
    assert_int_equal(result.facts[0].evidence, EVIDENCE_RETURNED);
    header[2] = '2';
    assert_int_equal(postgrid_report(&grid, &report, arena, &result, NULL), RESULT_DENIED);
    report.now += 600000;
    header[2] = '1';
    assert_int_equal(postgrid_report(&grid, &report, arena, &result, NULL), RESULT_DENIED);
    base64url_encode(part, body, strlen(body));
    int n = snprintf(jwt, sizeof jwt, "eyJhbGciOiJIUzI1NiJ9.%s", part);
    hmac_sha256(digest, "whs", 3, jwt, (size_t)n);
    jwt[n] = '.';
    base64url_encode(jwt + n + 1, digest, 32);
    report = fake_report(&pairs, jwt, 1700000000000 + 7 * 3600000);
    assert_int_equal(postgrid_report(&grid, &report, arena, &result, NULL), RESULT_OK);
    assert_int_equal(result.facts[0].evidence, EVIDENCE_RETURNED);
    report.now += 2 * 3600000;
    assert_int_equal(postgrid_report(&grid, &report, arena, &result, NULL), RESULT_DENIED);
    jwt[n + 5] = jwt[n + 5] == 'A' ? 'B' : 'A';
    assert_int_equal(postgrid_report(&grid, &report, arena, &result, NULL), RESULT_DENIED);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lob_json),       cmocka_unit_test(test_lob_long_and_test),
        cmocka_unit_test(test_lob_braces),     cmocka_unit_test(test_lob_address),
        cmocka_unit_test(test_lob_answers),    cmocka_unit_test(test_lob_query),
        cmocka_unit_test(test_lob_events),     cmocka_unit_test(test_postgrid_json),
        cmocka_unit_test(test_postgrid_query), cmocka_unit_test(test_postgrid_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
