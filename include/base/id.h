/* id.h - public identifiers: a kind prefix and 63 random bits, "inc_0x3k9..." (13 characters of
 * Crockford's base32, lower case). One number serves the API and the tables. Thread-safe. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef int64_t id; /* > 0; 0 = none */
enum { ID_TEXT_SIZE = 24 };

/* A fresh random id (libsodium). */
id id_new(void);
/* Writes "<prefix>_<13 chars>"; the prefix has at most 8 characters. Returns `to`. */
char *id_format(char to[ID_TEXT_SIZE], const char *prefix, id value);
/* 0 unless the text is exactly one id with this prefix. */
id id_parse(const char *text, const char *prefix);
