/* ask.c - requests whose failures are told to the person in words, and turned into exit codes. */

/* System. */
#include <stdarg.h>
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/ctl.h"

enum ctl_exit complain(enum ctl_exit code, const char *format, ...)
{
    va_list arguments;

    (void)fflush(stdout);
    (void)fputs("tocsin: ", stderr);
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    return code;
}

static void print_fields(struct json_object *fields)
{
    if (!json_object_is_type(fields, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(fields); i++) {
        struct json_object *one = json_object_array_get_idx(fields, i);
        const char *field = json_get_string(one, "field"),
                   *pointer = json_get_string(one, "pointer");
        const char *reason = json_get_string(one, "reason"),
                   *detail = json_get_string(one, "detail");

        (void)fputs("  ", stderr);
        print_safe(stderr, str_or(field, str_or(pointer, "?")));
        (void)fputs(": ", stderr);
        print_safe(stderr, str_or(reason, str_or(detail, "?")));
        (void)fputc('\n', stderr);
    }
}

/* Prints a problem document (RFC 9457): title, detail and fields. */
static void print_problem(const struct api_reply *reply)
{
    struct json_object *problem = NULL;

    if (json_read(reply->body.data, reply->body.length, &problem, NULL) != RESULT_OK) {
        (void)complain(CTL_SERVER, "the server answered %ld without saying why", reply->status);
        return;
    }
    (void)fputs("tocsin: ", stderr);
    print_safe(stderr, str_or(json_get_string(problem, "title"), "refused"));
    (void)fprintf(stderr, " (%ld)\n", reply->status);
    if (!str_empty(json_get_string(problem, "detail"))) {
        (void)fputs("  ", stderr);
        print_safe(stderr, json_get_string(problem, "detail"));
        (void)fputc('\n', stderr);
    }
    if (!str_empty(json_get_string(problem, "field"))) {
        (void)fputs("  field: ", stderr);
        print_safe(stderr, json_get_string(problem, "field"));
        (void)fputc('\n', stderr);
    }
    print_fields(json_get(problem, "errors"));
    print_fields(json_get(problem, "fields"));
    json_object_put(problem);
}

static enum ctl_exit code_of(enum result result)
{
    return result == RESULT_IO          ? CTL_LOCAL
           : result == RESULT_TOO_LARGE ? CTL_SERVER
                                        : CTL_UNREACHABLE;
}

enum ctl_exit ask(struct ctl *ctl, const struct api_request *request, struct api_reply *reply)
{
    struct error error = {0};
    enum result result = api_call(ctl->api, request, reply, &error);

    if (result != RESULT_OK)
        return complain(code_of(result), "%s", error.text);
    if (reply->status >= 200 && reply->status < 300)
        return CTL_OK;
    (void)fflush(stdout);
    if (ctl->json && reply->body.length > 0)
        (void)fprintf(stderr, "%s\n", reply->body.data);
    else
        print_problem(reply);
    if (reply->status == 401)
        (void)complain(CTL_REFUSED, "set TOCSIN_TOKEN, or --token-file, to a token of this server");
    return reply->status >= 400 && reply->status < 500 ? CTL_REFUSED : CTL_SERVER;
}

static void print_raw(const struct buf *body)
{
    (void)fwrite(body->data, 1, body->length, stdout);
    if (body->length > 0 && body->data[body->length - 1] != '\n')
        (void)putchar('\n');
}

enum ctl_exit ask_json(struct ctl *ctl, const struct api_request *request,
                       struct json_object **ret_json)
{
    struct api_reply reply;
    struct error error = {0};
    enum ctl_exit code;

    *ret_json = NULL;
    api_reply_init(&reply);
    code = ask(ctl, request, &reply);
    if (code == CTL_OK && ctl->json)
        print_raw(&reply.body);
    else if (code == CTL_OK && reply.body.length > 0 &&
             json_read(reply.body.data, reply.body.length, ret_json, &error) != RESULT_OK)
        code = complain(CTL_SERVER, "the server's answer cannot be read: %s", error.text);
    api_reply_free(&reply);
    return code;
}

/* One page; adds its items to `all` and fills *next ("" at the end). */
static enum ctl_exit take_page(const struct api_reply *reply, struct json_object *all,
                               struct buf *next)
{
    struct json_object *page = NULL, *items;
    struct buf text;

    if (json_read(reply->body.data, reply->body.length, &page, NULL) == RESULT_OK)
        items = json_get(page, "items");
    else
        items = NULL;
    if (!json_object_is_type(items, json_type_array)) {
        json_object_put(page);
        return complain(CTL_SERVER, "the server's answer is no list of items");
    }
    for (size_t i = 0; i < json_object_array_length(items); i++)
        (void)json_object_array_add(all, json_object_get(json_object_array_get_idx(items, i)));
    buf_init(&text, 4096);
    (void)buf_puts(next, scalar_text(json_get(page, "next"), &text));
    buf_free(&text);
    json_object_put(page);
    return CTL_OK;
}

static enum ctl_exit read_page(struct ctl *ctl, const char *path, struct json_object *all,
                               struct buf *next)
{
    struct api_reply reply;
    enum ctl_exit code;

    api_reply_init(&reply);
    code = ask(ctl, &(struct api_request){.method = "GET", .path = path}, &reply);
    buf_clear(next);
    if (code == CTL_OK)
        code = take_page(&reply, all, next);
    if (code == CTL_OK && ctl->json)
        print_raw(&reply.body);
    api_reply_free(&reply);
    return code;
}

enum ctl_exit print_pages(struct ctl *ctl, const char *path, const struct pages *pages)
{
    struct json_object *all = json_object_new_array();
    struct buf next, url;
    enum ctl_exit code;

    buf_init(&next, 4096);
    buf_init(&url, SIZE_MAX);
    (void)buf_puts(&url, path);
    do {
        code = read_page(ctl, url.data, all, &next);
        buf_clear(&url);
        (void)buf_printf(&url, "%s%cafter=", path, strchr(path, '?') == NULL ? '?' : '&');
        path_add(&url, next.data);
    } while (code == CTL_OK && next.length > 0);
    for (size_t i = 0; pages->each != NULL && i < json_object_array_length(all); i++)
        pages->each(pages->context, json_object_array_get_idx(all, i));
    if (code == CTL_OK && !ctl->json)
        print_table(all, pages->columns, pages->n);
    json_object_put(all);
    buf_free(&next);
    buf_free(&url);
    return code;
}
