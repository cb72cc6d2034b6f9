/* test_config.c - the configuration: what is taken, what is refused and where, and that the example
 * is complete. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/log.h"
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/config.h"

static char folder[] = "/tmp/test_config.XXXXXX";

#define HEAD                                                                                       \
    "public_url: https://n.example.org\n"                                                          \
    "store: {path: /tmp/x.db}\n"                                                                   \
    "master_key: env:TEST_KEY\n"
#define EMAIL                                                                                      \
    "channels:\n"                                                                                  \
    "  - channel: email\n"                                                                         \
    "    provider: discard\n"

static const char *file_write(const char *name, const char *text)
{
    static char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

/* If this fails, defaults or values do not reach the daemon. */
static void values_are_read(void **state)
{
    struct config *config = NULL;
    struct config_fault fault;
    const char *path = file_write("good.yaml", HEAD EMAIL
                                  "    window: 7\n    rate: 2.5\n    discard: {delay_ms: 20}\n"
                                  "  - channel: banner\n    provider: discard\n"
                                  "retry: {base: 2s, max: 10s}\nconsent_required: yes\n");

    (void)state;
    if (config_load(path, &config, &fault) != RESULT_OK)
        config_fault_print(stderr, &fault);
    assert_non_null(config);
    assert_string_equal(config->listen, "127.0.0.1:8080");
    assert_int_equal(config->n_channels, 2);
    assert_int_equal(config->channels[0].window, 7);
    assert_true(config->channels[0].rate > 2.4 && config->channels[0].rate < 2.6);
    assert_int_equal(config->channels[0].wait_ms, 72 * 3600 * 1000);
    assert_int_equal(config->channels[0].settles, EVIDENCE_ACCEPTED);
    assert_non_null(config->channels[1].config);
    assert_int_equal(config->retry_base_ms, 2000);
    assert_int_equal(config->retry_limit, 8);
    assert_int_equal(config->log_level, LOG_INFO);
    assert_true(config->consent_required);
    assert_int_equal(config->n_ladder, 1);
    assert_string_equal(config->ladder[0], "email");
    assert_string_equal(config->beside[0], "banner");
    config_destroy(&config);
    assert_null(config);
}

static const struct {
    const char *yaml;
    unsigned line;
    const char *field, *word; /* of the sentence */
} faults[] = {
    {"listen: 1\nlisten: 2\n" HEAD EMAIL, 2, "listen", "twice"},
    {HEAD EMAIL "colour: red\n", 7, "colour", "no such key"},
    {HEAD EMAIL "    smpt: {}\n", 7, "channels[0].smpt", "no such key"},
    {HEAD EMAIL "retry: {base: 5}\n", 7, "retry.base", "unit"},
    {HEAD EMAIL "retry:\n  base: 1h\n  max: 1s\n", 9, "retry.max", "shorter"},
    {HEAD EMAIL "retry: {limit: 08x}\n", 7, "retry.limit", "whole number"},
    {HEAD EMAIL "retry: {limit: 0}\n", 7, "retry.limit", "from 1"},
    {HEAD EMAIL "approvals_required: 0\n", 7, "approvals_required", "whole number"},
    {HEAD EMAIL "consent_required: maybe\n", 7, "consent_required", "yes or no"},
    {HEAD EMAIL "log: {level: loud}\n", 7, "log.level", "debug"},
    {HEAD EMAIL "    rate: 0x10\n", 7, "channels[0].rate", "number"},
    {HEAD EMAIL "    rate: -1\n", 7, "channels[0].rate", "number"},
    {HEAD EMAIL "    evidence: {settles: returned}\n", 7, "channels[0].evidence.settles",
     "accepted"},
    {HEAD EMAIL "    evidence: {sufficient: accepted, settles: displayed}\n", 7,
     "channels[0].evidence.settles", "weaker"},
    {HEAD EMAIL "    evidence: {settles: delivered}\n", 7, "channels[0].evidence.settles",
     "never reports"},
    {HEAD EMAIL "    discard:\n      delay_ms: 5s\n", 8, "channels[0].discard.delay_ms",
     "whole number"},
    {HEAD EMAIL "    discard:\n      delay_ms: 70000\n", 8, "channels[0].discard.delay_ms",
     "minute"},
    {HEAD EMAIL "    lob: {}\n", 4 + 1, "channels[0]", "another provider"},
    {HEAD EMAIL "ladder: [email, fax]\n", 7, "ladder[1]", "not configured"},
    {HEAD EMAIL "ladder: [email, email]\n", 7, "ladder[1]", "twice"},
    {HEAD EMAIL "ladder: [email]\nbeside: [email]\n", 8, "beside", "beside"},
    {HEAD EMAIL "ladder: []\n", 7, "ladder", "empty"},
    {HEAD EMAIL "  - channel: email\n    provider: discard\n", 7, "channels[1].channel", "twice"},
    {HEAD "channels:\n  - channel: email\n    provider: pigeon\n", 6, "channels[0].provider",
     "smtp"},
    {HEAD "channels:\n  - channel: smoke\n    provider: smtp\n", 5, "channels[0].channel",
     "email/smtp"},
    {HEAD "channels:\n  - channel: email\n", 5, "channels[0].provider", "missing"},
    {HEAD, 0, "channels", "no channel"},
    {"store: {path: /x}\nmaster_key: env:K\npublic_url: https://x.example/\n" EMAIL, 3,
     "public_url", "slash"},
    {"store: {path: /x}\nmaster_key: env:K\npublic_url: ftp://x.example\n" EMAIL, 3, "public_url",
     "write where"},
    {"store: {path: /x}\nmaster_key: c2VjcmV0\npublic_url: https://x.example\n" EMAIL, 2,
     "master_key", "never by itself"},
    {"master_key: env:K\npublic_url: https://x.example\n" EMAIL, 0, "store.path", "missing"},
    {HEAD "channels:\n  - channel: email\n    provider: smtp\n    smtp:\n      relays: [{host: \"a "
          "b\"}]\n"
          "      from: {name: X, address: x@example.org}\n      envelope: from\n",
     8, "channels[0].smtp.relays[0].host", "host name"},
    {HEAD "channels:\n  - channel: email\n    provider: smtp\n    smtp:\n      relays: [{host: a, "
          "port: 025}]\n"
          "      from: {name: X, address: x@example.org}\n      envelope: from\n",
     8, "channels[0].smtp.relays[0].port", "whole number"},
    {"a: &x 1\nb: *x\n", 0, "", ""},
    {"{[", 0, "", ""},
    {"", 0, "", ""},
    {"\xff\xfe", 0, "", "UTF-8"},
};

/* If this fails, a wrong configuration is taken, or its fault cannot be found. */
static void faults_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct config *config = NULL;
        struct config_fault fault;
        enum result result = config_load(file_write("bad.yaml", faults[i].yaml), &config, &fault);
        bool ok = result == RESULT_INVALID && !config && *fault.error.text &&
                  (!faults[i].line || fault.line == faults[i].line) &&
                  (!*faults[i].field || str_equal(fault.error.field, faults[i].field)) &&
                  strstr(fault.error.text, faults[i].word);
        if (!ok) {
            fprintf(stderr, "row %zu: ", i);
            config_fault_print(stderr, &fault);
        }
        assert_true(ok);
    }
}

/* If this fails, a file that is not there, or a folder, is not told apart from a good one. */
static void unreadable_files_are_refused(void **state)
{
    struct config *config = NULL;
    struct config_fault fault;

    (void)state;
    assert_int_equal(config_load("/nowhere/tocsin.yaml", &config, &fault), RESULT_INVALID);
    assert_int_equal(config_load(folder, &config, &fault), RESULT_INVALID);
    assert_null(config);
}

/* If this fails, a key is wrongly taken or refused, or a secret is printed. */
static void master_key_is_taken(void **state)
{
    static const char *const bad[] = {"", "c2hvcnQ=", "not base64 at all!"};
    struct config *config = NULL;
    struct config_fault fault;
    char report[4096] = "", key[128], path[128];
    struct error error = {0};
    FILE *file, *to;

    (void)state;
    snprintf(path, sizeof path, "%s/master.key", folder);
    assert_int_equal(config_keygen(path, &error), RESULT_OK);
    assert_int_equal(config_keygen(path, &error), RESULT_EXISTS);
    file = fopen(path, "re");
    assert_non_null(fgets(key, sizeof key, file));
    fclose(file);
    setenv("TEST_KEY", key, 1);
    assert_int_equal(config_load(file_write("good.yaml", HEAD EMAIL), &config, &fault), RESULT_OK);
    to = fmemopen(report, sizeof report, "w");
    assert_int_equal(config_secrets(config, to, &fault), RESULT_OK);
    fclose(to);
    assert_non_null(strstr(report, "fingerprint"));
    key[10] = '\0';
    assert_null(strstr(report, key));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("TEST_KEY", bad[i], 1);
        assert_int_equal(config_secrets(config, NULL, &fault), RESULT_INVALID);
        assert_string_equal(fault.error.field, "master_key");
        assert_int_equal(fault.line, 3);
    }
    unsetenv("TEST_KEY");
    assert_int_equal(config_secrets(config, NULL, &fault), RESULT_INVALID);
    config_destroy(&config);
}

static char example[65536];

/* Is `key:` written in the example, in use or as a comment? */
static bool example_has(const char *key, const char *from)
{
    size_t length = strlen(key);

    for (const char *at = strstr(from, key); at; at = strstr(at + 1, key))
        if (at[length] == ':' && at > example && strchr(" {\n#", at[-1]))
            return true;
    return false;
}

static void key_check(void *context, const char *path)
{
    const char *dot = strrchr(path, '.'), *section;
    char provider[32], head[40];
    bool *all = context, found;

    found = example_has(dot ? dot + 1 : path, example);
    /* A driver's key must stand behind the name of its section. */
    if (sscanf(path, "channels[].%31[^.].", provider) == 1 && dot &&
        dot > path + strlen("channels[]")) {
        snprintf(head, sizeof head, " %s:\n", provider);
        section = strstr(example, head);
        found = section && example_has(dot + 1, section);
    }
    if (!found) {
        fprintf(stderr, "deploy/tocsin.example.yaml lacks %s\n", path);
        *all = false;
    }
}

/* If this fails, a key exists that nobody can know of, or the example does not even load. */
static void example_is_complete(void **state)
{
    struct config *config = NULL;
    struct config_fault fault;
    FILE *file = fopen("deploy/tocsin.example.yaml", "re");
    bool all = true;

    (void)state;
    assert_non_null(file);
    assert_true(fread(example, 1, sizeof example - 1, file) > 1000);
    fclose(file);
    if (config_load("deploy/tocsin.example.yaml", &config, &fault) != RESULT_OK)
        config_fault_print(stderr, &fault);
    assert_non_null(config);
    config_destroy(&config);
    config_keys(key_check, &all);
    assert_true(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(unreadable_files_are_refused),
        cmocka_unit_test(master_key_is_taken),
        cmocka_unit_test(example_is_complete),
    };
    int failed;

    seal_init();
    if (!mkdtemp(folder))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (const char *const *name =
             (const char *const[]){"good.yaml", "bad.yaml", "master.key", NULL};
         *name; name++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, *name);
        unlink(path);
    }
    rmdir(folder);
    return failed;
}
