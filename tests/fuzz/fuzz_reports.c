/* link: channel_sms channel_webhook channel_postal channel_common domain - callbacks of providers:
 * what isn't signed is never a fact, and what is signed gives bounded, clean ones. The first byte
 * chooses the driver; the target signs for it, so that the parsers behind the signature are
 * reached. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "channels/common/signature.h"
#include "channels/postal/postal_lob.h"
#include "channels/postal/postal_postgrid.h"
#include "channels/sms/sms_kannel.h"
#include "channels/sms/sms_twilio.h"
#include "channels/webhook/webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WHSEC "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
static const struct secrets secret = {.n = 1, .values = {"s"}};
static const struct secrets hook_secret = {.n = 1, .values = {WHSEC}};

struct headers {
    const char *names[3], *values[3];
    const char *query; /* answer to every query parameter */
};

static const char *header(void *context, const char *name)
{
    const struct headers *headers = context;

    for (int i = 0; i < 3; i++)
        if (str_equal_nocase(headers->names[i], name))
            return headers->values[i];
    return NULL;
}

static const char *query(void *context, const char *name)
{
    const struct headers *headers = context;
    (void)name;
    return headers->query;
}

static enum result parse(unsigned driver, const struct channel_report *report, struct arena *arena,
                         struct report_result *ret)
{
    static char url[] = "https://n.example.org";
    static struct twilio_settings twilio;
    static struct kannel_settings kannel;
    static struct webhook_settings hook = {.channel = "sms"};
    static struct lob_settings lob;
    static struct postgrid_settings grid;

    twilio.public_url = kannel.public_url = url;
    twilio.auth_tokens = lob.keys.webhook = grid.keys.webhook = secret;
    hook.report = hook_secret;
    switch (driver) {
    case 0:
        return twilio_report(&twilio, report, arena, ret, NULL);
    case 1:
        return kannel_report(&kannel, report, arena, ret, NULL);
    case 2:
        return webhook_report(&hook, report, arena, ret, NULL);
    case 3:
        return lob_report(&lob, report, arena, ret, NULL);
    default:
        return postgrid_report(&grid, report, arena, ret, NULL);
    }
}

static void check(const struct report_result *result)
{
    require(result->n <= 1 && result->reply_status >= 200 && result->reply_status < 300);
    for (size_t i = 0; i < result->n; i++) {
        const struct report_fact *fact = &result->facts[i];
        require(memchr(fact->token, 0, sizeof fact->token) != NULL);
        require(memchr(fact->provider_ref, 0, sizeof fact->provider_ref) != NULL);
        require(memchr(fact->diagnostic, 0, sizeof fact->diagnostic) != NULL);
        require(utf8_valid(fact->diagnostic, strlen(fact->diagnostic)));
        require(fact->evidence < EVIDENCE_N && fact->blame < BLAME_N);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(1 << 22);
    char hex[SIGNATURE_TEXT_SIZE], hook[SIGNATURE_TEXT_SIZE], grid[128];
    struct report_result result = {0};

    if (size == 0 || size > 65536) {
        arena_destroy(&arena);
        return 0;
    }
    unsigned driver = data[0] % 5;
    char *body = arena_strndup(arena, (const char *)data + 1, size - 1);
    struct slice bytes = {body, size - 1};
    struct headers headers = {.query = driver == 1 ? body : NULL};
    struct channel_report report = {.method = "POST",
                                    .url = "https://n.example.org/r?t=1",
                                    .header = header,
                                    .query = query,
                                    .context = &headers,
                                    .body = body,
                                    .body_length = size - 1,
                                    .now = 1700000000000};
    /* Kannel's reports have no signature; their query is the input. */
    require(driver == 1 || parse(driver, &report, arena, &result) != RESULT_OK);
    signature_hex(hex, "s", "1700000000", bytes);
    require(hook_sign(hook, WHSEC, &(struct hook_signed){"e1", "1700000000", bytes}));
    snprintf(grid, sizeof grid, "t=1700000000,v1=%s", hex);
    headers = (struct headers){{"webhook-id", "webhook-timestamp", "webhook-signature"},
                               {"e1", "1700000000", hook},
                               headers.query};
    if (driver == 3)
        headers = (struct headers){
            {"Lob-Signature", "Lob-Signature-Timestamp", NULL}, {hex, "1700000000", NULL}, NULL};
    if (driver == 4)
        headers = (struct headers){{"PostGrid-Signature", NULL, NULL}, {grid, NULL, NULL}, NULL};
    if (parse(driver, &report, arena, &result) == RESULT_OK)
        check(&result);
    arena_destroy(&arena);
    return 0;
}
