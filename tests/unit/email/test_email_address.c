/* test_email_address.c - the gate in front of MAIL and RCPT. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "channels/email/email_wire.h"

/* Breaks when something that libESMTP would print into a command line passes as an address. */
static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "a",
        "@b.c",
        "a@",
        "a@b..c",
        "a b@c.d",
        "a@b.c\r\nRCPT TO:<x@y.z>",
        "a\n@b.c",
        "a@b.c>",
        "<a@b.c",
        "a@b.c ",
        ".a@b.c",
        "a.@b.c",
        "a..b@c.d",
        "\"a b\"@c.d",
        "a@-b.c",
        "a@b-.c",
        "a@b_c.d",
        "a@b@c.d",
        "\xc3\xa4@b.c",
        "a@\xc3\xa4.c",
        "a@[127.0.0.1]",
        "a,b@c.d",
        "a@b.c\t",
        "a;b@c.d",
        "a@b.",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.c"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (email_address_ok(bad[i]))
            print_error("passed: %s\n", bad[i]);
        assert_false(email_address_ok(bad[i]));
    }
}

/* Breaks when ordinary addresses are refused. */
static void test_taken(void **state)
{
    static const char *const good[] = {"a@b.c", "ada.lovelace+x@example.co.uk",
                                       "o'brien@example.org", "a_b-c=d@xn--bcher-kva.example",
                                       "{x}|~#$%&*!?^`/@1.example"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(email_address_ok(good[i]));
}

/* Breaks when 254 bytes are refused or 255 taken. */
static void test_length(void **state)
{
    char address[300];
    (void)state;
    memset(address, 'a', sizeof(address));
    for (size_t i = 0; i < sizeof(address); i += 50)
        address[i] = '.';
    address[0] = 'a';
    address[5] = '@';
    address[254] = 0;
    assert_true(email_address_ok(address));
    address[254] = 'a';
    address[255] = 0;
    assert_false(email_address_ok(address));
}

/* Breaks when a bounce no longer finds its attempt, or text of another shape is taken for a token.
 */
static void test_token(void **state)
{
    static const char token[] = "abcdefghijklmnopqrstuv2345";
    char address[256], found[TOKEN_TEXT_SIZE] = "unchanged";
    (void)state;
    assert_true(email_bounce_address(address, sizeof(address), token, "bounce.example.org"));
    assert_string_equal(address, "b+abcdefghijklmnopqrstuv2345@bounce.example.org");
    assert_false(email_bounce_address(address, 40, token, "bounce.example.org"));
    static const char *const none[] = {"",
                                       "b+@x.y",
                                       "b+abc@x.y",
                                       "abcdefghijklmnopqrstuv2345@x.y",
                                       "c+abcdefghijklmnopqrstuv2345@x.y",
                                       "b+abcdefghijklmnopqrstuv2345",
                                       "b+abcdefghijklmnopqrstuv2340@x.y",
                                       "xb+abcdefghijklmnopqrstuv2345@x.y",
                                       "b+abcdefghijklmnopqrstuv2345a@x.y"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(email_token_from_address(found, none[i]));
    assert_string_equal(found, "unchanged");
    assert_true(email_token_from_address(
        found, "Bounces <B+ABCDEFGHIJKLMNOPQRSTUV2345@Bounce.Example.Org>"));
    assert_string_equal(found, token);
    assert_true(email_token_from_envid(found, " abcdefghijklmnopqrstuv2345\r\n"));
    assert_false(email_token_from_envid(found, "abcdefghijklmnopqrstuv234"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_taken),
                                       cmocka_unit_test(test_length), cmocka_unit_test(test_token)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
