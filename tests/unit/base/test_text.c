/* test_text.c - strings, UTF-8, encodings, numbers, identifiers. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/id.h"
#include "base/seal.h"
#include "base/str.h"

/* If it fails, malformed or invisible text passes the edge of the program. */
static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        bool valid, line;
    } rows[] = {
        {"", 0, true, true},
        {"abc", 3, true, true},
        {"a\0b", 3, false, false},
        {"z\xc3\xbc", 3, true, true},
        {"\xf0\x9f\x94\x94", 4, true, true},
        {"\xf4\x8f\xbf\xbf", 4, true, true},
        {"\xc0\x80", 2, false, false},         /* overlong */
        {"\xe0\x80\xaf", 3, false, false},     /* overlong */
        {"\xf0\x80\x80\xaf", 4, false, false}, /* overlong */
        {"\xed\xa0\x80", 3, false, false},     /* surrogate */
        {"\xf4\x90\x80\x80", 4, false, false}, /* past U+10FFFF */
        {"\xff", 1, false, false},
        {"\x80", 1, false, false},
        {"\xc3", 1, false, false},
        {"\xe2\x82", 2, false, false},
        {"\xc3\x28", 2, false, false},
        {"a\tb", 3, true, false},
        {"a\nb", 3, true, false},
        {"a\x7f", 2, true, false},
        {"\xc2\x85", 2, true, false},     /* C1 */
        {"\xe2\x80\xa8", 3, true, false}, /* U+2028 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(utf8_valid(rows[i].text, rows[i].length), rows[i].valid);
        assert_int_equal(text_is_line(rows[i].text, rows[i].length), rows[i].line);
    }
    assert_int_equal(utf8_length("z\xc3\xbc\xf0\x9f\x94\x94"), 3);
    const char *at = "\xff\xc3\xbc", *end = at + 3;
    assert_int_equal(utf8_next(&at, end), -1);
    assert_int_equal(utf8_next(&at, end), 0xfc);
    assert_ptr_equal(at, end);
}

/* If it fails, comparing, copying or trimming text goes wrong at its edges. */
static void test_strings(void **state)
{
    char text[8], blanks[] = " \t a b\r\n", upper[] = "ABz\xc3\x84";
    (void)state;
    assert_true(str_equal(NULL, NULL) && !str_equal(NULL, "") && str_equal("a", "a"));
    assert_true(str_equal_nocase("Retry-AFTER", "retry-after") && !str_equal_nocase("a", "ab"));
    assert_true(!str_equal_nocase("@", "`") && !str_equal_nocase(NULL, ""));
    assert_true(str_starts("abc", "ab") && str_starts("a", "") && !str_starts("a", "ab"));
    assert_true(str_empty(NULL) && str_empty("") && !str_empty(" "));
    assert_true(str_copy(text, sizeof(text), "1234567"));
    assert_false(str_copy(text, sizeof(text), "12345678"));
    assert_string_equal(text, "");
    assert_string_equal(str_trim(blanks), "a b");
    str_lower(upper);
    assert_string_equal(upper, "abz\xc3\x84");
    assert_true(slice_equal(slice_of("ab"), "ab") && !slice_equal(slice_of("abc"), "ab"));
    assert_true(slice_equal(slice_of(NULL), ""));
}

/* If it fails, proofs, tokens and vendor signatures do not match anybody else's (vectors: RFC 4648
 * section 10). */
static void test_encodings(void **state)
{
    static const struct {
        const char *plain, *hex, *base64, *base64url, *base32;
    } rows[] = {
        {"", "", "", "", ""},
        {"f", "66", "Zg==", "Zg", "my"},
        {"fo", "666f", "Zm8=", "Zm8", "mzxq"},
        {"foo", "666f6f", "Zm9v", "Zm9v", "mzxw6"},
        {"foob", "666f6f62", "Zm9vYg==", "Zm9vYg", "mzxw6yq"},
        {"fooba", "666f6f6261", "Zm9vYmE=", "Zm9vYmE", "mzxw6ytb"},
        {"foobar", "666f6f626172", "Zm9vYmFy", "Zm9vYmFy", "mzxw6ytboi"},
        {"\xfb\xff", "fbff", "+/8=", "-_8", "7p7q"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[32], plain[8];
        size_t n = strlen(rows[i].plain);
        hex_encode(text, rows[i].plain, n);
        assert_string_equal(text, rows[i].hex);
        assert_int_equal(hex_decode(plain, sizeof(plain), text, strlen(text)), n);
        assert_memory_equal(plain, rows[i].plain, n);
        base64_encode(text, rows[i].plain, n);
        assert_string_equal(text, rows[i].base64);
        assert_int_equal(base64_decode(plain, sizeof(plain), text, strlen(text)), n);
        base64url_encode(text, rows[i].plain, n);
        assert_string_equal(text, rows[i].base64url);
        assert_int_equal(base64url_decode(plain, sizeof(plain), text, strlen(text)), n);
        base32_encode(text, rows[i].plain, n);
        assert_string_equal(text, rows[i].base32);
        assert_int_equal(base32_decode(plain, sizeof(plain), text, strlen(text)), n);
        assert_memory_equal(plain, rows[i].plain, n);
    }
}

/* If it fails, one token or signature has several spellings, or a decoder writes past its buffer.
 */
static void test_decoders_refuse(void **state)
{
    static const char *const hexes[] = {"6", "6g", "66 ", "0x66"};
    static const char *const base64s[] = {
        "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9", "Zm-_", "=Zg=", "Zg==\n"};
    static const char *const base32s[] = {"m", "mz1", "mzx", "my======", "mz", "mzxw6y"};
    char to[32];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(hex_decode(to, sizeof(to), hexes[i], strlen(hexes[i])), -1);
    for (size_t i = 0; i < 11; i++)
        assert_int_equal(base64_decode(to, sizeof(to), base64s[i], strlen(base64s[i])), -1);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(base32_decode(to, sizeof(to), base32s[i], strlen(base32s[i])), -1);
    assert_int_equal(base64url_decode(to, sizeof(to), "Zg==", 4), -1);
    assert_int_equal(base64url_decode(to, sizeof(to), "Z", 1), -1);
    assert_int_equal(base64_decode(to, 2, "Zm9v", 4), -1);
    assert_int_equal(base64_decode(to, 3, "Zm9v", 4), 3);
    assert_int_equal(base32_decode(to, sizeof(to), "MZXW6", 5), 3);
    assert_int_equal(hex_decode(to, 1, "FF", 2), 1);
}

/* If it fails, numbers in configuration and queries are misread. */
static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"010", true, 10},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1x", false, 0},
        {"--1", false, 0},
        {NULL, false, 0},
        {"0x1", false, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
    };
    uint64_t big = 7;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 0;
        assert_int_equal(parse_i64(rows[i].text, &value), rows[i].ok);
        assert_true(value == rows[i].value);
    }
    assert_true(parse_u64("18446744073709551615", &big) && big == UINT64_MAX);
    assert_false(parse_u64("18446744073709551616", &big));
    assert_false(parse_u64("-1", &big));
    assert_true(big == UINT64_MAX);
}

/* If it fails, an identifier has two spellings or leads to another row. */
static void test_ids(void **state)
{
    static const char *const bad[] = {
        "inc_8000000000000",
        "inc_000000000001",
        "inc_00000000000011",
        "inc-0000000000001",
        "wav_0000000000001",
        "inc_000000000000l",
        "inc_000000000000U",
        "inc_000000000000A",
        "",
        "inc",
        "inc_",
        "inc_0000000000000",
    };
    char text[ID_TEXT_SIZE];
    (void)state;
    assert_string_equal(id_format(text, "inc", 1), "inc_0000000000001");
    assert_string_equal(id_format(text, "inc", INT64_MAX), "inc_7zzzzzzzzzzzz");
    assert_true(id_parse(text, "inc") == INT64_MAX);
    for (int i = 0; i < 100; i++) {
        id value = id_new();
        assert_true(value > 0);
        assert_true(id_parse(id_format(text, "abcdefgh", value), "abcdefgh") == value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_true(id_parse(bad[i], "inc") == 0);
    assert_true(id_parse(NULL, "inc") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),      cmocka_unit_test(test_strings),
        cmocka_unit_test(test_encodings), cmocka_unit_test(test_decoders_refuse),
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_ids),
    };
    seal_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
