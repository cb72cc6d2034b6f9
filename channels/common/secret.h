/* secret.h - secrets of a driver's configuration: the value is a file's path or "env:NAME", never
 * the secret. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/result.h"

enum { SECRETS_MAX = 4, SECRET_SIZE = 512 };

/* One secret a line: several while one is being rotated out (the first is used for signing and
 * logging in). */
struct secrets {
    size_t n;
    char values[SECRETS_MAX][SECRET_SIZE];
};

/* Pure: the shape of the setting. */
enum result secret_check(const char *spec, const char *field, struct error *error);
/* Reads it. `spec` NULL: none, ret->n = 0. RESULT_INVALID with a sentence when unreadable, empty or
 * too long. */
enum result secret_load(const char *spec, const char *field, struct secrets *ret,
                        struct error *error);
