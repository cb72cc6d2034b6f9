/* test_sms.c - Twilio, Kannel and the webhook receiver: request bytes, answers, callbacks. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/hash.h"
#include "base/str.h"

/* This module. */
#include "channels/common/signature.h"
#include "channels/sms/sms_kannel.h"
#include "channels/sms/sms_twilio.h"
#include "channels/webhook/webhook.h"
#include "fake_report.h"

static char sid[] = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", from[] = "+15005550006",
            base[] = "https://api.twilio.com", ours[] = "https://n.example.org";
static struct twilio_settings twilio = {.account_sid = sid,
                                        .user = sid,
                                        .from = from,
                                        .base_url = base,
                                        .public_url = ours,
                                        .password = {.n = 1, .values = {"pw"}},
                                        .auth_tokens = {.n = 2, .values = {"new", "12345"}}};
static struct channel_send message = {
    .token = FAKE_TOKEN,
    .key = "key1",
    .phone = "+14155550100",
    .notice = {.locale = "en", .text = "Hi & bye", .text_length = 8}};

/* Breaks when the create request lacks a field, or tells Twilio more than number, text and
 * callback. */
static void test_twilio_request(void **state)
{
    struct wire_request request;

    (void)state;
    wire_request_init(&request, 0);
    twilio_write_send(&twilio, &message, &request);
    assert_true(wire_request_ok(&request));
    assert_string_equal(request.url.data, "https://api.twilio.com/2010-04-01/Accounts/"
                                          "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/Messages.json");
    assert_string_equal(
        request.body.data,
        "To=%2B14155550100&From=%2B15005550006&Body=Hi%20%26%20bye&StatusCallback="
        "https%3A%2F%2Fn.example.org%2Fv1%2Freports%2Fsms%2Ftwilio%3Ft%3D" FAKE_TOKEN);
    assert_string_equal(request.user, sid);
    wire_request_free(&request);
}

/* Breaks when an error code leads to the wrong outcome: STOP must not be tried again, 429 must. */
static void test_twilio_answers(void **state)
{
    static const struct {
        long status;
        const char *body;
        enum outcome_kind kind;
        enum blame blame;
        int code;
    } rows[] = {
        {201, "{\"sid\":\"SM1\",\"status\":\"queued\"}", OUTCOME_ACCEPTED, BLAME_NONE, 0},
        {201, "{\"sid\":\"SM1\",\"status\":\"delivered\"}", OUTCOME_DELIVERED, BLAME_NONE, 0},
        {400, "{\"code\":21211}", OUTCOME_REJECTED, BLAME_ADDRESS, 21211},
        {400, "{\"code\":21610}", OUTCOME_REJECTED, BLAME_STOPPED, 21610},
        {400, "{\"code\":21408}", OUTCOME_DEFERRED, BLAME_PROVIDER, 21408},
        {400, "{\"code\":21614}", OUTCOME_REJECTED, BLAME_RECIPIENT, 21614},
        {400, "{\"code\":99999}", OUTCOME_REJECTED, BLAME_CONTENT, 400},
        {401, "{\"code\":20003}", OUTCOME_DEFERRED, BLAME_PROVIDER, 20003},
        {429, "{\"code\":20429}", OUTCOME_DEFERRED, BLAME_NONE, 20429},
        {500, "{\"code\":21211}", OUTCOME_UNCERTAIN, BLAME_NONE, 500},
        {503, "<html>", OUTCOME_UNCERTAIN, BLAME_NONE, 503},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire_reply reply = {rows[i].status, rows[i].body, strlen(rows[i].body), 2000};
        struct outcome outcome;
        twilio_read_send(&reply, &outcome);
        assert_int_equal(outcome.kind, rows[i].kind);
        assert_int_equal(outcome.blame, rows[i].blame);
        if (rows[i].code)
            assert_int_equal(outcome.code, rows[i].code);
        assert_int_equal(outcome.retry_after_ms, rows[i].kind == OUTCOME_DEFERRED ? 2000 : -1);
    }
}

static enum outcome_kind query_of(long status, const char *body)
{
    struct wire_reply reply = {status, body, strlen(body), -1};
    struct outcome outcome;

    twilio_read_query(&message, &reply, &outcome);
    return outcome.kind;
}

/* Breaks when a list that isn't whole passes for proof of absence, or a failed text for one that
 * was sent. */
static void test_twilio_query(void **state)
{
    (void)state;
    assert_int_equal(
        query_of(200, "{\"messages\":[{\"body\":\"Hi & "
                      "bye\",\"to\":\"+14155550100\",\"sid\":\"SM2\",\"status\":\"sent\"}]}"),
        OUTCOME_ACCEPTED);
    assert_int_equal(
        query_of(200, "{\"messages\":[{\"body\":\"Hi & "
                      "bye\",\"to\":\"+14155550100\",\"sid\":\"SM2\",\"status\":\"failed\"}]}"),
        OUTCOME_CANCELED);
    assert_int_equal(query_of(200, "{\"messages\":[{\"body\":\"Other\",\"to\":\"+14155550100\"}]}"),
                     OUTCOME_CANCELED);
    assert_int_equal(query_of(200, "{\"messages\":[],\"next_page_uri\":\"/x\"}"),
                     OUTCOME_UNCERTAIN);
    assert_int_equal(query_of(200, "{}"), OUTCOME_UNCERTAIN);
    assert_int_equal(query_of(200, "junk"), OUTCOME_UNCERTAIN);
    assert_int_equal(query_of(429, ""), OUTCOME_DEFERRED);
    assert_int_equal(query_of(500, ""), OUTCOME_DEFERRED);
}

static enum result twilio_try(const char *url, const char *body, const char *signature,
                              struct report_fact *ret)
{
    static struct arena *arena;
    struct fake_pairs pairs = {.query = {{"t", FAKE_TOKEN}},
                               .headers = {{"X-Twilio-Signature", signature}}};
    struct channel_report report = fake_report(&pairs, body, 0);
    struct report_result result;

    if (!arena)
        arena = arena_create(1 << 20);
    arena_reset(arena);
    report.url = url;
    enum result code = twilio_report(&twilio, &report, arena, &result, NULL);
    if (code == RESULT_OK && result.n)
        *ret = result.facts[0];
    if (!body[0])
        arena_destroy(&arena);
    return code;
}

static void twilio_sign(char to[29], const char *text)
{
    uint8_t digest[20];

    hmac_sha1(digest, "12345", 5, text, strlen(text));
    base64_encode(to, digest, 20);
}

/* Breaks when a forged callback passes, or a good one fails over the default port or the order of
 * its fields. */
static void test_twilio_callback(void **state)
{
    static const char body[] = "MessageStatus=undelivered&MessageSid=SM1&ErrorCode=30007";
    char signature[29];
    struct report_fact fact;

    (void)state;
    twilio_sign(signature,
                "https://n.example.org/r?t=1ErrorCode30007MessageSidSM1MessageStatusundelivered");
    assert_int_equal(twilio_try("https://n.example.org/r?t=1", body, signature, &fact), RESULT_OK);
    assert_int_equal(fact.evidence, EVIDENCE_BOUNCED);
    assert_int_equal(fact.blame, BLAME_PROVIDER);
    assert_int_equal(fact.code, 30007);
    assert_string_equal(fact.token, FAKE_TOKEN);
    assert_int_equal(twilio_try("https://n.example.org:443/r?t=1", body, signature, &fact),
                     RESULT_OK);
    assert_int_equal(twilio_try("https://n.example.org:444/r?t=1", body, signature, &fact),
                     RESULT_DENIED);
    assert_int_equal(twilio_try("https://n.example.org/r?t=2", body, signature, &fact),
                     RESULT_DENIED);
    assert_int_equal(twilio_try("https://n.example.org/r?t=1",
                                "MessageStatus=delivered&MessageSid=SM1", signature, &fact),
                     RESULT_DENIED);
    assert_int_equal(twilio_try("https://n.example.org/r?t=1", body, NULL, &fact), RESULT_DENIED);
    assert_int_equal(twilio_try("https://n.example.org/r?t=1", "%", signature, &fact),
                     RESULT_INVALID);
    twilio_sign(signature, "https://n.example.org:443/r?t=1MessageSidSM1MessageStatusdelivered");
    assert_int_equal(twilio_try("https://n.example.org/r?t=1",
                                "MessageSid=SM1&MessageStatus=delivered", signature, &fact),
                     RESULT_OK);
    assert_int_equal(fact.evidence, EVIDENCE_DELIVERED);
    assert_int_equal(twilio_try("https://n.example.org/r?t=1", "", signature, &fact),
                     RESULT_DENIED);
}

/* Breaks when a person's STOP is not heard, or any other word of his is taken for one. */
static void test_twilio_stop(void **state)
{
    static const struct {
        const char *body, *signed_text;
        bool stops;
    } rows[] = {
        {"Body=Stop.&From=%2B14155550123&MessageSid=SM2",
         "https://n.example.org/r?t=1BodyStop.From+14155550123MessageSidSM2", true},
        {"Body=x&From=%2B14155550123&MessageSid=SM2&OptOutType=STOP",
         "https://n.example.org/r?t=1BodyxFrom+14155550123MessageSidSM2OptOutTypeSTOP", true},
        {"Body=stopping+by&From=%2B14155550123&MessageSid=SM2",
         "https://n.example.org/r?t=1Bodystopping byFrom+14155550123MessageSidSM2", false},
    };
    char signature[29];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report_fact fact = {.kind = REPORT_PROGRESS};
        twilio_sign(signature, rows[i].signed_text);
        assert_int_equal(twilio_try("https://n.example.org/r?t=1", rows[i].body, signature, &fact),
                         RESULT_OK);
        assert_int_equal(fact.kind == REPORT_STOP, rows[i].stops);
        if (rows[i].stops)
            assert_string_equal(fact.phone, "+14155550123");
    }
}

static struct kannel_settings kannel = {.sendsms_url = base,
                                        .username = sid,
                                        .from = from,
                                        .public_url = ours,
                                        .password = {.n = 1, .values = {"pw"}},
                                        .report = {.n = 1, .values = {"s3"}}};

/* Breaks when a text outside GSM 03.38 goes out in 7 bits, or the callback loses its token. */
static void test_kannel_request(void **state)
{
    struct wire_request request;

    (void)state;
    assert_true(kannel_is_gsm7("Hello {[~]} \xe2\x82\xac \xc3\xa9"));
    assert_false(kannel_is_gsm7("curly \xe2\x80\x99"));
    assert_false(kannel_is_gsm7("back ` tick"));
    assert_false(kannel_is_gsm7("\xc3\xa7"));
    wire_request_init(&request, 0);
    kannel_write_send(&kannel, &message, &request);
    assert_true(wire_request_ok(&request));
    assert_string_equal(request.body.data, "Hi & bye");
    bool found = false;
    for (size_t i = 0; i < request.n_headers; i++)
        found |= str_equal(request.headers[i].value,
                           "https://n.example.org/v1/reports/sms/kannel?t=" FAKE_TOKEN
                           "&d=%d&r=%A&s=s3");
    assert_true(found);
    wire_request_free(&request);
}

/* Breaks when a refusal of the gateway passes for taken, or the other way round. */
static void test_kannel_answers(void **state)
{
    static const struct {
        long status;
        const char *body;
        enum outcome_kind kind;
    } rows[] = {{202, "0: Accepted for delivery", OUTCOME_ACCEPTED},
                {202, "3: Queued for later delivery", OUTCOME_ACCEPTED},
                {202, "5: who knows", OUTCOME_UNCERTAIN},
                {403, "Authorization failed for sendsms", OUTCOME_DEFERRED},
                {503, "Temporal failure, try again later.", OUTCOME_DEFERRED},
                {500, "", OUTCOME_UNCERTAIN},
                {400, "Missing receiver number, rejected", OUTCOME_REJECTED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire_reply reply = {rows[i].status, rows[i].body, strlen(rows[i].body), -1};
        struct outcome outcome;
        kannel_read_send(&reply, &outcome);
        assert_int_equal(outcome.kind, rows[i].kind);
    }
}

/* Breaks when an unsigned report passes without the shared secret, or a delivery is taken for a
 * failure. */
static void test_kannel_callback(void **state)
{
    struct arena *arena = arena_create(1 << 16);
    struct fake_pairs pairs = {
        .query = {{"t", FAKE_TOKEN}, {"d", "2"}, {"s", "s3"}, {"r", "NACK/11"}}};
    struct channel_report report = fake_report(&pairs, "", 0);
    struct report_result result;

    (void)state;
    assert_int_equal(kannel_report(&kannel, &report, arena, &result, NULL), RESULT_OK);
    assert_int_equal(result.facts[0].evidence, EVIDENCE_BOUNCED);
    assert_string_equal(result.facts[0].diagnostic, "NACK/11");
    pairs.query[1][1] = "1";
    assert_int_equal(kannel_report(&kannel, &report, arena, &result, NULL), RESULT_OK);
    assert_int_equal(result.facts[0].evidence, EVIDENCE_DELIVERED);
    pairs.query[1][1] = "64";
    assert_int_equal(kannel_report(&kannel, &report, arena, &result, NULL), RESULT_INVALID);
    pairs.query[2][1] = "s4";
    assert_int_equal(kannel_report(&kannel, &report, arena, &result, NULL), RESULT_DENIED);
    arena_destroy(&arena);
}

#define WHSEC "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
static struct webhook_settings hook = {.channel = "voice",
                                       .url = base,
                                       .public_url = ours,
                                       .signing = {.n = 1, .values = {WHSEC}},
                                       .report = {.n = 1, .values = {WHSEC}}};

/* Breaks when the receiver could not verify or de-duplicate what we send. */
static void test_webhook_request(void **state)
{
    struct wire_request request;
    struct secrets secrets = {.n = 1, .values = {WHSEC}};

    (void)state;
    wire_request_init(&request, 1700000000000);
    webhook_write_send(&hook, &message, &request);
    assert_true(wire_request_ok(&request));
    assert_string_equal(request.headers[1].name, "webhook-id");
    assert_string_equal(request.headers[1].value, "key1");
    struct hook_signed what = {"key1", "1700000000", {request.body.data, request.body.length}};
    assert_true(hook_verify(&secrets, &what, request.headers[3].value));
    assert_non_null(strstr(request.body.data, "\"text\":\"Hi & bye\""));
    assert_non_null(strstr(request.body.data, "/v1/reports/voice/webhook\""));
    wire_request_free(&request);
}

/* Breaks when a stale, forged or malformed report becomes a fact, or a wish for paper gets lost. */
static void test_webhook_report(void **state)
{
    static const char body[] =
        "{\"type\":\"message.status\",\"timestamp\":\"2023-11-14T22:13:20Z\",\"data\":{\"token\":"
        "\"" FAKE_TOKEN "\",\"status\":\"written_notice\"}}";
    struct arena *arena = arena_create(1 << 16);
    char signature[SIGNATURE_TEXT_SIZE];
    struct fake_pairs pairs = {.headers = {{"webhook-id", "e1"},
                                           {"webhook-timestamp", "1700000000"},
                                           {"webhook-signature", signature}}};
    struct channel_report report = fake_report(&pairs, body, 1700000100000);
    struct report_result result;

    (void)state;
    assert_true(
        hook_sign(signature, WHSEC, &(struct hook_signed){"e1", "1700000000", slice_of(body)}));
    assert_int_equal(webhook_report(&hook, &report, arena, &result, NULL), RESULT_OK);
    assert_int_equal(result.facts[0].kind, REPORT_REQUEST);
    assert_int_equal(result.facts[0].at, 1700000000000);
    assert_string_equal(result.event_id, "e1");
    report.now = 1700000301000;
    assert_int_equal(webhook_report(&hook, &report, arena, &result, NULL), RESULT_DENIED);
    report.now = 1700000000000;
    report.body_length--;
    assert_int_equal(webhook_report(&hook, &report, arena, &result, NULL), RESULT_DENIED);
    assert_true(hook_sign(signature, WHSEC,
                          &(struct hook_signed){"e1", "1700000000", {body, report.body_length}}));
    assert_int_equal(webhook_report(&hook, &report, arena, &result, NULL), RESULT_INVALID);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twilio_request),  cmocka_unit_test(test_twilio_answers),
        cmocka_unit_test(test_twilio_query),    cmocka_unit_test(test_twilio_callback),
        cmocka_unit_test(test_twilio_stop),     cmocka_unit_test(test_kannel_request),
        cmocka_unit_test(test_kannel_answers),  cmocka_unit_test(test_kannel_callback),
        cmocka_unit_test(test_webhook_request), cmocka_unit_test(test_webhook_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
