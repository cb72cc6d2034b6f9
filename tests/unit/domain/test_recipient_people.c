/* test_recipient_people.c - what a person is beyond one address: lists of addresses,
 * representatives, consent, formats; read from JSON, from CSV, and back from the stored form. */
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
#include "base/str.h"

/* Interfaces. */
#include "tocsin/csv.h"
#include "tocsin/recipient.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_create(1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_destroy(&arena);
    return 0;
}

static struct recipient read_ok(const char *text)
{
    struct recipient r;
    struct error error = {0};

    if (recipient_read_text(text, strlen(text), arena, &r, &error) != RESULT_OK)
        fail_msg("%s: %s", error.field, error.text);
    return r;
}

/* The stored form, which must come back the same. */
static const char *stored(const struct recipient *r)
{
    struct buf first, again;
    struct recipient back;
    const char *text;

    buf_init(&first, 65536);
    buf_init(&again, 65536);
    assert_true(recipient_write(&first, r));
    assert_int_equal(recipient_load(first.data, first.length, arena, &back), RESULT_OK);
    assert_true(recipient_write(&again, &back));
    assert_string_equal(first.data, again.data);
    text = arena_strdup(arena, first.data);
    buf_free(&first);
    buf_free(&again);
    return text;
}

static const char *refused(const char *text)
{
    struct recipient r;
    struct error error = {0};

    assert_int_not_equal(recipient_read_text(text, strlen(text), arena, &r, &error), RESULT_OK);
    return arena_strdup(arena, error.field);
}

static enum result take_row(void *context, const struct csv_row *row)
{
    static struct recipient_columns *columns;
    struct recipient *r = context;
    struct error error = {0};
    enum result result;

    if (columns == NULL) {
        result = recipient_columns_read(row, &columns, &error);
    } else {
        result = recipient_from_csv_row(columns, row, arena, r, &error);
        recipient_columns_destroy(&columns);
    }
    if (result != RESULT_OK)
        fail_msg("%s: %s", error.field, error.text);
    return result;
}

static struct recipient csv(const char *text)
{
    struct recipient r;
    struct csv_reader *reader = csv_reader_create(take_row, &r);

    (void)csv_reader_add(reader, text, strlen(text));
    (void)csv_reader_end(reader);
    csv_reader_destroy(&reader);
    return r;
}

static const char many[] =
    "{\"addresses\":[{\"city\":\"A\",\"country\":\"US\",\"line1\":\"1 Elm\"},{\"city\":\"B\","
    "\"compromised\":true,\"country\":\"US\",\"line1\":\"2 Elm\",\"source\":\"crm\"}],"
    "\"emails\":[{\"value\":\"a@x.example\"},{\"compromised\":true,\"label\":\"work\",\"source\":"
    "\"crm\",\"value\":\"b@x.example\"}],\"phones\":[{\"value\":\"+14155550101\"},{\"source\":"
    "\"app\",\"value\":\"+14155550102\"}],\"recipient_id\":\"r\"}";

/* A second address, or the mark that it is in the hands of others, would be lost on the way. */
static void test_lists_are_kept(void **state)
{
    struct recipient r = read_ok(many);

    (void)state;
    assert_int_equal(recipient_contacts(&r, CONTACT_EMAIL), 2);
    assert_string_equal(r.email, "a@x.example");
    assert_true(recipient_contact(&r, CONTACT_EMAIL, 1).compromised);
    assert_string_equal(recipient_contact(&r, CONTACT_PHONE, 1).source, "app");
    assert_true(recipient_contact(&r, CONTACT_POSTAL, 1).compromised);
    recipient_use(&r, CONTACT_POSTAL, 1);
    assert_string_equal(r.address.line1, "2 Elm");
    assert_string_equal(stored(&r), many);
    assert_true(recipient_has(&r, CONTACT_EMAIL, "B@x.example"));
    assert_true(recipient_compromised(&r, CONTACT_EMAIL, "B@x.example"));
    assert_false(recipient_compromised(&r, CONTACT_EMAIL, "a@x.example"));
}

/* The short form and the list would be two rosters. */
static void test_short_form_joins_the_list(void **state)
{
    struct recipient r =
        read_ok("{\"recipient_id\":\"r\",\"emails\":[\"b@x.example\",{\"value\":\"A@x.example\","
                "\"compromised\":true}],\"email\":\"a@x.example\"}");

    (void)state;
    assert_int_equal(recipient_contacts(&r, CONTACT_EMAIL), 2);
    assert_string_equal(r.email, "a@x.example");
    assert_true(recipient_contact(&r, CONTACT_EMAIL, 0).compromised); /* said of it elsewhere */
    r = read_ok("{\"recipient_id\":\"r\",\"emails\":[{\"value\":\"a@x.example\"}]}");
    assert_string_equal(stored(&r), "{\"email\":\"a@x.example\",\"recipient_id\":\"r\"}");
    r = read_ok("{\"recipient_id\":\"r\",\"emails\":[{\"value\":\"b@x.example\",\"order\":2},"
                "{\"value\":\"a@x.example\",\"order\":1}]}");
    assert_string_equal(r.email, "a@x.example");
}

/* A wrong address in a list would pass, or its person be refused without saying which. */
static void test_lists_are_checked(void **state)
{
    (void)state;
    assert_string_equal(
        refused("{\"recipient_id\":\"r\",\"emails\":[\"a@x.example\",{\"value\":\"nobody\"}]}"),
        "emails[1].value");
    assert_string_equal(refused("{\"recipient_id\":\"r\",\"phones\":[{\"source\":\"crm\"}]}"),
                        "phones[0].value");
    assert_string_equal(refused("{\"recipient_id\":\"r\",\"addresses\":[{\"line1\":\"1 Elm\"}]}"),
                        "addresses[0]");
    assert_string_equal(
        refused("{\"recipient_id\":\"r\",\"emails\":[{\"value\":\"a@x.example\",\"x\":1}]}"),
        "emails[0]");
    assert_string_equal(refused("{\"recipient_id\":\"r\",\"emails\":{}}"), "emails");
    assert_string_equal(
        refused("{\"recipient_id\":\"r\",\"emails\":[\"a@x.example\","
                "\"b@x.example\",\"c@x.example\",\"d@x.example\",\"e@x.example\","
                "\"f@x.example\",\"g@x.example\",\"h@x.example\",\"i@x.example\"]}"),
        "emails");
    assert_string_equal(refused("{\"recipient_id\":\"r\",\"representative\":{\"name\":\"G\"}}"),
                        "representative.relation");
    assert_string_equal(refused("{\"recipient_id\":\"r\",\"type\":\"company\"}"), "type");
    assert_string_equal(refused("{\"recipient_id\":\"r\",\"format\":\"huge\"}"), "format");
}

/* The same person would be another one by CSV than by JSON. */
static void test_columns(void **state)
{
    struct recipient r =
        csv("recipient_id,email,email_compromised,email_2,email_2_source,phone,phone_2,"
            "phone_2_compromised,address_line1,address_city,address_country,address_source,"
            "address_2_line1,address_2_city,address_2_country,representative_name,"
            "representative_relation,representative_address_line1,former_user,discreet,format,type,"
            "policy_version,consent_electronic,consent_basis,consent_withdrawn_at,unsubscribed\r\n"
            "r,a@x.example,yes,b@x.example,crm,+14155550101,+14155550102,no,1 Elm,A,US,crm,2 Elm,B,"
            "US,Gail,guardian,3 Elm,yes,true,large_print,person,2024-1,yes,terms,2026-01-01,"
            "2025-03-01\r\n");

    (void)state;
    assert_string_equal(
        stored(&r),
        "{\"addresses\":[{\"city\":\"A\",\"country\":\"US\",\"line1\":\"1 Elm\",\"source\":\"crm\"}"
        ",{\"city\":\"B\",\"country\":\"US\",\"line1\":\"2 Elm\"}],\"consent\":{\"basis\":"
        "\"terms\",\"electronic\":true,\"withdrawn_at\":\"2026-01-01T00:00:00.000Z\"},\"emails\":[{"
        "\"compromised\":true,\"value\":\"a@x.example\"},{\"source\":\"crm\",\"value\":"
        "\"b@x.example\"}],\"flags\":[\"former_user\",\"discreet\"],\"format\":\"large_print\","
        "\"phones\":[{\"value\":\"+14155550101\"},{\"value\":\"+14155550102\"}],"
        "\"policy_version\":\"2024-1\",\"recipient_id\":\"r\",\"representative\":{\"address\":{"
        "\"line1\":\"3 Elm\"},\"name\":\"Gail\",\"relation\":\"guardian\"},\"type\":\"person\"}");
    assert_true(r.marketing_opt_out);
    assert_false(r.legal_email_opt_out);
}

/* An unsubscribe from a newsletter would silence a legal notice, or refuse its person. */
static void test_a_marketing_unsubscribe_is_none(void **state)
{
    struct recipient r =
        read_ok("{\"recipient_id\":\"r\",\"email\":\"a@x.example\",\"unsubscribed\":true}");

    (void)state;
    assert_true(r.marketing_opt_out);
    assert_false(r.legal_email_opt_out);
    assert_string_equal(stored(&r), "{\"email\":\"a@x.example\",\"recipient_id\":\"r\"}");
    r = read_ok("{\"recipient_id\":\"r\",\"marketing_opt_out\":false}");
    assert_false(r.marketing_opt_out);
    r = csv("recipient_id,newsletter_opt_out\nr,no\n");
    assert_false(r.marketing_opt_out);
}

/* A ticked box of terms would pass for consent, and the notice be no notice. */
static void test_what_consent_counts(void **state)
{
    static const struct {
        const char *consent;
        bool counts;
    } rows[] = {
        {"\"electronic\":true", true},
        {"\"electronic\":true,\"basis\":\"separate\",\"given_at\":\"2025-01-01\"", true},
        {"\"electronic\":true,\"basis\":\"terms\",\"terms_version\":\"7\"", false},
        {"\"electronic\":true,\"basis\":\"signup checkbox\"", false},
        {"\"electronic\":false,\"basis\":\"separate\"", false},
        {"\"electronic\":true,\"scope\":\"marketing\"", false},
        {"\"electronic\":true,\"scope\":\"legal notices\",\"evidence\":\"vault/17\"", true},
        {"\"electronic\":true,\"given_at\":\"2026-06-02\"", false},
        {"\"electronic\":true,\"withdrawn_at\":\"2026-06-01\"", false},
        {"\"electronic\":true,\"withdrawn_at\":\"2026-06-02\"", true},
    };
    time_ms at;

    (void)state;
    assert_true(time_or_day_parse("2026-06-01", &at));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text =
            arena_printf(arena, "{\"recipient_id\":\"r\",\"consent\":{%s}}", rows[i].consent);
        struct recipient r = read_ok(text);

        if (consent_counts(&r.consent, at) != rows[i].counts)
            fail_msg("%s", rows[i].consent);
        (void)stored(&r);
    }
}

/* A notice about a child would go to the child, or a guardian's to a street nobody lives in. */
static void test_whom_it_goes_to(void **state)
{
    static const char base[] =
        "{\"recipient_id\":\"r\",\"name\":\"Ann\",\"account_id\":\"a\",\"email\":\"ann@x.example\","
        "\"address\":{\"line1\":\"1 Elm\",\"city\":\"A\",\"country\":\"US\"}%s}";
    struct recipient r, to;

    (void)state;
    r = read_ok(arena_printf(arena, base, ""));
    recipient_addressee(&r, &to);
    assert_string_equal(to.name, "Ann");
    assert_null(to.about);
    r = read_ok(arena_printf(arena, base,
                             ",\"representative\":{\"name\":\"Gail\",\"relation\":\"guardian\","
                             "\"email\":\"gail@x.example\"}"));
    recipient_addressee(&r, &to);
    assert_string_equal(to.name, "Gail");
    assert_string_equal(to.about, "Ann");
    assert_string_equal(to.email, "gail@x.example");
    assert_string_equal(to.address.line1, "1 Elm"); /* one household */
    assert_null(to.account_id);
    r = read_ok(arena_printf(arena, base,
                             ",\"representative\":{\"name\":\"Law LLP\",\"relation\":\"attorney\","
                             "\"email\":\"law@x.example\"}"));
    recipient_addressee(&r, &to);
    assert_false(to.has_address);
    r = read_ok(arena_printf(arena, base,
                             ",\"emails\":[{\"value\":\"old@x.example\",\"compromised\":true}],"
                             "\"representative\":{\"name\":\"G\",\"relation\":\"guardian\","
                             "\"email\":\"old@x.example\"}"));
    recipient_addressee(&r, &to);
    assert_null(to.email); /* compromised is compromised, whoever names it */
}

/* Cut or hostile bytes in the stored form would be read past their end. */
static void test_damaged_lists(void **state)
{
    struct recipient r;

    (void)state;
    for (size_t n = 0; n < sizeof(many) - 1; n++)
        assert_int_not_equal(recipient_load(many, n, arena, &r), RESULT_OK);
    assert_int_not_equal(recipient_load("{\"emails\":]]}", 13, arena, &r), RESULT_OK);
    assert_int_not_equal(recipient_load("{\"nothing\":[]}", 14, arena, &r), RESULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_are_kept),
        cmocka_unit_test(test_short_form_joins_the_list),
        cmocka_unit_test(test_lists_are_checked),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_a_marketing_unsubscribe_is_none),
        cmocka_unit_test(test_what_consent_counts),
        cmocka_unit_test(test_whom_it_goes_to),
        cmocka_unit_test(test_damaged_lists),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
