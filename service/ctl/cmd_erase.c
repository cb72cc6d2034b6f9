/* cmd_erase.c - erase, retention: forgetting people and incidents. */

/* System. */
#include <stdlib.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

static void add(struct json_object *to, const char *name, const char *text)
{
    if (text != NULL)
        json_object_object_add(to, name, json_object_new_string(text));
}

/* Sends the body, prints the answer. Takes `json`. */
static enum ctl_exit send_json(struct ctl *ctl, const char *method, const char *path,
                               struct json_object *json)
{
    struct json_object *answer = NULL;
    struct buf body;
    enum ctl_exit code;

    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, json);
    json_object_put(json);
    code =
        ask_json(ctl,
                 &(struct api_request){
                     .method = method, .path = path, .body = body.data, .body_length = body.length},
                 &answer);
    if (answer != NULL)
        print_value(answer, 0);
    json_object_put(answer);
    buf_free(&body);
    return code;
}

static enum ctl_exit erase_incident(struct ctl *ctl)
{
    struct json_object *wanted = json_object_new_object();
    struct buf path;
    enum ctl_exit code;

    add(wanted, "basis", ctl_option(ctl, "basis"));
    incident_path(&path, ctl_option(ctl, "incident"), "/erasure");
    code = send_json(ctl, "POST", path.data, wanted);
    buf_free(&path);
    return code;
}

enum ctl_exit run_erase(struct ctl *ctl)
{
    const char *recipient = ctl_option(ctl, "recipient"), *account = ctl_option(ctl, "account"),
               *incident = ctl_option(ctl, "incident");
    bool all = ctl_option(ctl, "all") != NULL;
    struct json_object *wanted;

    if (str_empty(ctl_option(ctl, "basis")))
        return complain(CTL_USAGE, "erase needs --basis, such as gdpr-17-1-b");
    if ((incident != NULL) == all)
        return complain(CTL_USAGE, "erase needs --incident or --all, one of the two");
    if (recipient != NULL && account != NULL)
        return complain(CTL_USAGE, "erase takes --recipient or --account, one of the two");
    if (recipient == NULL && account == NULL) {
        if (all)
            return complain(CTL_USAGE, "erase --all needs --recipient or --account");
        return erase_incident(ctl);
    }
    wanted = json_object_new_object();
    add(wanted, "basis", ctl_option(ctl, "basis"));
    add(wanted, "recipient_id", recipient);
    add(wanted, "account_id", account);
    add(wanted, "incident", incident);
    if (all)
        json_object_object_add(wanted, "all", json_object_new_boolean(true));
    return send_json(ctl, "POST", "/v1/recipients/erasures", wanted);
}

/* ---- Retention. ---- */

/* A whole number of months; -1: it is none. */
static long months_of(const char *text)
{
    char *end;
    long months = strtol(text, &end, 10);

    return *text == 0 || *end != 0 || months < 0 || months > 1200 ? -1 : months;
}

static enum ctl_exit read_change(const struct ctl *ctl, struct json_object *wanted)
{
    const char *months = ctl_option(ctl, "months"), *hold = ctl_option(ctl, "legal-hold");

    if (months != NULL && months_of(months) < 0)
        return complain(CTL_USAGE, "--months is a whole number up to 1200");
    if (hold != NULL && !str_equal(hold, "on") && !str_equal(hold, "off"))
        return complain(CTL_USAGE, "--legal-hold is on or off");
    if (str_empty(ctl_option(ctl, "reason")))
        return complain(CTL_USAGE, "a change needs --reason");
    if (months != NULL)
        json_object_object_add(wanted, "retention_months",
                               json_object_new_int64(months_of(months)));
    if (hold != NULL)
        json_object_object_add(wanted, "legal_hold",
                               json_object_new_boolean(str_equal(hold, "on")));
    add(wanted, "reason", ctl_option(ctl, "reason"));
    return CTL_OK;
}

enum ctl_exit run_retention(struct ctl *ctl)
{
    struct json_object *wanted;
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "/retention");
    if (ctl_option(ctl, "months") == NULL && ctl_option(ctl, "legal-hold") == NULL) {
        code = show_resource(ctl, path.data);
        buf_free(&path);
        return code;
    }
    wanted = json_object_new_object();
    code = read_change(ctl, wanted);
    if (code == CTL_OK)
        code = send_json(ctl, "PUT", path.data, wanted);
    else
        json_object_put(wanted);
    buf_free(&path);
    return code;
}
