/* link: domain - uploaded persons: what is accepted is written, loaded and written again alike; and
 * the loader of stored bytes takes any bytes without harm. */

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(1 << 22);
    struct json_object *json;
    struct recipient recipient;
    struct error error = {0};

    if (json_read((const char *)data, size, &json, &error) == RESULT_OK) {
        if (recipient_read(json, arena, &recipient, &error) == RESULT_OK)
            check_round_trip(&recipient, arena);
        else
            require(error.text[0] != '\0');
        json_object_put(json);
    }
    if (recipient_load((const char *)data, size, arena, &recipient) == RESULT_OK)
        require(recipient.recipient_id != NULL);
    arena_destroy(&arena);
    return 0;
}
