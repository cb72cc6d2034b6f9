/* json.c - reading JSON: the gate first, then json-c builds the tree. Happy path: the thread's own
 * tokener is reused. Failure modes: RESULT_INVALID with place and reason; names given twice show as
 * fewer members in the tree than the gate counted, whatever escapes they were written with. */
/* System. */
#include <limits.h>
#include <math.h>
#include <pthread.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/base/json_gate.h"

static pthread_key_t tokener_key;
static pthread_once_t tokener_once = PTHREAD_ONCE_INIT;

static void tokener_free(void *tokener)
{
    json_tokener_free(tokener);
}

static void tokener_key_make(void)
{
    require(pthread_key_create(&tokener_key, tokener_free) == 0);
}

/* The thread's tokener, ready for a text; freed when the thread ends. */
static struct json_tokener *tokener_get(void)
{
    static _Thread_local struct json_tokener *tokener;
    if (tokener != NULL) {
        json_tokener_reset(tokener);
        return tokener;
    }
    /* The gate has counted the depth, and knows UTF-8; json-c counts scalars as a level too. */
    tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
    require(tokener != NULL);
    /* No JSON_TOKENER_STRICT: json-c 0.18 takes bytes above 0x7f for control characters then (its
     * char is signed), and the gate has let nothing through that is not strict JSON in UTF-8. */
    pthread_once(&tokener_once, tokener_key_make);
    pthread_setspecific(tokener_key, tokener);
    return tokener;
}

/* Counts the members of all objects; false when a number is not finite. */
static bool tree_check(struct json_object *json, size_t *members)
{
    enum json_type type = json_object_get_type(json);
    if (type == json_type_double)
        return isfinite(json_object_get_double(json));
    if (type == json_type_object) {
        *members += (size_t)json_object_object_length(json);
        json_object_object_foreach(json, key, value)
        {
            (void)key;
            if (!tree_check(value, members))
                return false;
        }
    } else if (type == json_type_array) {
        for (size_t i = 0; i < json_object_array_length(json); i++) {
            if (!tree_check(json_object_array_get_idx(json, i), members))
                return false;
        }
    }
    return true;
}

static const char *build(const char *text, const struct json_gate *gate,
                         struct json_object **ret_json)
{
    struct json_tokener *tokener = tokener_get();
    struct json_object *json =
        json_tokener_parse_ex(tokener, text + gate->start, (int)(gate->end - gate->start));
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        json = json_tokener_parse_ex(tokener, "", 1); /* ends a bare number */
    if (json_tokener_get_error(tokener) != json_tokener_success)
        return "the JSON text could not be read; check it with a JSON validator";
    size_t members = 0;
    const char *problem = NULL;
    if (!tree_check(json, &members))
        problem = "a number is out of range; send a smaller one";
    else if (members != gate->members)
        problem = "a member name appears twice in one object; send each name once";
    if (problem != NULL)
        json_object_put(json);
    else
        *ret_json = json;
    return problem;
}

enum result json_read(const char *text, size_t length, struct json_object **ret_json,
                      struct error *error)
{
    struct json_gate gate;
    if (length >= INT_MAX)
        return error_set(error, RESULT_INVALID, NULL,
                         "the JSON text is too long; send it in smaller parts");
    if (!json_gate_pass(text, length, &gate))
        return error_set(error, RESULT_INVALID, NULL, "%s at byte %zu of the JSON text; correct it",
                         gate.problem, gate.problem_at);
    const char *problem = build(text, &gate, ret_json);
    if (problem != NULL)
        return error_set(error, RESULT_INVALID, NULL, "%s", problem);
    return RESULT_OK;
}

struct json_object *json_get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, key, &value))
        return NULL;
    return value;
}

const char *json_get_string(struct json_object *object, const char *key)
{
    struct json_object *value = json_get(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback)
{
    struct json_object *value = json_get(object, key);
    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : fallback;
}

bool json_get_bool(struct json_object *object, const char *key, bool fallback)
{
    struct json_object *value = json_get(object, key);
    return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value)
                                                         : fallback;
}
