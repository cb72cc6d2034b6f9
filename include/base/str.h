/* str.h - small helpers over strings; pure, thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of text that someone else owns; not NUL-terminated. */
struct slice {
    const char *data;
    size_t length;
};
struct slice slice_of(const char *text);
bool slice_equal(struct slice a, const char *text);

bool str_equal(const char *a, const char *b);        /* NULL equals NULL only */
bool str_equal_nocase(const char *a, const char *b); /* ASCII */
bool str_starts(const char *text, const char *prefix);
bool str_empty(const char *text); /* NULL or "" */
const char *str_or(const char *text, const char *fallback);

/* Copies with a NUL; false (and an empty string in `to`) when it does not fit. */
bool str_copy(char *to, size_t size, const char *from);
/* ASCII, in place; not for names of people. */
void str_lower(char *text);
/* Cuts blanks at both ends, in place; returns the new start. */
char *str_trim(char *text);

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms) and without NUL. */
bool utf8_valid(const char *bytes, size_t length);
/* No control characters (C0, DEL, C1, U+2028/2029) and valid UTF-8; TAB is a control here. */
bool text_is_line(const char *bytes, size_t length);
/* Code points in a valid UTF-8 string. */
size_t utf8_length(const char *text);
/* Reads one code point at *at and moves on; -1 on malformed input (moves one byte). */
int32_t utf8_next(const char **at, const char *end);

/* Text forms of bytes. `to` holds the size named plus NUL. hex: 2n; base64: 4*ceil(n/3), RFC 4648
 * section 4; base64url: without padding; base32: lower case RFC 4648 alphabet, without padding,
 * ceil(8n/5). */
void hex_encode(char *to, const void *bytes, size_t length);
void base64_encode(char *to, const void *bytes, size_t length);
void base64url_encode(char *to, const void *bytes, size_t length);
void base32_encode(char *to, const void *bytes, size_t length);
/* Strict decoders: number of bytes, or -1 (bad character, bad length, would pass `size`). base32
 * folds case. */
long hex_decode(void *to, size_t size, const char *text, size_t length);
long base64_decode(void *to, size_t size, const char *text, size_t length);
long base64url_decode(void *to, size_t size, const char *text, size_t length);
long base32_decode(void *to, size_t size, const char *text, size_t length);

/* Strict decimal: digits only (a leading '-' for i64), no blanks, in range; false otherwise. */
bool parse_i64(const char *text, int64_t *ret_value);
bool parse_u64(const char *text, uint64_t *ret_value);
