/* notice_fixture.h - notices for tests: compiled from a few lines of Markdown, or from the set on
 * disk. */
#pragma once
#include "tocsin/template.h"

extern struct notice_set *fixture_set;
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* JSON text -> object; the test fails when it is bad. The caller owns it. */
struct json_object *fixture_json(const char *text);
/* A sample breach: everything that the notices in the set can say. */
struct json_object *fixture_facts(void);
struct json_object *fixture_values(void);
/* A person with every field. */
extern const struct notice_person fixture_person;

/* Compiles front matter "subject: S" (unless the text begins with ---) and this body, English, with
 * the sample incident. Returns the result; *ret_notice only when OK. */
enum result fixture_try(const char *body, struct notice **ret_notice, struct error *error);
/* The same, and the test fails unless it compiles. */
struct notice *fixture_notice(const char *body);
/* Renders with these values; the test fails unless it is OK. The caller frees the rendering. */
void fixture_render(const struct notice *notice, enum notice_format format,
                    const struct notice_person *person, struct notice_rendering *rendering);
