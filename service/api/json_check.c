/* json_check.c - a JSON object against a table of its members. Every member is looked at, so that
 * one answer names all that is wrong. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"

/* Interfaces. */
#include "tocsin/recipient.h"

/* This module. */
#include "service/api/json_check.h"

struct value {
    struct json_object *json;
    const struct member_rule *rule;
    const char *text; /* NULL: not a string */
    size_t length;
};

bool json_name_check(const char *text, size_t max)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return n > 0 && text[n] == 0 && n <= max && *text >= 'a' && *text <= 'z';
}

/* Markdown: lines and tabs, no other control characters. */
static bool text_is_prose(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
            return false;
    }
    return utf8_valid(text, length);
}

static bool url_check(const char *text, size_t length)
{
    if (!str_starts(text, "https://") && !str_starts(text, "http://"))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c))
            return false;
    }
    return strlen(strchr(text, ':')) > 4;
}

static bool word_check(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (str_equal(*words, text))
            return true;
    }
    return false;
}

static const char *complain_text(const struct value *value)
{
    size_t max = value->rule->max ? value->rule->max : 200;
    if (!value->text)
        return "It must be a string; correct it.";
    if (value->length == 0)
        return "It must not be empty; give a text or leave the member out.";
    if (value->length > max)
        return "It is too long; shorten it.";
    if (value->rule->kind == MEMBER_TEXT)
        return text_is_prose(value->text, value->length)
                   ? NULL
                   : "It holds control characters; use plain text or Markdown.";
    return text_is_line(value->text, value->length)
               ? NULL
               : "It must be one line without control characters; correct it.";
}

static bool place_check(const char *text)
{
    return jurisdiction_check(text) || country_check(text);
}

static const char *complain_form(const struct value *value)
{
    const char *complaint = complain_text(value);
    int64_t at = 0;
    if (complaint)
        return complaint;
    switch ((int)value->rule->kind) {
    case MEMBER_WORD:
        return word_check(value->text, value->rule->words)
                   ? NULL
                   : "It is none of the permitted words; see /v1/openapi.yaml.";
    case MEMBER_NAME:
        return json_name_check(value->text, 64)
                   ? NULL
                   : "It must be lower-case letters, digits and _; correct it.";
    case MEMBER_TIME:
        return time_or_day_parse(value->text, &at)
                   ? NULL
                   : "It must be a date (2026-11-23) or an RFC 3339 time; correct it.";
    case MEMBER_EMAIL:
        return address_check_email(value->text) ? NULL : "It is not an email address; correct it.";
    case MEMBER_URL:
        return url_check(value->text, value->length)
                   ? NULL
                   : "It must be a URL that begins with https:// or http://; correct it.";
    case MEMBER_PLACE:
        return place_check(value->text)
                   ? NULL
                   : "It must be a code such as US-CA, EU-DE or GB; correct it.";
    default:
        return NULL;
    }
}

static const char *complain_int(const struct value *value)
{
    if (!json_object_is_type(value->json, json_type_int))
        return "It must be a whole number; correct it.";
    int64_t number = json_object_get_int64(value->json);
    if (number < 0 || (value->rule->max && (uint64_t)number > value->rule->max))
        return "The number is out of range; correct it.";
    return NULL;
}

static const char *complain(const struct value *value)
{
    switch ((int)value->rule->kind) {
    case MEMBER_BOOL:
        return json_object_is_type(value->json, json_type_boolean)
                   ? NULL
                   : "It must be true or false; correct it.";
    case MEMBER_INT:
        return complain_int(value);
    case MEMBER_OBJECT:
        return json_object_is_type(value->json, json_type_object)
                   ? NULL
                   : "It must be an object; correct it.";
    case MEMBER_ARRAY:
        if (!json_object_is_type(value->json, json_type_array))
            return "It must be an array; correct it.";
        return value->rule->max && json_object_array_length(value->json) > value->rule->max
                   ? "It has too many elements; send fewer."
                   : NULL;
    case MEMBER_ANY:
        return NULL;
    default:
        return complain_form(value);
    }
}

void json_check_value(struct json_object *value, const char *pointer,
                      const struct member_rule *rule, struct findings *findings)
{
    struct value it = {.json = value, .rule = rule};
    if (json_object_is_type(value, json_type_string)) {
        it.text = json_object_get_string(value);
        it.length = (size_t)json_object_get_string_len(value);
    }
    const char *complaint = complain(&it);
    if (complaint)
        findings_add(findings, pointer, rule->name, "%s", complaint);
}

static const struct member_rule *rule_find(struct member_rules rules, const char *name)
{
    for (size_t i = 0; i < rules.n; i++) {
        if (str_equal(rules.rules[i].name, name))
            return &rules.rules[i];
    }
    return NULL;
}

void json_check(struct json_object *json, const char *pointer, struct member_rules rules,
                struct findings *findings)
{
    if (!json_object_is_type(json, json_type_object)) {
        findings_add(findings, pointer, NULL, "It must be an object; correct it.");
        return;
    }
    json_object_object_foreach(json, name, value)
    {
        const struct member_rule *rule = rule_find(rules, name);
        if (!rule)
            findings_add(findings, pointer, name,
                         "This member is not known; remove it or correct its name.");
        else if (value)
            json_check_value(value, pointer, rule, findings);
    }
    for (size_t i = 0; i < rules.n; i++) {
        if (rules.rules[i].required && !json_get(json, rules.rules[i].name))
            findings_add(findings, pointer, rules.rules[i].name, "It is required; add it.");
    }
}

bool json_member_time(struct json_object *json, const char *name, int64_t *ret_at)
{
    const char *text = json_get_string(json, name);
    return text && time_or_day_parse(text, ret_at);
}
