/* cmd_token.c - token create, list, revoke. A new token goes to stdout alone, so that
 * `tocsin token create ... > file` makes a token file; the words about it go to stderr. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

static enum ctl_exit print_token(struct json_object *made)
{
    const char *invitation = json_get_string(made, "invitation");
    const char *token = str_or(json_get_string(made, "token"), invitation);

    if (str_empty(token))
        return complain(CTL_SERVER, "the server made no token");
    (void)fputs("id: ", stderr);
    print_safe(stderr, json_get_string(made, "id"));
    (void)fputs(
        invitation != NULL
            ? "\nThe invitation is shown this once; give it to its person alone:\n"
            : "\nThe token is shown this once; keep it in a file that only its owner reads:\n",
        stderr);
    print_safe(stdout, token);
    (void)putchar('\n');
    return CTL_OK;
}

/* "responder,approver" as a list. */
static struct json_object *split_roles(const char *roles)
{
    struct json_object *list = json_object_new_array();

    while (*roles != '\0') {
        size_t n = strcspn(roles, ",");

        if (n > 0)
            (void)json_object_array_add(list, json_object_new_string_len(roles, (int)n));
        roles += n + (roles[n] == ',');
    }
    return list;
}

enum ctl_exit run_token_create(struct ctl *ctl)
{
    const char *role = ctl_option(ctl, "role"), *name = ctl_option(ctl, "name");
    struct json_object *wanted, *made;
    struct buf body;
    enum ctl_exit code;

    if (str_empty(role) || str_empty(name))
        return complain(CTL_USAGE, "token create needs --role and --name");
    wanted = json_object_new_object();
    json_object_object_add(wanted, "roles", split_roles(role));
    json_object_object_add(wanted, "name", json_object_new_string(name));
    if (ctl_option(ctl, "invite") != NULL)
        json_object_object_add(wanted, "invite", json_object_new_boolean(true));
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, wanted);
    json_object_put(wanted);
    code = ask_json(
        ctl,
        &(struct api_request){
            .method = "POST", .path = "/v1/tokens", .body = body.data, .body_length = body.length},
        &made);
    if (made != NULL)
        code = print_token(made);
    json_object_put(made);
    buf_free(&body);
    return code;
}

enum ctl_exit run_token_list(struct ctl *ctl)
{
    static const struct column columns[] = {{"id", "ID"},
                                            {"roles", "ROLES"},
                                            {"created_at", "CREATED"},
                                            {"revoked_at", "REVOKED"},
                                            {"name", "NAME"}};

    return print_pages(ctl, "/v1/tokens", &(struct pages){.columns = columns, .n = 5});
}

enum ctl_exit run_token_revoke(struct ctl *ctl)
{
    struct json_object *answer;
    struct buf path;
    enum ctl_exit code;

    buf_init(&path, SIZE_MAX);
    (void)buf_puts(&path, "/v1/tokens/");
    path_add(&path, ctl->words[0]);
    code = ask_json(ctl, &(struct api_request){.method = "DELETE", .path = path.data}, &answer);
    if (code == CTL_OK && !ctl->json)
        (void)puts("revoked");
    json_object_put(answer);
    buf_free(&path);
    return code;
}

enum ctl_exit run_token_claim(struct ctl *ctl)
{
    struct json_object *wanted, *made;
    char line[256];
    struct buf body;
    enum ctl_exit code;

    if (fgets(line, sizeof(line), stdin) == NULL || str_empty(str_trim(line)))
        return complain(CTL_USAGE, "token claim reads the invitation from standard input");
    wanted = json_object_new_object();
    json_object_object_add(wanted, "invitation", json_object_new_string(str_trim(line)));
    buf_init(&body, SIZE_MAX);
    (void)json_write(&body, wanted);
    json_object_put(wanted);
    code = ask_json(ctl,
                    &(struct api_request){.method = "POST",
                                          .path = "/v1/tokens/claim",
                                          .body = body.data,
                                          .body_length = body.length},
                    &made);
    if (made != NULL)
        code = print_token(made);
    json_object_put(made);
    buf_wipe(&body);
    return code;
}
