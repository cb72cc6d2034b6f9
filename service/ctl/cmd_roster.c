/* cmd_roster.c - recipients summary, discard; incident reconcile: what the roster is made of,
 * taking an upload back, and what became of every row. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

enum ctl_exit run_recipients_summary(struct ctl *ctl)
{
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "/roster");
    code = show_resource(ctl, path.data);
    buf_free(&path);
    return code;
}

enum ctl_exit run_recipients_discard(struct ctl *ctl)
{
    struct json_object *wanted, *answer = NULL;
    struct buf path, body;
    enum ctl_exit code;

    if (str_empty(ctl_option(ctl, "reason")))
        return complain(CTL_USAGE, "discard needs --reason");
    wanted = json_object_new_object();
    json_object_object_add(wanted, "reason", json_object_new_string(ctl_option(ctl, "reason")));
    incident_path(&path, ctl->words[0], "/uploads/");
    path_add(&path, ctl->words[1]);
    (void)buf_puts(&path, "/discard");
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, wanted);
    json_object_put(wanted);
    code = ask_json(
        ctl,
        &(struct api_request){
            .method = "POST", .path = path.data, .body = body.data, .body_length = body.length},
        &answer);
    if (answer != NULL)
        print_value(answer, 0);
    json_object_put(answer);
    buf_free(&path);
    buf_free(&body);
    return code;
}

/* A line: 12 waiting (undecided): responder: ... */
static void print_line(struct json_object *line)
{
    (void)printf("%12lld  ", (long long)json_get_int(line, "rows", 0));
    print_safe(stdout, json_get_string(line, "fate"));
    if (json_get_string(line, "reason") != NULL) {
        (void)fputs(" (", stdout);
        print_safe(stdout, json_get_string(line, "reason"));
        (void)fputs(", ", stdout);
        print_safe(stdout, json_get_string(line, "owner"));
        (void)fputs("): ", stdout);
        print_safe(stdout, json_get_string(line, "next_step"));
    }
    (void)fputc('\n', stdout);
}

enum ctl_exit run_incident_reconcile(struct ctl *ctl)
{
    struct api_request request = {.method = "GET"};
    struct api_reply reply;
    struct json_object *json = NULL, *lines;
    struct error error;
    struct buf path;
    enum ctl_exit code;
    bool adds_up;

    incident_path(&path, ctl->words[0], "/reconciliation");
    request.path = path.data;
    api_reply_init(&reply);
    code = ask(ctl, &request, &reply);
    if (code == CTL_OK && json_read(reply.body.data, reply.body.length, &json, &error) != RESULT_OK)
        code = complain(CTL_SERVER, "the answer makes no sense: %s", error.text);
    adds_up = json_get_bool(json, "adds_up", false);
    if (code == CTL_OK && ctl->json)
        (void)printf("%s\n", reply.body.data);
    lines = json_get(json, "lines");
    for (size_t i = 0; code == CTL_OK && !ctl->json && i < json_object_array_length(lines); i++)
        print_line(json_object_array_get_idx(lines, i));
    if (code == CTL_OK && !ctl->json)
        (void)printf("%12lld  rows uploaded\n", (long long)json_get_int(json, "rows", 0));
    if (code == CTL_OK && !adds_up)
        code = complain(CTL_REFUSED, "%lld rows are not accounted for",
                        (long long)json_get_int(json, "unaccounted", 0));
    json_object_put(json);
    api_reply_free(&reply);
    buf_free(&path);
    return code;
}
