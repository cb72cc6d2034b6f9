/* test_access_token.c - the text of bearer tokens, and roles. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/api/access.h"

/* A token with a changed character would pass its own checksum when this fails. */
static void test_token(void **state)
{
    struct access_parts parts = {.id = 42}, back;
    char text[ACCESS_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof parts.secret; i++)
        parts.secret[i] = (uint8_t)(i * 37);
    access_format(text, &parts);
    assert_int_equal(strlen(text), 70);
    assert_true(access_parse(text, &back));
    assert_int_equal(back.id, 42);
    assert_memory_equal(back.secret, parts.secret, sizeof parts.secret);
    for (size_t i = 0; i < strlen(text); i++) {
        char was = text[i];
        text[i] = was == 'x' ? 'y' : 'x';
        assert_false(access_parse(text, &back));
        text[i] = 0;
        assert_false(access_parse(text, &back));
        text[i] = was;
    }
    assert_false(access_parse(NULL, &back));
    assert_false(access_parse("", &back));
}

/* A role's name gives another role when this fails; the bits are stored. */
static void test_roles(void **state)
{
    (void)state;
    assert_int_equal(access_role_find("responder"), 1);
    assert_int_equal(access_role_find("admin"), 32);
    assert_int_equal(access_role_find("root"), 0);
    assert_string_equal(access_role_name(ROLE_OPERATOR), "operator");
    assert_null(access_role_name(3));
    assert_int_equal(access_roles_parse("app,admin"), ROLE_APP | ROLE_ADMIN);
    assert_int_equal(access_roles_parse("app,"), 0);
    assert_int_equal(access_roles_parse(",app"), 0);
    assert_int_equal(access_roles_parse("app,root"), 0);
    assert_int_equal(access_roles_parse("a-very-long-name-of-a-role"), 0);
    assert_int_equal(access_roles_parse(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_token), cmocka_unit_test(test_roles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
