/* link: api_json - bodies of POST /v1/incidents: whatever comes, the check ends, and says something
 * of what it refuses; headers of the same request are taken from the same bytes. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/result.h"
#include "base/str.h"

/* This module. */
#include "service/api/accept.h"
#include "service/api/access.h"
#include "service/api/content_digest.h"
#include "service/api/cursor.h"
#include "service/api/idempotency.h"
#include "service/api/incident_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_headers(const char *text)
{
    char key[IDEMPOTENCY_KEY_MAX + 1];
    uint8_t digest[DIGEST_SIZE];
    struct access_parts parts;
    struct cursor cursor;
    if (idempotency_key_parse(text, key))
        require(strlen(key) > 0);
    content_digest_parse(text, digest);
    accept_choose(text, ACCEPT_JSON | ACCEPT_NDJSON | ACCEPT_CSV);
    if (cursor_parse(text, &cursor))
        require(cursor.order >= 0);
    if (access_parse(text, &parts)) {
        char again[ACCESS_TEXT_SIZE];
        access_format(again, &parts);
        require(strlen(again) == strlen(text));
    }
}

static void try_incident(struct json_object *json)
{
    struct arena *arena = arena_create(65536);
    struct findings findings;
    findings_init(&findings, arena);
    bool good = incident_json_check(json, &(struct incident_rules){.now = TIME_NONE}, &findings);
    require(good == (findings.total == 0));
    require(findings.n <= FINDINGS_MAX && (good || findings.n > 0));
    for (size_t i = 0; i < findings.n; i++)
        require(utf8_valid(findings.items[i].pointer, strlen(findings.items[i].pointer)));
    arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_object *json = NULL;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    buf_add(&text, data, size);
    try_headers(text.data);
    if (json_read(text.data, text.length, &json, NULL) == RESULT_OK)
        try_incident(json);
    json_object_put(json);
    buf_free(&text);
    return 0;
}
