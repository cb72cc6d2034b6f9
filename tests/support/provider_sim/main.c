/* main.c - provider_sim: options, the HTTP server, faults that are the same for all vendors.
 *
 * Prints "listening on 127.0.0.1:<port>" when ready; ends on SIGTERM or SIGINT. Flags:
 * tests/support/README.md. */

/* System. */
#include <arpa/inet.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Libraries. */
#include <curl/curl.h>
#include <microhttpd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "sim.h"

struct sim_options options = {
    .listen = "127.0.0.1",
    .twilio_account = "AC00000000000000000000000000000000",
    .twilio_token = "sim-twilio-token",
    .lob_key = "live_sim,test_sim",
    .lob_secret = "sim-lob-secret",
    .postgrid_key = "live_sim,test_sim",
    .postgrid_secret = "sim-postgrid-secret",
    .hook_secret = "whsec_c2ltLXNlY3JldC1zaW0tc2VjcmV0LXNpbS1zZWNyZXQ=",
    .hook_report_secret = "whsec_c2ltLXJlcG9ydC1zaW0tcmVwb3J0LXNpbS1yZXBvcnQ=",
    .delay_ms = 200,
    .hang_ms = 120000,
    .callbacks = true,
};
struct stats stats;

enum { BODY_MAX = 8 * 1024 * 1024 };

const char *request_header(const struct sim_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct sim_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool request_basic(const struct sim_request *request, const char *user, const char *password)
{
    char plain[512], expected[700] = "Basic ";
    int n = snprintf(plain, sizeof plain, "%s:%s", user, password);

    base64_encode(expected + 6, plain, (size_t)n);
    return str_equal(request_header(request, "Authorization"), expected);
}

static bool every(unsigned long count, unsigned n)
{
    return n && count % n == 0;
}

static void serve_stats(struct sim_reply *reply)
{
    reply->status = 200;
    buf_printf(&reply->body,
               "{\"requests\":%lu,\"accepted\":%lu,\"repeated\":%lu,\"refused\":%lu,"
               "\"callbacks\":%lu,\"callbacks_failed\":%lu}\n",
               stats.requests, stats.accepted, stats.repeated, stats.refused,
               __atomic_load_n(&stats.callbacks, __ATOMIC_RELAXED),
               __atomic_load_n(&stats.callbacks_failed, __ATOMIC_RELAXED));
}

/* POST /_sim/suspended/on|off, /_sim/silent/on|off: a bad night, for as long as a test wants it. */
static void control(const struct sim_request *request, struct sim_reply *reply)
{
    bool on = ends_with(request->path, "/on");

    reply->status = 204;
    if (!on && !ends_with(request->path, "/off"))
        reply->status = 404;
    else if (str_starts(request->path, "/_sim/suspended/"))
        options.suspended = on;
    else if (str_starts(request->path, "/_sim/silent/"))
        callback_silence(on);
    else
        reply->status = 404;
}

static void route(struct sim_request *request, struct sim_reply *reply)
{
    if (str_starts(request->path, "/2010-04-01/Accounts/"))
        twilio_handle(request, reply);
    else if (str_starts(request->path, "/v1/letters"))
        lob_handle(request, reply);
    else if (str_starts(request->path, "/print-mail/v1/letters"))
        postgrid_handle(request, reply);
    else if (str_starts(request->path, "/hook"))
        hook_handle(request, reply);
    else if (str_equal(request->path, "/_sim/stats"))
        serve_stats(reply);
    else if (str_starts(request->path, "/_sim/") && str_equal(request->method, "POST"))
        control(request, reply);
}

/* Faults of the line come before or after the vendor has committed. */
static void handle(struct sim_request *request, struct sim_reply *reply)
{
    static unsigned long posts;
    bool post = str_equal(request->method, "POST");

    reply->status = 404;
    stats.requests++;
    posts += post;
    if (post && every(posts, options.limit_every)) {
        reply->status = 429;
        str_copy(reply->retry_after, sizeof reply->retry_after, "1");
        return;
    }
    if (post && every(posts, options.fail_before_every)) {
        reply->status = 503;
        return;
    }
    unsigned long accepted = stats.accepted;
    route(request, reply);
    if (post && stats.accepted > accepted && every(stats.accepted, options.fail_after_every)) {
        reply->status = 500;
        buf_clear(&reply->body);
    }
    if (post && reply->status >= 400)
        stats.refused++;
}

static enum MHD_Result answer(struct MHD_Connection *connection, const struct sim_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body.length, reply->body.data, MHD_RESPMEM_MUST_COPY);

    MHD_add_response_header(response, "Content-Type", str_or(reply->type, "application/json"));
    if (reply->retry_after[0])
        MHD_add_response_header(response, "Retry-After", reply->retry_after);
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct sim_request *request = *state;

    (void)context;
    (void)version;
    if (!request) {
        request = mem_new(struct sim_request);
        buf_init(&request->body, BODY_MAX);
        request->connection = connection;
        *state = request;
        return MHD_YES;
    }
    if (*upload_size) {
        buf_add(&request->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (request->arena) /* resumed after a hang, at the end of the program */
        return MHD_NO;
    request->method = method;
    request->path = url;
    request->arena = arena_create(4 * BODY_MAX);
    struct sim_reply reply = {0};
    buf_init(&reply.body, BODY_MAX);
    handle(request, &reply);
    enum MHD_Result result = MHD_YES;
    if (reply.hang)
        MHD_suspend_connection(connection);
    else
        result = answer(connection, &reply);
    buf_free(&reply.body);
    return result;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct sim_request *request = *state;

    (void)context;
    (void)connection;
    (void)code;
    if (!request)
        return;
    buf_free(&request->body);
    arena_destroy(&request->arena);
    mem_free(request);
    *state = NULL;
}

enum {
    OPTION_PORT = 256,
    OPTION_LISTEN,
    OPTION_LEDGER,
    OPTION_LETTERS,
    OPTION_URL,
    OPTION_TWILIO_ACCOUNT,
    OPTION_TWILIO_TOKEN,
    OPTION_LOB_KEY,
    OPTION_LOB_SECRET,
    OPTION_POSTGRID_KEY,
    OPTION_POSTGRID_SECRET,
    OPTION_HOOK_SECRET,
    OPTION_HOOK_REPORT_SECRET,
    OPTION_DELAY,
    OPTION_LATE,
    OPTION_LIMIT,
    OPTION_BEFORE,
    OPTION_AFTER,
    OPTION_NO_CALLBACKS,
    OPTION_DUPLICATE,
    OPTION_REORDER,
    OPTION_BAD,
    OPTION_STALE,
    OPTION_JWT,
    OPTION_SYNC
};

static const struct option long_options[] = {
    {"port", 1, 0, OPTION_PORT},
    {"listen", 1, 0, OPTION_LISTEN},
    {"ledger", 1, 0, OPTION_LEDGER},
    {"letters", 1, 0, OPTION_LETTERS},
    {"callback-url", 1, 0, OPTION_URL},
    {"twilio-account", 1, 0, OPTION_TWILIO_ACCOUNT},
    {"twilio-token", 1, 0, OPTION_TWILIO_TOKEN},
    {"lob-key", 1, 0, OPTION_LOB_KEY},
    {"lob-secret", 1, 0, OPTION_LOB_SECRET},
    {"postgrid-key", 1, 0, OPTION_POSTGRID_KEY},
    {"postgrid-secret", 1, 0, OPTION_POSTGRID_SECRET},
    {"hook-secret", 1, 0, OPTION_HOOK_SECRET},
    {"hook-report-secret", 1, 0, OPTION_HOOK_REPORT_SECRET},
    {"delay-ms", 1, 0, OPTION_DELAY},
    {"late-ms", 1, 0, OPTION_LATE},
    {"limit-every", 1, 0, OPTION_LIMIT},
    {"fail-before-every", 1, 0, OPTION_BEFORE},
    {"fail-after-every", 1, 0, OPTION_AFTER},
    {"no-callbacks", 0, 0, OPTION_NO_CALLBACKS},
    {"duplicate-callbacks", 0, 0, OPTION_DUPLICATE},
    {"reorder-callbacks", 0, 0, OPTION_REORDER},
    {"bad-signature", 0, 0, OPTION_BAD},
    {"stale-signature", 0, 0, OPTION_STALE},
    {"postgrid-jwt", 0, 0, OPTION_JWT},
    {"sync", 0, 0, OPTION_SYNC},
    {0, 0, 0, 0},
};

/* Where an option's text goes; NULL: it is no text. */
static const char **text_option(int option)
{
    static const char **const to[] = {
        [OPTION_LISTEN - OPTION_PORT] = &options.listen,
        [OPTION_LEDGER - OPTION_PORT] = &options.ledger,
        [OPTION_LETTERS - OPTION_PORT] = &options.letters,
        [OPTION_URL - OPTION_PORT] = &options.callback_url,
        [OPTION_TWILIO_ACCOUNT - OPTION_PORT] = &options.twilio_account,
        [OPTION_TWILIO_TOKEN - OPTION_PORT] = &options.twilio_token,
        [OPTION_LOB_KEY - OPTION_PORT] = &options.lob_key,
        [OPTION_LOB_SECRET - OPTION_PORT] = &options.lob_secret,
        [OPTION_POSTGRID_KEY - OPTION_PORT] = &options.postgrid_key,
        [OPTION_POSTGRID_SECRET - OPTION_PORT] = &options.postgrid_secret,
        [OPTION_HOOK_SECRET - OPTION_PORT] = &options.hook_secret,
        [OPTION_HOOK_REPORT_SECRET - OPTION_PORT] = &options.hook_report_secret,
    };
    size_t i = (size_t)(option - OPTION_PORT);
    return i < sizeof to / sizeof *to ? to[i] : NULL;
}

static unsigned *number_option(int option)
{
    switch (option) {
    case OPTION_DELAY:
        return &options.delay_ms;
    case OPTION_LATE:
        return &options.late_ms;
    case OPTION_LIMIT:
        return &options.limit_every;
    case OPTION_BEFORE:
        return &options.fail_before_every;
    case OPTION_AFTER:
        return &options.fail_after_every;
    default:
        return NULL;
    }
}

static void set_flag(int option)
{
    options.callbacks &= option != OPTION_NO_CALLBACKS;
    options.duplicate |= option == OPTION_DUPLICATE;
    options.reorder |= option == OPTION_REORDER;
    options.bad_signature |= option == OPTION_BAD;
    options.stale_signature |= option == OPTION_STALE;
    options.jwt |= option == OPTION_JWT;
    options.sync |= option == OPTION_SYNC;
}

static bool read_options(int argc, char **argv)
{
    int option;
    int64_t value;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == '?')
            return false;
        const char **text = text_option(option);
        unsigned *number = number_option(option);
        if (text) {
            *text = optarg;
            continue;
        }
        if (!number && option != OPTION_PORT) {
            set_flag(option);
            continue;
        }
        if (!parse_i64(optarg, &value) || value < 0 || value > 100000000)
            return false;
        if (number)
            *number = (unsigned)value;
        else
            options.port = (int)value;
    }
    return optind == argc;
}

static struct MHD_Daemon *serve(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};

    if (inet_pton(AF_INET, options.listen, &address.sin_addr) != 1)
        return NULL;
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
        (uint16_t)options.port, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT, 1000u,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
}

int main(int argc, char **argv)
{
    sigset_t signals;
    int got;

    if (!read_options(argc, argv)) {
        fputs("provider_sim: unknown or bad option; see tests/support/README.md\n", stderr);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* all threads inherit it */
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_ALL);
    callback_start();
    struct MHD_Daemon *daemon = serve();
    if (!daemon) {
        fputs("provider_sim: can't listen there\n", stderr);
        return 1;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    printf("listening on %s:%u\n", options.listen, (unsigned)info->port);
    fflush(stdout);
    sigwait(&signals, &got);
    callback_stop();
    /* Suspended connections would make MHD_stop_daemon() abort; there is nothing else to save. */
    fflush(NULL);
    _exit(0);
}
