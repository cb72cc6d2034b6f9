/* config_secret.c - secrets: the master key, and whether those of the drivers can be read.
 *
 * A secret is named by a path or env:NAME and never stands in the file, in argv or in an error
 * text. Reports show a fingerprint: enough to see that two machines hold the same secret, too
 * little to test guesses of it (16 bits). */

/* System. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Base. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/config_text.h"

enum { SECRET_BYTES = 4096 };

struct secret {
    char text[SECRET_BYTES];
    size_t length;
    const char *problem; /* static sentence; NULL: read */
    bool shared;         /* others of this machine may read the file */
};

static void read_secret_file(const char *path, struct secret *ret)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;

    if (fd < 0) {
        ret->problem = "its file cannot be opened: check path and rights";
        return;
    }
    while (ret->length < sizeof ret->text - 1 &&
           (n = read(fd, ret->text + ret->length, sizeof ret->text - 1 - ret->length)) > 0)
        ret->length += (size_t)n;
    if (n < 0)
        ret->problem = "its file cannot be read: is it a file?";
    else if (ret->length == sizeof ret->text - 1)
        ret->problem = "its file is too long for a secret: is it the right one?";
    ret->shared = fstat(fd, &info) == 0 && (info.st_mode & (S_IRWXO | S_IWGRP)) != 0;
    close(fd);
}

static void read_secret(const char *spec, struct secret *ret)
{
    memset(ret, 0, sizeof *ret);
    if (str_starts(spec, "env:")) {
        const char *value = getenv(spec + strlen("env:"));
        if (!value)
            ret->problem = "the environment has no such variable: set it";
        else if (!str_copy(ret->text, sizeof ret->text, value))
            ret->problem = "the variable is too long for a secret";
        ret->length = strlen(ret->text);
    } else
        read_secret_file(str_starts(spec, "file:") ? spec + strlen("file:") : spec, ret);
    if (!ret->problem && (!ret->length || strspn(ret->text, " \t\r\n") == ret->length))
        ret->problem = "the secret is empty: write it there";
}

static void print_secret(FILE *to, const char *path, const struct secret *secret)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[5];
    size_t length = secret->length;

    while (length && strchr(" \r\n\t", secret->text[length - 1]))
        length--;
    hmac_sha256(digest, "tocsin fingerprint", strlen("tocsin fingerprint"), secret->text, length);
    hex_encode(hex, digest, 2);
    fprintf(to, "  %-44s fingerprint %s%s\n", path, hex,
            secret->shared ? "  (others on this machine may read or change its file: chmod 0400)"
                           : "");
}

struct secrets_walk {
    struct config_reader reader;
    FILE *report;
    const char *prefix;
};

/* By their names: keys of drivers that end in _file name a secret, but for certificates. */
static void secret_check_one(struct schema_visit *visit, const char *path,
                             const cyaml_schema_field_t *field, const void *data)
{
    struct secrets_walk *walk = visit->context;
    size_t length = strlen(field->key);
    struct secret secret;

    if (walk->reader.fault->error.code != RESULT_OK || field->value.type != CYAML_STRING ||
        str_empty(data) || length < 5 || !str_equal(field->key + length - 5, "_file") ||
        str_equal(field->key, "ca_file"))
        return;
    read_secret(data, &secret);
    if (secret.problem)
        config_fault_set(&walk->reader, path, "%s", secret.problem);
    else if (walk->report)
        print_secret(walk->report, path, &secret);
    explicit_bzero(&secret, sizeof secret);
}

static void take_master(struct config *config, struct secrets_walk *walk)
{
    struct secret secret;
    size_t length;

    read_secret(config->master_key, &secret);
    length = secret.length;
    while (length && strchr(" \r\n\t", secret.text[length - 1]))
        length--;
    if (secret.problem)
        config_fault_set(&walk->reader, "master_key", "%s", secret.problem);
    else if (base64_decode(config->master.bytes, SEAL_KEY_SIZE, secret.text, length) !=
             SEAL_KEY_SIZE)
        config_fault_set(&walk->reader, "master_key",
                         "this is not 32 bytes in base64: make a key with tocsind --keygen FILE");
    else if (walk->report)
        print_secret(walk->report, "master_key", &secret);
    explicit_bzero(&secret, sizeof secret);
}

/* One key a line: the first signs, and so do the others, while a key is being replaced. */
static void take_log_keys(struct config *config, struct secrets_walk *walk)
{
    struct secret secret;
    const char *problem = NULL;

    if (!config->log_key_file)
        return;
    read_secret(config->log_key_file, &secret);
    problem = secret.problem;
    config->n_signers = 0;
    for (char *line = secret.text, *end; !problem && *line; line = end) {
        end = line + strcspn(line, "\r\n");
        if (*end)
            *end++ = 0;
        line = str_trim(line);
        if (!*line)
            continue;
        if (config->n_signers == RECEIPT_LOG_SIGNERS_MAX ||
            !note_signer_parse(&config->signers[config->n_signers++], line))
            problem = "this is no signing key: make one with tocsin log keygen FILE --name ORIGIN";
        else if (!str_equal(config->signers[config->n_signers - 1].verifier.name,
                            config->log_origin ? config->log_origin
                                               : config->signers[0].verifier.name))
            problem = "a key has another name than log.origin: all keys of a log are made with its "
                      "origin as --name";
    }
    if (problem)
        config_fault_set(&walk->reader, "log.key_file", "%s", problem);
    explicit_bzero(&secret, sizeof secret);
}

enum result config_secrets(struct config *config, FILE *report, struct config_fault *fault)
{
    struct secrets_walk walk = {.reader = {.lines = config_lines_of(config), .fault = fault},
                                .report = report};
    struct schema_visit visit = {secret_check_one, &walk};

    memset(fault, 0, sizeof *fault);
    str_copy(fault->file, sizeof fault->file, config_path(config));
    take_master(config, &walk);
    if (fault->error.code == RESULT_OK)
        take_log_keys(config, &walk);
    if (fault->error.code == RESULT_OK)
        schema_walk(schema_fields(), config_text(config), "", &visit);
    return fault->error.code;
}

enum result config_keygen(const char *path, struct error *error)
{
    struct seal_key key;
    char text[48];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    bool ok;

    if (fd < 0)
        return error_set(error, errno == EEXIST ? RESULT_EXISTS : RESULT_IO, NULL,
                         "%s: take another path", strerror(errno));
    seal_key_random(&key);
    base64_encode(text, key.bytes, SEAL_KEY_SIZE);
    text[44] = '\n';
    ok = write(fd, text, 45) == 45 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    seal_key_wipe(&key);
    explicit_bzero(text, sizeof text);
    if (ok)
        return RESULT_OK;
    unlink(path);
    return error_set(error, RESULT_IO, NULL, "the key could not be written: is the disk full?");
}
