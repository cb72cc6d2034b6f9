/* test_address.c - the grammars of single addresses and codes. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/recipient.h"

struct row {
    const char *text;
    bool valid;
};

static void run(const struct row *rows, size_t n, bool (*check)(const char *))
{
    for (size_t i = 0; i < n; i++) {
        if (check(rows[i].text) != rows[i].valid)
            fail_msg("row %zu: %s", i, rows[i].text == NULL ? "NULL" : rows[i].text);
    }
}
#define RUN(rows, check) run(rows, sizeof(rows) / sizeof((rows)[0]), check)
#define L63              "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

/* A command or a header could be smuggled in through an address. */
static void test_email(void **state)
{
    static const struct row rows[] = {
        {"ann@example.org", true},
        {"a.b+c=d@mail.example.co.uk", true},
        {"o'neil@example.org", true},
        {"x@xn--bcher-kva.example", true},
        {"x@a.xn--p1ai", true},
        {"1@2.example", true},
        {L63 "h@example.org", true},
        {L63 "hi@example.org", false},
        {"a@" L63 "." L63 "." L63 ".example.org", true},
        {"a@" L63 "." L63 "." L63 "." L63 ".org", false},
        {"a@" L63 "h.org", false},
        {NULL, false},
        {"", false},
        {"@", false},
        {"ann", false},
        {"ann@", false},
        {"@example.org", false},
        {"ann@localhost", false},
        {"ann@example.org.", false},
        {"ann@.example.org", false},
        {"ann@exa..mple.org", false},
        {"ann@-a.org", false},
        {"ann@a-.org", false},
        {"ann@127.0.0.1", false},
        {"ann@[127.0.0.1]", false},
        {"ann@example.1a", false},
        {"ann@exa_mple.org", false},
        {".ann@example.org", false},
        {"ann.@example.org", false},
        {"a..b@example.org", false},
        {"\"a b\"@example.org", false},
        {"ann@b@example.org", false},
        {"ann @example.org", false},
        {"ann@example.org ", false},
        {"ann@example.org\r\nRCPT TO:<b@example.org>", false},
        {"ann\n@example.org", false},
        {"<ann@example.org>", false},
        {"ann@example.org>", false},
        {"ann@example.org,b@example.org", false},
        {"an\xc3\xad@example.org", false},
        {"ann@b\xc3\xbc"
         "cher.example",
         false},
        {"ann\x7f@example.org", false},
    };

    (void)state;
    RUN(rows, address_check_email);
}

/* An SMS vendor would get a number that it reads otherwise than we do. */
static void test_phone(void **state)
{
    static const struct row rows[] = {
        {"+14155550123", true},
        {"+12345678", true},
        {"+123456789012345", true},
        {"+1234567", false},
        {"+1234567890123456", false},
        {"+04155550123", false},
        {"14155550123", false},
        {"+1 415 5550123", false},
        {"+1-415-555-0123", false},
        {"+1415555012x", false},
        {"", false},
        {NULL, false},
        {"+", false},
        {"++4155550123", false},
    };

    (void)state;
    RUN(rows, address_check_phone);
}

/* The law of the wrong place would be applied. */
static void test_places(void **state)
{
    static const struct row countries[] = {{"US", true}, {"us", false}, {"USA", false},
                                           {"U", false}, {"", false},   {NULL, false},
                                           {"U1", false}};
    static const struct row jurisdictions[] = {
        {"US-CA", true}, {"GB", true},      {"EU-DE", true},    {"GB-ENG", true}, {"FR-75C", true},
        {"EU-D", false}, {"EU-DEU", false}, {"US-", false},     {"US_CA", false}, {"us-ca", false},
        {"", false},     {NULL, false},     {"US-CALI", false}, {"US-CA ", false}};

    (void)state;
    RUN(countries, country_check);
    RUN(jurisdictions, jurisdiction_check);
}

/* A notice in no language would be looked up. */
static void test_locale(void **state)
{
    static const struct row rows[] = {
        {"en", true},       {"fr-CA", true},   {"zh-Hant-TW", true}, {"es-419", true},
        {"fil", true},      {"sr-Latn", true}, {"en_US", false},     {"EN", false},
        {"e", false},       {"en-", false},    {"en-us", false},     {"engl", false},
        {"en-US-x", false}, {"", false},       {NULL, false},        {"../en", false},
    };

    (void)state;
    RUN(rows, locale_check);
}

/* A data type that has lost its name would vanish from notices and rules. */
static void test_data_types(void **state)
{
    (void)state;
    for (int i = 0; i < DATA_TYPES_N; i++)
        assert_int_equal(data_type_find(data_type_name((enum data_type)i)), i);
    assert_int_equal(data_type_find("shoe_size"), -1);
    assert_int_equal(DATA_OTHER, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email),      cmocka_unit_test(test_phone),
        cmocka_unit_test(test_places),     cmocka_unit_test(test_locale),
        cmocka_unit_test(test_data_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
