/* json.h - JSON as this program accepts and writes it. Reading is json-c behind a strict gate;
 * writing is canonical (RFC 8785) where bytes are evidence. Pure, thread-safe. json-c's header
 * lives here and nowhere else. */
#pragma once
#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/result.h"

enum { JSON_DEPTH_MAX = 16 };

/* Parses one whole JSON text. Refused with RESULT_INVALID and a sentence: bad UTF-8, depth over
 * JSON_DEPTH_MAX, duplicate keys, NaN and friends, single quotes, comments, raw control characters,
 * \u0000, lone surrogates, integers outside int64, trailing bytes. The caller owns *ret_json:
 * json_object_put(). */
enum result json_read(const char *text, size_t length, struct json_object **ret_json,
                      struct error *error);

/* Members by name. NULL / fallback when absent, null or of another type; never owns. */
struct json_object *json_get(struct json_object *object, const char *key);
const char *json_get_string(struct json_object *object, const char *key);
int64_t json_get_int(struct json_object *object, const char *key, int64_t fallback);
bool json_get_bool(struct json_object *object, const char *key, bool fallback);

/* Canonical text of the value appended (RFC 8785: members sorted by UTF-16 units, minimal escapes,
 * no blanks). Doubles, and integers beyond +-(2^53 - 1), which RFC 8785 would round, are refused
 * (false, and buf->failed): our documents have none; identifiers are strings. */
bool json_write(struct buf *buf, struct json_object *json);

/* A quoted, escaped JSON string appended; `text` must be valid UTF-8. */
bool json_write_string(struct buf *buf, const char *text, size_t length);
