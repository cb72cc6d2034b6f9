/* http_internal.h - what the files of this folder share. Loop thread only. */
#pragma once
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/sm.h"
#include "service/http/gate.h"
#include "service/http/http_server.h"
#include "service/http/router.h"
#include "service/http/uri.h"

enum {
    PEER_SIZE = 48,
    CONN_MEMORY = 32768, /* libmicrohttpd's memory for a connection */
};

struct http_server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_watch *watch;
    struct loop_timer run;  /* libmicrohttpd wants a turn */
    struct loop_timer tick; /* deadlines; runs while there are connections */
    struct http_config config;
    char *listen;
    int fd; /* -1 once drained */
    unsigned port;
    struct list conns;
    struct http_stats stats;
    bool in_place_parser; /* gate_contiguous() applies to this libmicrohttpd */
    bool draining, closing, running;
    void (*drained)(void *context);
    void *drained_context;
};

/* A client's connection; libmicrohttpd's socket context. */
struct http_conn {
    struct list node;
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct http_request *request; /* NULL between requests */
    int fd;
    bool cut;         /* shut down: whatever libmicrohttpd still asks gets a no */
    int64_t head_due; /* monotonic; the head must be complete by then */
    char peer[PEER_SIZE];
};

enum request_state {
    REQUEST_HEAD,     /* being read, not yet judged */
    REQUEST_OFFERED,  /* a streaming handler has it and has not asked for the body yet */
    REQUEST_BODY,     /* the body is coming */
    REQUEST_COMPLETE, /* all is here, the reply is not */
    REQUEST_LINGER,   /* answered before the body's end; the rest is thrown away */
    REQUEST_SENDING,  /* the reply is with libmicrohttpd */
    REQUEST_OVER,     /* libmicrohttpd is done with it */
    REQUEST_STATES
};
extern const struct sm_table sm_request;

/* A reply in our own form, so that it can be given to libmicrohttpd or written straight to the
 * socket. */
struct reply_made {
    bool ready;
    int status;
    struct http_field *fields; /* owned; their texts are in the arena */
    size_t n_fields;
    void *bytes; /* owned when `given` */
    const void *view;
    size_t length;
    bool given;
    bool streamed;
    struct http_reply_source source;
};

struct http_request {
    struct http_server *server; /* NULL once over */
    struct http_conn *conn;     /* NULL once over */
    unsigned state;
    unsigned hold;   /* callbacks on the stack that need the struct afterwards */
    bool dispatched; /* the handler was called */
    bool replied;    /* the application has given its reply, or never saw the request */
    bool suspended;  /* in libmicrohttpd */
    bool in_call;    /* libmicrohttpd is calling us about this request */
    bool wake;       /* http_resume() came during a sink's or source's own callback */
    bool paused;     /* the sink said HTTP_PAUSE */
    bool has_sink, sink_done;
    bool source_ended; /* pull said END */
    struct http_body_sink sink;
    struct reply_made reply;
    struct loop *loop;
    struct http_reply_source late_source;
    struct loop_hop late; /* tells a sink or source that came after the end */
    void (*closed)(struct http_request *request, void *context);
    void *closed_context;

    struct arena *arena;
    const char *target; /* raw; NULL: longer than GATE_TARGET_MAX */
    size_t target_length;
    struct http_info info;
    struct route_match match;
    const char *params[HTTP_PARAMS_MAX]; /* decoded */
    struct query query;
    struct http_field fields[GATE_FIELDS_MAX];
    size_t n_fields;

    struct buf body; /* HTTP_BODY_WHOLE */
    bool has_body_buf;
    const char *round;  /* where libmicrohttpd keeps chunked bytes; NULL: not checked */
    uint64_t taken;     /* bytes of the body so far */
    int64_t since;      /* monotonic: waiting for the application, or start of the rate window, or
                           linger's end */
    uint64_t in_window; /* bytes since then */
};

/* request.c */
struct http_request *request_create(struct http_conn *conn, const char *target);
/* Copies the head in, judges it, finds the route. A refusal leaves the reply made. */
void request_judge(struct http_request *request, const struct gate_head *head);
/* Frees when libmicrohttpd is done, the reply was given and nobody holds it. */
void request_release(struct http_request *request);

/* exchange.c: one request's way through libmicrohttpd. */
enum MHD_Result exchange_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *size, void **request);
void exchange_completed(void *cls, struct MHD_Connection *mhd, void **request,
                        enum MHD_RequestTerminationCode code);
/* The reply has been made: get it under way. */
void exchange_answered(struct http_request *request);
void exchange_resume(struct http_request *request);
/* The server answers in the application's place (too slow, too large). */
void exchange_fail(struct http_request *request, enum http_problem_slug slug, const char *detail);
/* Ends the sink, once. May run the application's code. */
void exchange_end_sink(struct http_request *request, bool complete);

/* watchdog.c: deadlines and clients that vanish; libmicrohttpd sees neither while a connection is
 * suspended. */
void watchdog_tick(struct loop_timer *timer);
void conn_cut(struct http_conn *conn);

/* reply.c */
void reply_make(struct http_request *request, const struct http_reply *reply);
bool reply_queue(struct http_request *request);
/* Writes the reply straight to the socket, past libmicrohttpd; only while it owes this connection
 * nothing. */
void reply_send_raw(struct http_request *request);
void reply_free(struct http_request *request);
/* problem.c: as http_problem(), but only makes the reply. */
void problem_make(struct http_request *request, const struct http_problem *problem);

/* server.c: libmicrohttpd gets a turn soon. */
void server_kick(struct http_server *server);
int64_t server_now(const struct http_server *server);
