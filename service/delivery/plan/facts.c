/* facts.c - see the header. A set in one language is taken whole: a fact that is missing in it is
 * not filled up from another language. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/facts.h"

bool facts_by_language(struct json_object *facts)
{
    if (facts == NULL || !json_object_is_type(facts, json_type_object))
        return false;
    return json_object_is_type(json_get(facts, "default"), json_type_object);
}

static size_t language_length(const char *locale)
{
    return strcspn(locale, "-_");
}

static bool same_language(const char *a, const char *b)
{
    size_t n = language_length(a);
    return n == language_length(b) && strncasecmp(a, b, n) == 0;
}

/* The key as it stands in the facts, whatever its case; NULL: it is not there. */
static const char *find_key(struct json_object *facts, const char *wanted, size_t length)
{
    json_object_object_foreach(facts, key, value)
    {
        (void)value;
        if (strlen(key) == length && strncasecmp(key, wanted, length) == 0)
            return key;
    }
    return NULL;
}

const char *facts_key(struct json_object *facts, const struct facts_choice *choice)
{
    const char *key = NULL;
    if (!facts_by_language(facts))
        return "";
    if (same_language(choice->locale, choice->text_locale))
        key = find_key(facts, choice->locale, strlen(choice->locale));
    if (key == NULL)
        key = find_key(facts, choice->text_locale, strlen(choice->text_locale));
    if (key == NULL)
        key = find_key(facts, choice->text_locale, language_length(choice->text_locale));
    return key != NULL ? key : "default";
}

static void add_all(struct json_object *to, struct json_object *facts,
                    const struct facts_choice *choice)
{
    const char *key = facts_key(facts, choice);
    struct json_object *from = key[0] == 0 ? facts : json_get(facts, key);
    if (from == NULL || !json_object_is_type(from, json_type_object))
        return;
    json_object_object_foreach(from, name, value)
    {
        json_object_object_add(to, name, json_object_get(value));
    }
}

struct json_object *facts_choose(const struct facts_choice *choice)
{
    struct json_object *facts = json_object_new_object();
    add_all(facts, choice->facts, choice);
    add_all(facts, choice->own, choice);
    return facts;
}

size_t facts_locales(struct json_object *facts)
{
    size_t n = 0;
    while (facts_locale(facts, n) != NULL)
        n++;
    return n;
}

const char *facts_locale(struct json_object *facts, size_t i)
{
    if (!facts_by_language(facts))
        return NULL;
    json_object_object_foreach(facts, key, value)
    {
        (void)value;
        if (!str_equal(key, "default") && i-- == 0)
            return key;
    }
    return NULL;
}
