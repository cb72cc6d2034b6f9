#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "notice_fixture.h"

struct notice_set *fixture_set;

int fixture_setup(void **state)
{
    (void)state;
    struct error error = {0};
    if (notice_set_load("templates/notices", &fixture_set, &error) == RESULT_OK)
        return 0;
    print_error("%s: %s\n", error.field, error.text);
    return 1;
}

int fixture_teardown(void **state)
{
    (void)state;
    notice_set_destroy(&fixture_set);
    return 0;
}

struct json_object *fixture_json(const char *text)
{
    struct json_object *json = NULL;
    struct error error = {0};
    if (json_read(text, strlen(text), &json, &error))
        fail_msg("%s", error.text);
    return json;
}

struct json_object *fixture_facts(void)
{
    return fixture_json(
        "{\"what_happened\": \"Someone copied a database of our customers.\\n\\nThey used a stolen "
        "password.\","
        "\"what_is_changing\": \"We will keep your data for **two years**.\","
        "\"what_we_are_doing\": \"- We closed the way in.\\n- We told the police.\","
        "\"what_this_could_mean\": \"Someone could try to open accounts in your name.\"}");
}

struct json_object *fixture_values(void)
{
    return fixture_json(
        "{\"organisation\": {\"name\": \"Acme & Sons\", \"website\": \"acme.example/security\","
        "\"phone\": \"1-800-555-0100\", \"email\": \"privacy@acme.example\","
        "\"address\": \"1 Main Street\\nSpringfield, IL 62701\", \"toll_free\": true},"
        "\"discovered_on\": \"2026-05-03\", \"occurred_from\": \"2026-04-30\","
        "\"notice_month\": \"2026-05\", \"us_resources\": true,"
        "\"regulators\": [{\"name\": \"A *first* office\", \"city\": \"Rome\"}, {\"name\": \"B\", "
        "\"city\": \"Bonn\"}]}");
}

static const struct notice_value sample_values[] = {
    {"name", "Ana P\xC3\xA9rez"},
    {"reference", "7K2Q-9F"},
    {"data_types", "name,ssn,credentials"},
    {"address", "12 Oak Road\nSpringfield, IL 62704"},
    {"fields.plan", "Gold"},
};
const struct notice_person fixture_person = {sample_values,
                                             sizeof sample_values / sizeof sample_values[0]};

enum result fixture_try(const char *body, struct notice **ret_notice, struct error *error)
{
    static char text[NOTICE_SOURCE_MAX];
    const char *head = strncmp(body, "---", 3) ? "---\nsubject: S\n---\n" : "";
    snprintf(text, sizeof text, "%s%s", head, body);
    struct json_object *facts = fixture_facts(), *values = fixture_values();
    struct notice_source source = {.kind = "breach",
                                   .locale = "en",
                                   .text = text,
                                   .words = notice_set_words(fixture_set, "en"),
                                   .facts = facts,
                                   .values = values};
    enum result result = notice_compile(&source, ret_notice, error);
    json_object_put(facts);
    json_object_put(values);
    return result;
}

struct notice *fixture_notice(const char *body)
{
    struct notice *notice = NULL;
    struct error error = {0};
    if (fixture_try(body, &notice, &error))
        fail_msg("%s: %s", error.field, error.text);
    return notice;
}

void fixture_render(const struct notice *notice, enum notice_format format,
                    const struct notice_person *person, struct notice_rendering *rendering)
{
    notice_rendering_init(rendering);
    enum result result = notice_render(notice, format, person, rendering);
    if (result)
        fail_msg("%s: %s (%s)", notice_format_name(format), result_name(result),
                 rendering->missing.n ? rendering->missing.names[0] : "");
}
