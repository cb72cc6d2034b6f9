/* test_email_config.c - the section of the configuration: loaded by its schema, then checked. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

#include <cyaml/cyaml.h>

/* This module. */
#include "channels/email/email_config.h"

#define GOOD                                                                                       \
    "relays: [{host: relay.example.org}]\n"                                                        \
    "from: {name: \"Example, Inc.\", address: notices@example.org}\n"

static const struct {
    const char *yaml, *field; /* field "" = good; NULL = the schema refuses */
} table[] = {
    {GOOD "bounce_domain: bounce.example.org\n", ""},
    {GOOD "envelope: from\n", ""},
    {GOOD "bounce_domain: b.example\ndsn_notify: [failure, success]\ndsn_return: full\ntimeouts: "
          "{reply: 20m, idle: 0s}\n",
     ""},
    {GOOD, "bounce_domain"},
    {GOOD "bounce_domain: \"b.example\\r\\nX\"\n", "bounce_domain"},
    {GOOD "envelope: from\nreply_to: nobody\n", "reply_to"},
    {GOOD "envelope: from\nhelo: \"a b\"\n", "helo"},
    {GOOD "envelope: from\ntimeouts: {reply: 600}\n", "timeouts.reply"},
    {GOOD "envelope: from\ntimeouts: {connect: 2h}\n", "timeouts.connect"},
    {GOOD "envelope: sideways\n", NULL},
    {GOOD "envelope: from\nsurprise: 1\n", NULL},
    {"relays: [{host: \"relay.example.org:25\"}]\nenvelope: from\nfrom: {name: A, address: "
     "a@b.c}\n",
     "relays[0].host"},
    {"relays: [{host: a.b}, {host: c.d, port: 70000}]\nenvelope: from\nfrom: {name: A, address: "
     "a@b.c}\n",
     "relays[1].port"},
    {"relays: [{host: a.b, user: u}]\nenvelope: from\nfrom: {name: A, address: a@b.c}\n",
     "relays[0].password_file"},
    {"relays: [{host: a.b, user: u, password_file: /p, starttls: opportunistic}]\nenvelope: "
     "from\nfrom: {name: A, address: a@b.c}\n",
     "relays[0].starttls"},
    {"relays: [{host: a.b, sessions: 1000}]\nenvelope: from\nfrom: {name: A, address: a@b.c}\n",
     "relays[0].sessions"},
    {"relays: [{host: a.b, name: \"a b\"}]\nenvelope: from\nfrom: {name: A, address: a@b.c}\n",
     "relays[0].name"},
    {"relays: [{host: a.b}]\nenvelope: from\nfrom: {name: \"A\\r\\nBcc: x@y.z\", address: a@b.c}\n",
     "from.name"},
    {"relays: [{host: a.b}]\nenvelope: from\nfrom: {name: A, address: \"<a@b.c>\"}\n",
     "from.address"},
    {"relays: []\nenvelope: from\nfrom: {name: A, address: a@b.c}\n", NULL},
};

/* Breaks when a wrong configuration passes, or the operator is pointed at another key. */
static void test_check(void **state)
{
    static const cyaml_schema_value_t top = {
        CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct email_config, email_config_fields)};
    static const cyaml_config_t how = {
        .log_fn = NULL, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        cyaml_data_t *data = NULL;
        struct error error = {0};
        cyaml_err_t loaded = cyaml_load_data((const uint8_t *)table[i].yaml, strlen(table[i].yaml),
                                             &how, &top, &data, NULL);
        if ((loaded == CYAML_OK) != (table[i].field != NULL))
            print_error("row %zu: %s\n", i, cyaml_strerror(loaded));
        assert_int_equal(loaded == CYAML_OK, table[i].field != NULL);
        if (!table[i].field)
            continue;
        enum result result = email_config_check(data, &error);
        assert_string_equal(error.field, table[i].field);
        assert_int_equal(result == RESULT_OK, table[i].field[0] == 0);
        cyaml_free(&how, &top, data, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
