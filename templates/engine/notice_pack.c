/* notice_pack.c - the texts of one kind as bytes that can be kept, and as a set again: what was
 * said can be made again whatever is installed by then. Canonical JSON, so that equal texts give
 * equal bytes: {"kind","notices":{locale: text},"renderer","words":{locale: words}}. Failure modes:
 * bytes that are no such pack (INVALID). */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "notice_internal.h"
#include "notice_set.h"

bool notice_set_pack(const struct notice_set *set, const char *kind, struct buf *to)
{
    struct json_object *json = json_object_new_object(), *notices = json_object_new_object(),
                       *words = json_object_new_object();
    const char *locale;
    bool ok;

    for (size_t i = 0; (locale = notice_set_locale(set, kind, i)) != NULL; i++) {
        struct notice_source source;
        if (notice_set_find(set, kind, locale, &source) != RESULT_OK)
            continue;
        json_object_object_add(notices, locale, json_object_new_string(source.text));
        json_object_object_add(words, locale, json_object_get(source.words));
    }
    json_object_object_add(json, "kind", json_object_new_string(kind));
    json_object_object_add(json, "notices", notices);
    json_object_object_add(json, "renderer", json_object_new_string(NOTICE_RENDERER_VERSION));
    json_object_object_add(json, "words", words);
    ok = json_write(to, json);
    json_object_put(json);
    return ok;
}

static void add(struct notice_set *set, const char *kind, const char *locale,
                struct json_object *value)
{
    struct notice_file file = {0};

    str_copy(file.kind, sizeof(file.kind), kind);
    str_copy(file.locale, sizeof(file.locale), locale);
    if (json_object_is_type(value, json_type_string))
        file.text = mem_strdup(json_object_get_string(value));
    else
        file.words = json_object_get(value);
    set->files = mem_resize(set->files, set->n + 1, sizeof *set->files);
    set->files[set->n++] = file;
}

static void add_all(struct notice_set *set, const char *kind, struct json_object *values)
{
    if (!json_object_is_type(values, json_type_object))
        return;
    json_object_object_foreach(values, locale, value)
    {
        add(set, kind, locale, value);
    }
}

enum result notice_set_unpack(const void *bytes, size_t length, struct notice_set **ret_set)
{
    struct json_object *json = NULL;
    struct notice_set *set;
    const char *kind;
    unsigned texts;

    if (json_read(bytes, length, &json, NULL) != RESULT_OK)
        return RESULT_INVALID;
    set = mem_new(struct notice_set);
    kind = str_or(json_get_string(json, "kind"), "");
    add_all(set, kind, json_get(json, "notices"));
    texts = set->n;
    add_all(set, "words", json_get(json, "words"));
    const bool whole = texts > 0 && set->n > texts && kind[0] != 0;
    json_object_put(json);
    if (!whole) {
        notice_set_destroy(&set);
        return RESULT_INVALID;
    }
    *ret_set = set;
    return RESULT_OK;
}
