/* result.c - names of results, error sentences, and the end of the road (panic).
 * Happy path: error_set fills a struct and hands its code back. Failure modes: text is cut at the
 * bound. */
/* System. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/result.h"

static const char *const names[RESULT_N] = {
    [RESULT_OK] = "ok",
    [RESULT_BUSY] = "busy",
    [RESULT_CLOSING] = "closing",
    [RESULT_CANCELED] = "canceled",
    [RESULT_NOT_FOUND] = "not_found",
    [RESULT_EXISTS] = "exists",
    [RESULT_CONFLICT] = "conflict",
    [RESULT_INVALID] = "invalid",
    [RESULT_DENIED] = "denied",
    [RESULT_TOO_LARGE] = "too_large",
    [RESULT_TIMEOUT] = "timeout",
    [RESULT_UNCERTAIN] = "uncertain",
    [RESULT_UNAVAILABLE] = "unavailable",
    [RESULT_IO] = "io",
    [RESULT_FULL] = "full",
};

const char *result_name(enum result result)
{
    return (unsigned)result < RESULT_N ? names[result] : "unknown";
}

enum result error_set(struct error *error, enum result code, const char *field, const char *format,
                      ...)
{
    if (error == NULL)
        return code;
    /* Formatted aside first: an argument may point into *error. */
    struct error fresh = {.code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(fresh.text, sizeof(fresh.text), format, args);
    va_end(args);
    snprintf(fresh.field, sizeof(fresh.field), "%s", field != NULL ? field : "");
    *error = fresh;
    return code;
}

void error_wrap(struct error *error, const char *format, ...)
{
    char text[sizeof(error->text)];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (error == NULL || length < 0)
        return;
    size_t used = strlen(text);
    if (snprintf(text + used, sizeof(text) - used, ": %s", error->text) < 0)
        return; /* longer than the bound: cut, as promised */
    memcpy(error->text, text, sizeof(text));
}

void panic_at(const char *file, int line, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}
