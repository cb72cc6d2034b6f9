/* out.c - building the JSON of answers. */

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/api/call.h"

enum { ANSWER_MAX = 12 << 20 };

void out_text(struct json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, text ? json_object_new_string(text) : NULL);
}

void out_int(struct json_object *to, const char *name, int64_t number)
{
    json_object_object_add(to, name, json_object_new_int64(number));
}

void out_bool(struct json_object *to, const char *name, bool value)
{
    json_object_object_add(to, name, json_object_new_boolean(value));
}

void out_id(struct json_object *to, const char *name, const char *prefix, id value)
{
    char text[ID_TEXT_SIZE];
    out_text(to, name, value ? id_format(text, prefix, value) : NULL);
}

void out_time(struct json_object *to, const char *name, time_ms at)
{
    char text[TIME_TEXT_SIZE];
    out_text(to, name, at == TIME_NONE ? NULL : time_format(text, at));
}

void out_json(struct json_object *to, const char *name, const char *json_text)
{
    struct json_object *value = NULL;
    if (json_text && json_read(json_text, slice_of(json_text).length, &value, NULL) != RESULT_OK)
        value = NULL;
    json_object_object_add(to, name, value);
}

const char *json_text_of(struct arena *arena, struct json_object *json, size_t *ret_length)
{
    struct buf text;
    buf_init(&text, ANSWER_MAX);
    bool good = json_write(&text, json) && buf_putc(&text, '\n');
    json_object_put(json);
    char *copy = good ? arena_strndup(arena, text.data, text.length) : NULL;
    if (copy)
        *ret_length = text.length;
    buf_wipe(&text);
    return copy;
}
