/* cmd_notice.c - preview, rehearse, approve, release, cancel, decide: the decisions
 * about a notice. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

/* The member alone, byte for byte, so that a browser can show it. */
static enum ctl_exit print_only(struct json_object *preview, const char *member)
{
    struct json_object *value = json_get(preview, member);
    struct buf buf;

    if (value == NULL)
        return complain(CTL_SERVER, "the preview has no member %s", member);
    buf_init(&buf, SIZE_MAX);
    (void)fputs(scalar_text(value, &buf), stdout);
    (void)putchar('\n');
    buf_free(&buf);
    return CTL_OK;
}

enum ctl_exit run_preview(struct ctl *ctl)
{
    const char *recipient = ctl_option(ctl, "recipient"), *channel = ctl_option(ctl, "channel");
    const char *only = ctl_option(ctl, "only");
    struct json_object *preview;
    struct buf path;
    enum ctl_exit code;

    if (str_empty(recipient) || str_empty(channel))
        return complain(CTL_USAGE, "preview needs --recipient and --channel");
    incident_path(&path, ctl->words[0], "/preview?recipient=");
    path_add(&path, recipient);
    (void)buf_puts(&path, "&channel=");
    path_add(&path, channel);
    code = ask_json(ctl, &(struct api_request){.method = "GET", .path = path.data}, &preview);
    if (preview != NULL && only != NULL)
        code = print_only(preview, only);
    else if (preview != NULL)
        print_value(preview, 0);
    json_object_put(preview);
    buf_free(&path);
    return code;
}

/* POSTs a decision and says what came of it. */
static enum ctl_exit decide(struct ctl *ctl, const char *tail, const char *body)
{
    struct json_object *answer;
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], tail);
    code = ask_json(
        ctl,
        &(struct api_request){
            .method = "POST", .path = path.data, .body = body, .body_length = strlen(body)},
        &answer);
    if (answer != NULL)
        print_value(answer, 0);
    else if (code == CTL_OK && !ctl->json)
        (void)puts("done");
    json_object_put(answer);
    buf_free(&path);
    return code;
}

enum ctl_exit run_cancel(struct ctl *ctl)
{
    return decide(ctl, "/cancel", "{}");
}

/* POSTs those of the options that were given; `names` ends with NULL. */
static enum ctl_exit decide_with(struct ctl *ctl, const char *tail, const char *const *names)
{
    struct json_object *json = json_object_new_object();
    struct buf body;
    enum ctl_exit code;

    for (; *names != NULL; names++)
        if (ctl_option(ctl, *names) != NULL)
            json_object_object_add(json, *names, json_object_new_string(ctl_option(ctl, *names)));
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, json);
    code = decide(ctl, tail, body.data);
    buf_free(&body);
    json_object_put(json);
    return code;
}

enum ctl_exit run_release(struct ctl *ctl)
{
    struct json_object *json;
    struct buf body;
    enum ctl_exit code;

    if (ctl_option(ctl, "alone") == NULL)
        return decide(ctl, "/release", "{}");
    if (str_empty(ctl_option(ctl, "reason")))
        return complain(CTL_USAGE, "release --alone needs --reason: it stands in the receipt");
    json = json_object_new_object();
    json_object_object_add(json, "break_glass", json_object_new_boolean(true));
    json_object_object_add(json, "reason", json_object_new_string(ctl_option(ctl, "reason")));
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, json);
    code = decide(ctl, "/release", body.data);
    buf_free(&body);
    json_object_put(json);
    return code;
}

enum ctl_exit run_review(struct ctl *ctl)
{
    static const char *const names[] = {"note", NULL};

    return decide_with(ctl, "/review", names);
}

enum ctl_exit run_wave_continue(struct ctl *ctl)
{
    static const char *const names[] = {"note", "scope", NULL};
    struct buf tail;
    enum ctl_exit code;

    buf_init(&tail, SIZE_MAX);
    (void)buf_puts(&tail, "/waves/");
    path_add(&tail, str_or(ctl_option(ctl, "wave"), "1"));
    (void)buf_puts(&tail, "/continue");
    code = decide_with(ctl, tail.data, names);
    buf_free(&tail);
    return code;
}

enum ctl_exit run_decide(struct ctl *ctl)
{
    static const char *const names[] = {"channel", "decision", "note", NULL};
    struct buf tail;
    enum ctl_exit code;

    if (str_empty(ctl_option(ctl, "channel")) || str_empty(ctl_option(ctl, "decision")))
        return complain(CTL_USAGE, "decide needs --channel and --decision");
    buf_init(&tail, SIZE_MAX);
    (void)buf_puts(&tail, "/recipients/");
    path_add(&tail, ctl->words[1]);
    (void)buf_puts(&tail, "/decision");
    code = decide_with(ctl, tail.data, names);
    buf_free(&tail);
    return code;
}

enum ctl_exit run_rehearse(struct ctl *ctl)
{
    struct json_object *rehearsal;
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "/rehearsal?limit=");
    path_add(&path, str_or(ctl_option(ctl, "limit"), "100"));
    code = ask_json(ctl, &(struct api_request){.method = "GET", .path = path.data}, &rehearsal);
    if (rehearsal != NULL)
        print_value(rehearsal, 0);
    json_object_put(rehearsal);
    buf_free(&path);
    return code;
}
