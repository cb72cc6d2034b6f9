/* fields.c - the three ways in which vendors take fields, as one list of names and values. Pure. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "sim.h"

bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && str_equal(text + n - m, end);
}

const char *url_token(struct arena *arena, const char *url)
{
    const char *query = url ? strchr(url, '?') : NULL;
    struct form form;

    if (!query || form_read(query + 1, strlen(query + 1), arena, &form) != RESULT_OK)
        return "";
    return str_or(form_get(&form, "t"), "");
}

static enum result field_add(struct form *form, const char *name, const char *value)
{
    if (form->n == FORM_FIELDS_MAX || !name || !value)
        return RESULT_INVALID;
    form->fields[form->n++] = (struct form_field){name, value};
    return RESULT_OK;
}

static enum result json_flatten(struct json_object *json, const char *group, struct arena *arena,
                                struct form *ret)
{
    json_object_object_foreach(json, key, value)
    {
        const char *name = group ? arena_printf(arena, "%s[%s]", group, key) : key;
        enum result result;
        if (json_object_is_type(value, json_type_object) && !group)
            result = json_flatten(value, key, arena, ret);
        else
            result = field_add(ret, arena_strdup(arena, name),
                               arena_strdup(arena, json_object_get_string(value)));
        if (result != RESULT_OK)
            return result;
    }
    return RESULT_OK;
}

static enum result read_json(struct sim_request *request, struct form *ret)
{
    struct json_object *json;
    enum result result = json_read(request->body.data, request->body.length, &json, NULL);

    if (result != RESULT_OK)
        return result;
    result = json_object_is_type(json, json_type_object)
                 ? json_flatten(json, NULL, request->arena, ret)
                 : RESULT_INVALID;
    json_object_put(json);
    return result;
}

/* One part: `at` stands behind its boundary line; returns the start of the next boundary. */
static char *read_part(char *at, const char *boundary, struct form *ret)
{
    char *body = strstr(at, "\r\n\r\n"), *name = strstr(at, " name=\"");

    if (!body || !name || name > body)
        return NULL;
    char *end = strstr(body + 4, boundary);
    if (!end || end - body < 6)
        return NULL;
    name += 7;
    name[strcspn(name, "\"")] = '\0';
    end[-2] = '\0';
    return field_add(ret, name, body + 4) == RESULT_OK ? end : NULL;
}

static enum result read_multipart(struct sim_request *request, const char *type, struct form *ret)
{
    const char *mark = strstr(type, "boundary=");
    char *at = arena_strndup(request->arena, request->body.data, request->body.length);
    const char *boundary = mark ? arena_printf(request->arena, "--%s", mark + 9) : NULL;

    if (!boundary || !at || !str_starts(at, boundary))
        return RESULT_INVALID;
    while (at && !str_starts(at + strlen(boundary), "--"))
        at = read_part(at + strlen(boundary), boundary, ret);
    return at ? RESULT_OK : RESULT_INVALID;
}

enum result fields_read(struct sim_request *request, struct form *ret)
{
    const char *type = str_or(request_header(request, "Content-Type"), "");

    ret->n = 0;
    if (str_starts(type, "application/json"))
        return read_json(request, ret);
    if (str_starts(type, "multipart/form-data"))
        return read_multipart(request, type, ret);
    return form_read(request->body.data, request->body.length, request->arena, ret);
}
