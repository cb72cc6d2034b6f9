/* link: domain - uploaded persons: what is accepted is written, loaded and written again alike; the
 * quick reader agrees with the tree in all it says; and the loader of stored bytes takes any bytes
 * without harm. */

/* System. */
#include <string.h>

/* Base. */
#include "base/result.h"

/* Interfaces. */
#include "tocsin/recipient.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct recipient *recipient, struct arena *arena)
{
    struct recipient loaded;
    struct buf one, two;

    buf_init(&one, SIZE_MAX);
    buf_init(&two, SIZE_MAX);
    require(recipient_write(&one, recipient));
    require(recipient_load(one.data, one.length, arena, &loaded) == RESULT_OK);
    require(recipient_write(&two, &loaded));
    require(one.length == two.length && memcmp(one.data, two.data, one.length) == 0);
    require(recipient->has_address == loaded.has_address);
    buf_free(&one);
    buf_free(&two);
}

static enum result read_tree(const char *text, size_t length, struct arena *arena,
                             struct recipient *ret_recipient, struct error *error)
{
    struct json_object *json;
    enum result result = json_read(text, length, &json, error);

    if (result != RESULT_OK)
        return result;
    result = recipient_read(json, arena, ret_recipient, error);
    json_object_put(json);
    return result;
}

static void check_same(const struct recipient *a, const struct recipient *b)
{
    struct buf one, two;

    buf_init(&one, SIZE_MAX);
    buf_init(&two, SIZE_MAX);
    require(recipient_write(&one, a) && recipient_write(&two, b));
    require(one.length == two.length && memcmp(one.data, two.data, one.length) == 0);
    require(a->has_address == b->has_address);
    buf_free(&one);
    buf_free(&two);
}

static void check_both_ways(const char *text, size_t length, struct arena *arena)
{
    struct recipient tree, quick;
    struct error told = {0}, error = {0};
    enum result result = read_tree(text, length, arena, &tree, &error);

    require(recipient_read_text(text, length, arena, &quick, &told) == result);
    require(strcmp(told.field, error.field) == 0 && strcmp(told.text, error.text) == 0);
    if (result != RESULT_OK) {
        require(error.text[0] != '\0');
        return;
    }
    check_same(&tree, &quick);
    check_round_trip(&quick, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(1 << 24);
    struct recipient recipient;

    if (size <= 65536)
        check_both_ways((const char *)data, size, arena);
    if (recipient_load((const char *)data, size, arena, &recipient) == RESULT_OK)
        require(recipient.recipient_id != NULL);
    arena_destroy(&arena);
    return 0;
}
