/* cmd_preflight.c - preflight: the server looks at everything that a night needs; a table, and
 * sentences that say what to do. Exit code 1 when a check failed. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

static void print_checks(struct json_object *checks)
{
    static const struct column columns[] = {
        {"state", "STATE"}, {"check", "CHECK"}, {"subject", "SUBJECT"}, {"sentence", "SENTENCE"}};
    print_table(checks, columns, sizeof columns / sizeof *columns);
}

static void print_result(struct json_object *result)
{
    struct json_object *counts = json_get(result, "counts");
    print_checks(json_get(result, "checks"));
    (void)printf("\n%lld ok, %lld warnings, %lld failed, %lld not checked\n",
                 (long long)json_get_int(counts, "ok", 0),
                 (long long)json_get_int(counts, "warning", 0),
                 (long long)json_get_int(counts, "failed", 0),
                 (long long)json_get_int(counts, "not_checked", 0));
}

enum ctl_exit run_preflight(struct ctl *ctl)
{
    const bool last = ctl_option(ctl, "last") != NULL;
    const char *body = ctl_option(ctl, "no-messages") != NULL ? "{\"messages\":false}" : "{}";
    struct api_request request = {.method = "GET", .path = "/v1/preflight"};
    struct json_object *result = NULL;
    struct api_reply reply;
    enum ctl_exit code;

    if (!last)
        request = (struct api_request){.method = "POST",
                                       .path = "/v1/preflight",
                                       .body = body,
                                       .body_length = strlen(body),
                                       .patient = true};
    api_reply_init(&reply);
    code = ask(ctl, &request, &reply);
    if (code == CTL_OK && json_read(reply.body.data, reply.body.length, &result, NULL) != RESULT_OK)
        code = complain(CTL_SERVER, "the answer is no JSON");
    if (code == CTL_OK && ctl->json)
        (void)printf("%s\n", reply.body.data);
    else if (code == CTL_OK)
        print_result(result);
    if (code == CTL_OK && str_equal(json_get_string(result, "state"), "failed"))
        code = CTL_REFUSED;
    json_object_put(result);
    api_reply_free(&reply);
    return code;
}
