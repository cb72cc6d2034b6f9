/* cmd_incident.c - incident create, list, show. */

/* System. */
#include <errno.h>
#include <string.h>

/* Base. */
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

static void print_created(struct json_object *incident)
{
    print_pair("incident", json_get_string(incident, "id"));
    print_pair("title", str_or(json_get_string(incident, "title"),
                               json_get_string(json_get(incident, "incident"), "title")));
    print_pair("state", json_get_string(incident, "state"));
}

enum ctl_exit run_incident_create(struct ctl *ctl)
{
    char key[IDEMPOTENCY_HEADER_SIZE];
    struct json_object *incident;
    struct buf body;
    enum ctl_exit code = idempotency_header(ctl, key);

    if (code == CTL_OK)
        code = read_json_file(ctl->words[0], &body);
    if (code != CTL_OK)
        return code;
    code = ask_json(ctl,
                    &(struct api_request){.method = "POST",
                                          .path = "/v1/incidents",
                                          .body = body.data,
                                          .body_length = body.length,
                                          .headers = {key}},
                    &incident);
    if (incident != NULL)
        print_created(incident);
    json_object_put(incident);
    buf_free(&body);
    return code;
}

enum ctl_exit run_incident_list(struct ctl *ctl)
{
    static const struct column columns[] = {{"id", "ID"},
                                            {"state", "STATE"},
                                            {"test", "TEST"},
                                            {"created_at", "CREATED"},
                                            {"title", "TITLE"}};

    return print_pages(ctl, "/v1/incidents?limit=100", &(struct pages){.columns = columns, .n = 5});
}

enum ctl_exit run_incident_show(struct ctl *ctl)
{
    struct buf path;
    enum ctl_exit code;

    incident_path(&path, ctl->words[0], "");
    code = show_resource(ctl, path.data);
    buf_free(&path);
    return code;
}
