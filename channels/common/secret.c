/* secret.c - reads secrets from files (Kubernetes secrets, systemd credentials) or the environment.
 */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "secret.h"

enum result secret_check(const char *spec, const char *field, struct error *error)
{
    if (str_empty(spec))
        return error_set(error, RESULT_INVALID, field,
                         "the secret is missing: give the path of a file or env:NAME");
    if (str_starts(spec, "env:") ? !spec[4] : spec[0] != '/')
        return error_set(error, RESULT_INVALID, field,
                         "a secret is given as an absolute path or as env:NAME, not by itself");
    return RESULT_OK;
}

/* Cuts the text into lines; blank ones are left out. */
static enum result split(char *text, const char *field, struct secrets *ret, struct error *error)
{
    char *rest = text, *line;

    ret->n = 0;
    while ((line = strsep(&rest, "\n"))) {
        line = str_trim(line);
        if (!*line)
            continue;
        if (ret->n == SECRETS_MAX || !str_copy(ret->values[ret->n], SECRET_SIZE, line))
            return error_set(
                error, RESULT_INVALID, field,
                "the secret holds more than %d lines or a line over %d bytes: shorten it",
                SECRETS_MAX, SECRET_SIZE - 1);
        ret->n++;
    }
    if (!ret->n)
        return error_set(error, RESULT_INVALID, field, "the secret is empty: write it there");
    return RESULT_OK;
}

static ssize_t read_file(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    ssize_t got = 1;

    if (fd < 0)
        return -1;
    while (n < size && (got = read(fd, to + n, size - n)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        if (got > 0)
            n += (size_t)got;
    }
    close(fd);
    return got < 0 ? -1 : (ssize_t)n;
}

enum result secret_load(const char *spec, const char *field, struct secrets *ret,
                        struct error *error)
{
    char text[SECRETS_MAX * (SECRET_SIZE + 2)] = "";
    enum result result;

    ret->n = 0;
    if (str_empty(spec))
        return RESULT_OK;
    if (str_starts(spec, "env:")) {
        const char *value = getenv(spec + 4);
        if (!value || !str_copy(text, sizeof text, value))
            return error_set(error, RESULT_INVALID, field,
                             "the environment has no usable variable of this name: set it");
    } else {
        ssize_t n = read_file(spec, text, sizeof text - 1);
        if (n < 0 || (size_t)n == sizeof text - 1 || strlen(text) != (size_t)n)
            return error_set(
                error, RESULT_INVALID, field,
                "the secret's file can't be read or is too long: check path and rights");
    }
    result = split(text, field, ret, error);
    explicit_bzero(text, sizeof text);
    return result;
}
