/* cmd_requests.c - requests list, create, show: people who want the notice on paper. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

static const char base_path[] = "/v1/written-notice-requests";

enum ctl_exit run_requests_list(struct ctl *ctl)
{
    static const struct column columns[] = {{"id", "ID"},
                                            {"state", "STATE"},
                                            {"incident", "INCIDENT"},
                                            {"channel_received", "BY"},
                                            {"received_at", "RECEIVED"},
                                            {"due_at", "DUE"}};
    const char *incident = ctl_option(ctl, "incident");
    struct buf path;
    enum ctl_exit code;

    buf_init(&path, SIZE_MAX);
    (void)buf_printf(&path, "%s?limit=100", base_path);
    if (incident != NULL) {
        (void)buf_puts(&path, "&incident=");
        path_add(&path, incident);
    }
    code = print_pages(ctl, path.data, &(struct pages){.columns = columns, .n = 6});
    buf_free(&path);
    return code;
}

/* From the options, member by member. */
static enum ctl_exit build_request(const struct ctl *ctl, struct buf *body)
{
    static const char *const members[][2] = {{"incident", "incident"},
                                             {"recipient", "recipient_id"},
                                             {"channel-received", "channel_received"},
                                             {"note", "note"}};
    struct json_object *request;

    if (ctl_option(ctl, "incident") == NULL || ctl_option(ctl, "recipient") == NULL ||
        ctl_option(ctl, "channel-received") == NULL)
        return complain(CTL_USAGE, "requests create needs --file, or --incident, --recipient and "
                                   "--channel-received");
    request = json_object_new_object();
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (ctl_option(ctl, members[i][0]) != NULL)
            json_object_object_add(request, members[i][1],
                                   json_object_new_string(ctl_option(ctl, members[i][0])));
    buf_init(body, SIZE_MAX);
    (void)json_write(body, request);
    json_object_put(request);
    return CTL_OK;
}

enum ctl_exit run_requests_create(struct ctl *ctl)
{
    const char *file = ctl_option(ctl, "file");
    char key[IDEMPOTENCY_HEADER_SIZE];
    struct json_object *made;
    struct buf body;
    enum ctl_exit code = idempotency_header(ctl, key);

    if (code == CTL_OK)
        code = file != NULL ? read_json_file(file, &body) : build_request(ctl, &body);
    if (code != CTL_OK)
        return code;
    code = ask_json(ctl,
                    &(struct api_request){.method = "POST",
                                          .path = base_path,
                                          .body = body.data,
                                          .body_length = body.length,
                                          .headers = {key}},
                    &made);
    if (made != NULL)
        print_value(made, 0);
    json_object_put(made);
    buf_free(&body);
    return code;
}

enum ctl_exit run_requests_show(struct ctl *ctl)
{
    struct buf path;
    enum ctl_exit code;

    buf_init(&path, SIZE_MAX);
    (void)buf_printf(&path, "%s/", base_path);
    path_add(&path, ctl->words[0]);
    code = show_resource(ctl, path.data);
    buf_free(&path);
    return code;
}
