/* sender.c - see sender.h. */

/* Libraries. */
#include <cyaml/cyaml.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "channels/common/reports.h"
#include "sender.h"

#define TEXT(key)                                                                                  \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct sender, key, 0,  \
                           200)
const struct cyaml_schema_field sender_fields[] = {
    TEXT(name),   TEXT(line1),       TEXT(line2),   TEXT(city),
    TEXT(region), TEXT(postal_code), TEXT(country), CYAML_FIELD_END,
};

enum result sender_check(const struct sender *sender, struct error *error)
{
    enum result result;

    if ((result = text_check(sender->name, 40, "from.name", error)) != RESULT_OK ||
        (result = text_check(sender->line1, 64, "from.line1", error)) != RESULT_OK ||
        (result = text_check(sender->city, 100, "from.city", error)) != RESULT_OK ||
        (result = text_check(sender->postal_code, 20, "from.postal_code", error)) != RESULT_OK)
        return result;
    if (!country_check(str_or(sender->country, "")))
        return error_set(error, RESULT_INVALID, "from.country",
                         "not an ISO 3166 country: write two capital letters");
    return RESULT_OK;
}

static char *copy(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

void sender_copy(struct sender *to, const struct sender *from)
{
    *to = (struct sender){.name = copy(from->name),
                          .line1 = copy(from->line1),
                          .line2 = copy(from->line2),
                          .city = copy(from->city),
                          .region = copy(from->region),
                          .postal_code = copy(from->postal_code),
                          .country = copy(from->country)};
}

void sender_free(struct sender *sender)
{
    mem_free(sender->name);
    mem_free(sender->line1);
    mem_free(sender->line2);
    mem_free(sender->city);
    mem_free(sender->region);
    mem_free(sender->postal_code);
    mem_free(sender->country);
}

size_t text_points(const char *text)
{
    return text ? utf8_length(text) : 0;
}

enum result length_check(const char *text, size_t max, const char *field, struct error *error)
{
    if (text_points(text) > max)
        return error_set(error, RESULT_INVALID, field,
                         "longer than the %zu characters that the provider prints: shorten it",
                         max);
    return RESULT_OK;
}
