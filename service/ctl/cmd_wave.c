/* cmd_wave.c - incident patch; wave create, list, show, approve, release, hold, resume, cancel;
 * holds, fact: notices beside the first, and what holds a part of them. */

/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

/* "/v1/incidents/ID/waves/N" + tail. */
static void wave_path(struct ctl *ctl, struct buf *path, const char *tail)
{
    incident_path(path, ctl->words[0], "/waves/");
    path_add(path, ctl->words[1]);
    (void)buf_puts(path, tail);
}

static enum ctl_exit post(struct ctl *ctl, const char *path, const char *body, const char *header)
{
    struct json_object *answer;
    enum ctl_exit code = ask_json(ctl,
                                  &(struct api_request){.method = "POST",
                                                        .path = path,
                                                        .body = body,
                                                        .body_length = strlen(body),
                                                        .headers = {header}},
                                  &answer);
    if (answer != NULL)
        print_value(answer, 0);
    json_object_put(answer);
    return code;
}

static enum ctl_exit post_wave(struct ctl *ctl, const char *tail, struct json_object *json)
{
    struct buf path, body;
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, json);
    wave_path(ctl, &path, tail);
    enum ctl_exit code = post(ctl, path.data, body.data, NULL);
    buf_free(&path);
    buf_free(&body);
    json_object_put(json);
    return code;
}

static void add_text(struct ctl *ctl, struct json_object *to, const char *option,
                     const char *member)
{
    const char *text = ctl_option(ctl, option);
    if (text != NULL)
        json_object_object_add(to, member, json_object_new_string(text));
}

/* False after a complaint. */
static bool add_number(struct ctl *ctl, struct json_object *to, const char *option,
                       const char *member)
{
    const char *text = ctl_option(ctl, option);
    int64_t number;
    if (text == NULL)
        return true;
    if (!parse_i64(text, &number) || number < 1) {
        (void)complain(CTL_USAGE, "--%s needs a number of 1 or more", option);
        return false;
    }
    json_object_object_add(to, member, json_object_new_int64(number));
    return true;
}

/* ---- Waves. ---- */

enum ctl_exit run_wave_create(struct ctl *ctl)
{
    char key[IDEMPOTENCY_HEADER_SIZE];
    struct buf body, path;
    enum ctl_exit code = idempotency_header(ctl, key);

    if (code == CTL_OK)
        code = read_json_file(ctl->words[1], &body);
    if (code != CTL_OK)
        return code;
    incident_path(&path, ctl->words[0], "/waves");
    code = post(ctl, path.data, body.data, key);
    buf_free(&path);
    buf_free(&body);
    return code;
}

enum ctl_exit run_wave_list(struct ctl *ctl)
{
    static const struct column columns[] = {
        {"ordinal", "WAVE"},          {"kind", "KIND"},           {"state", "STATE"},
        {"notice_version", "NOTICE"}, {"approvals", "APPROVALS"}, {"released_at", "RELEASED"}};
    struct buf path;
    incident_path(&path, ctl->words[0], "/waves");
    enum ctl_exit code = print_pages(ctl, path.data, &(struct pages){.columns = columns, .n = 6});
    buf_free(&path);
    return code;
}

enum ctl_exit run_wave_show(struct ctl *ctl)
{
    struct buf path;
    wave_path(ctl, &path, "");
    enum ctl_exit code = show_resource(ctl, path.data);
    buf_free(&path);
    return code;
}

enum ctl_exit run_wave_approve(struct ctl *ctl)
{
    return post_wave(ctl, "/approvals", json_object_new_object());
}

enum ctl_exit run_wave_release(struct ctl *ctl)
{
    return post_wave(ctl, "/release", json_object_new_object());
}

enum ctl_exit run_wave_cancel(struct ctl *ctl)
{
    return post_wave(ctl, "/cancel", json_object_new_object());
}

static struct json_object *hold_body(struct ctl *ctl)
{
    static const char *const names[] = {"agency", "code", "officer", "reason", "until"};
    static const char *const parts[] = {"channel", "jurisdiction", "recipient"};
    struct json_object *json = json_object_new_object(), *scope = json_object_new_object();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        add_text(ctl, json, names[i], names[i]);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        add_text(ctl, scope, parts[i], parts[i]);
    bool good = add_number(ctl, scope, "wave", "wave");
    if (json_object_object_length(scope) > 0)
        json_object_object_add(json, "scope", scope);
    else
        json_object_put(scope);
    if (good && !str_empty(ctl_option(ctl, "reason")))
        return json;
    if (good)
        (void)complain(CTL_USAGE, "a hold needs --reason: it stands in the receipt");
    json_object_put(json);
    return NULL;
}

enum ctl_exit run_wave_hold(struct ctl *ctl)
{
    struct json_object *json = hold_body(ctl);
    return json == NULL ? CTL_USAGE : post_wave(ctl, "/hold", json);
}

enum ctl_exit run_wave_resume(struct ctl *ctl)
{
    struct json_object *json = json_object_new_object();
    add_text(ctl, json, "reason", "reason");
    if (add_number(ctl, json, "notice-version", "notice_version"))
        return post_wave(ctl, "/resume", json);
    json_object_put(json);
    return CTL_USAGE;
}

/* ---- Holds of an incident. ---- */

static enum ctl_exit post_incident(struct ctl *ctl, const char *tail, struct json_object *json)
{
    struct buf path, body;
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, json);
    incident_path(&path, ctl->words[0], tail);
    enum ctl_exit code = post(ctl, path.data, body.data, NULL);
    buf_free(&path);
    buf_free(&body);
    json_object_put(json);
    return code;
}

enum ctl_exit run_hold(struct ctl *ctl)
{
    struct json_object *json = hold_body(ctl);
    return json == NULL ? CTL_USAGE : post_incident(ctl, "/hold", json);
}

enum ctl_exit run_resume(struct ctl *ctl)
{
    const char *hold = ctl_option(ctl, "hold");
    struct buf tail;
    if (hold == NULL)
        return post_incident(ctl, "/resume", json_object_new_object());
    buf_init(&tail, SIZE_MAX);
    (void)buf_puts(&tail, "/holds/");
    path_add(&tail, hold);
    (void)buf_puts(&tail, "/resume");
    enum ctl_exit code = post_incident(ctl, tail.data, json_object_new_object());
    buf_free(&tail);
    return code;
}

/* {"jurisdiction":"US-CA"} -> the members beside it, for the table. */
static void flatten(void *context, struct json_object *item)
{
    struct json_object *scope = json_get(item, "scope");
    struct buf text;
    (void)context;
    buf_init(&text, SIZE_MAX);
    json_object_object_foreach(scope, name, value)
    {
        struct buf word;
        buf_init(&word, SIZE_MAX);
        buf_printf(&text, "%s%s=%s", text.length > 0 ? " " : "", name, scalar_text(value, &word));
        buf_free(&word);
    }
    json_object_object_add(item, "covers",
                           json_object_new_string(text.length > 0 ? text.data : "everything"));
    buf_free(&text);
}

enum ctl_exit run_holds(struct ctl *ctl)
{
    static const struct column columns[] = {{"id", "ID"},       {"state", "STATE"},
                                            {"code", "CODE"},   {"covers", "COVERS"},
                                            {"until", "UNTIL"}, {"reason", "REASON"}};
    struct buf path;
    incident_path(&path, ctl->words[0], "/holds");
    enum ctl_exit code =
        print_pages(ctl, path.data, &(struct pages){.columns = columns, .n = 6, .each = flatten});
    buf_free(&path);
    return code;
}

enum ctl_exit run_fact(struct ctl *ctl)
{
    struct json_object *json = json_object_new_object();
    add_text(ctl, json, "jurisdiction", "jurisdiction");
    add_text(ctl, json, "note", "note");
    json_object_object_add(json, "kind", json_object_new_string("regulator_told"));
    if (!str_empty(ctl_option(ctl, "jurisdiction")))
        return post_incident(ctl, "/facts", json);
    json_object_put(json);
    return complain(CTL_USAGE, "fact needs --jurisdiction: whose regulator is told?");
}

/* ---- Facts that change. ---- */

static enum ctl_exit send_patch(struct ctl *ctl, const char *path, struct json_object *patch,
                                int64_t version)
{
    char match[48];
    struct json_object *answer;
    struct buf body;
    snprintf(match, sizeof(match), "If-Match: \"%lld\"", (long long)version);
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, patch);
    enum ctl_exit code = ask_json(ctl,
                                  &(struct api_request){.method = "PATCH",
                                                        .path = path,
                                                        .type = "application/merge-patch+json",
                                                        .body = body.data,
                                                        .body_length = body.length,
                                                        .headers = {match}},
                                  &answer);
    if (answer != NULL) {
        json_object_object_del(answer, "incident");
        print_value(answer, 0);
    }
    json_object_put(answer);
    buf_free(&body);
    return code;
}

/* What the incident's version is now; 0 after a complaint. */
static int64_t version_now(struct ctl *ctl, const char *path, enum ctl_exit *code)
{
    struct api_reply reply;
    struct json_object *json = NULL;
    api_reply_init(&reply);
    *code = ask(ctl, &(struct api_request){.method = "GET", .path = path}, &reply);
    if (*code == CTL_OK && json_read(reply.body.data, reply.body.length, &json, NULL) != RESULT_OK)
        *code = complain(CTL_SERVER, "the answer is not JSON");
    int64_t version = json_get_int(json, "version", 0);
    json_object_put(json);
    api_reply_free(&reply);
    return version;
}

enum ctl_exit run_incident_patch(struct ctl *ctl)
{
    const char *given = ctl_option(ctl, "version");
    struct json_object *patch = NULL;
    struct buf path, body;
    int64_t version = 0;
    enum ctl_exit code;

    if (str_empty(ctl_option(ctl, "reason")))
        return complain(CTL_USAGE, "incident patch needs --reason: it is kept with the change");
    if (given != NULL && (!parse_i64(given, &version) || version < 1))
        return complain(CTL_USAGE, "--version needs a number of 1 or more");
    code = read_json_file(ctl->words[1], &body);
    if (code != CTL_OK)
        return code;
    if (json_read(body.data, body.length, &patch, NULL) != RESULT_OK ||
        !json_object_is_type(patch, json_type_object))
        code = complain(CTL_LOCAL, "the file is not a JSON object");
    buf_free(&body);
    incident_path(&path, ctl->words[0], "");
    if (code == CTL_OK && version == 0)
        version = version_now(ctl, path.data, &code);
    if (code == CTL_OK) {
        add_text(ctl, patch, "reason", "reason");
        code = send_patch(ctl, path.data, patch, version);
    }
    buf_free(&path);
    json_object_put(patch);
    return code;
}
