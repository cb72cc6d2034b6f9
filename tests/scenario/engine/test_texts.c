/* The texts of notices are exchanged by an upgrade while a wave is under way: what was approved and
 * released is what is said, and can be made again afterwards. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "tests/support/engine_rig.h"

static const char roster[] =
    "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n";

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

/* The digest of what the person is, or would be, told by email. */
static void digest_of(struct rig *rig, id incident, char to[DIGEST_TEXT_SIZE])
{
    bool done = false;
    struct arena *arena = arena_create(1 << 20);
    struct delivery_preview preview = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident,
        .recipient_id = "a",
        .channel = "email"};
    delivery_preview(rig->delivery, &preview);
    rig_settle(rig);
    assert_true(done);
    assert_int_equal(preview.request.result, RESULT_OK);
    memcpy(to, preview.notice_digest, DIGEST_TEXT_SIZE);
    arena_destroy(&arena);
}

/* Another program version with other texts starts on the same store. */
static void upgrade(struct rig *rig)
{
    struct buf packed, text;
    struct json_object *json;
    struct notice_set *fresh;
    buf_init(&packed, SIZE_MAX);
    buf_init(&text, SIZE_MAX);
    assert_true(notice_set_pack(rig->notices, "breach", &packed));
    assert_int_equal(json_read(packed.data, packed.length, &json, NULL), RESULT_OK);
    struct json_object *notices = json_get(json, "notices");
    buf_printf(&text, "%s\n\nThis sentence is new.\n", json_get_string(notices, "en"));
    json_object_object_add(notices, "en", json_object_new_string(text.data));
    buf_clear(&packed);
    assert_true(json_write(&packed, json));
    assert_int_equal(notice_set_unpack(packed.data, packed.length, &fresh), RESULT_OK);
    struct notice_set *old = rig->notices;
    rig->notices = fresh;
    rig_restart(rig);
    notice_set_destroy(&old);
    json_object_put(json);
    buf_free(&packed);
    buf_free(&text);
}

/* If this fails, people are told another text after an upgrade than was approved, or the evidence
 * says of everybody told before it that the text is another. */
static void what_was_released_is_said(void **state)
{
    struct rig *rig = *state;
    char released[DIGEST_TEXT_SIZE], after[DIGEST_TEXT_SIZE], draft[DIGEST_TEXT_SIZE];
    rig->provider_down[RIG_EMAIL] = true;
    id incident = rig_incident(rig, roster);
    rig_pass(rig, 1000);
    digest_of(rig, incident, released);
    upgrade(rig);
    rig->provider_down[RIG_EMAIL] = false;
    rig_pass(rig, HOUR);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@a.example"), 1);
    digest_of(rig, incident, after);
    assert_string_equal(after, released);
    id other = rig_draft(rig, roster);
    digest_of(rig, other, draft);
    assert_string_not_equal(draft, released);
}

/* If this fails, texts that were kept are taken back as something else, or nonsense as texts. */
static void packs_come_back(void **state)
{
    struct rig *rig = *state;
    struct buf packed, again;
    struct notice_set *set;
    buf_init(&packed, SIZE_MAX);
    buf_init(&again, SIZE_MAX);
    assert_true(notice_set_pack(rig->notices, "breach", &packed));
    assert_int_equal(notice_set_unpack(packed.data, packed.length, &set), RESULT_OK);
    assert_true(notice_set_pack(set, "breach", &again));
    assert_int_equal(again.length, packed.length);
    assert_memory_equal(again.data, packed.data, packed.length);
    notice_set_destroy(&set);
    assert_int_equal(notice_set_unpack("{}", 2, &set), RESULT_INVALID);
    assert_int_equal(notice_set_unpack("[1", 2, &set), RESULT_INVALID);
    static const char no_words[] = "{\"kind\":\"breach\",\"notices\":{\"en\":\"x\"}}";
    assert_int_equal(notice_set_unpack(no_words, sizeof(no_words) - 1, &set), RESULT_INVALID);
    buf_free(&packed);
    buf_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_released_is_said, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(packs_come_back, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
