/* result.h - what became of a call, and the sentence that goes with it.
 *
 * `enum result` speaks of the call ("was it taken, did it reach the disk"). What became of a
 * message is `struct outcome` (tocsin/delivery.h). A result never carries data; outputs are
 * assigned only on RESULT_OK.
 */
#pragma once

enum result {
    RESULT_OK = 0,
    RESULT_BUSY,        /* not taken: no slot now; try again when told */
    RESULT_CLOSING,     /* not taken: the object is shutting down */
    RESULT_CANCELED,    /* taken, then canceled before it had an effect */
    RESULT_NOT_FOUND,   /* no such object */
    RESULT_EXISTS,      /* an object of this identity is there already */
    RESULT_CONFLICT,    /* the object is in another state or version than the caller believed */
    RESULT_INVALID,     /* the input is wrong; error.field names where */
    RESULT_DENIED,      /* the principal may not do this */
    RESULT_TOO_LARGE,   /* past a bound */
    RESULT_TIMEOUT,     /* no answer in time; nothing is known to have happened */
    RESULT_UNCERTAIN,   /* it may or may not have happened: re-read by id */
    RESULT_UNAVAILABLE, /* a needed part is out of order; nothing happened */
    RESULT_IO,          /* the disk or the network failed */
    RESULT_FULL,        /* the disk is full */
    RESULT_N
};

/* What went wrong, in words. Filled by the callee that returns something else than RESULT_OK.
 * `text` is one sentence that ends in what the user can do; it holds no personal data.
 * `field` is the JSON pointer or configuration key concerned, or "". */
struct error {
    enum result code;
    char field[128];
    char text[384];
};

/* The lower-case name of a result ("not_found"), static storage. */
const char *result_name(enum result result);

/* Fills *error (which may be NULL) and returns `code`, so that callers can write `return
 * error_set(...)`. `field` may be NULL. The text is cut at the bound of the struct. */
enum result error_set(struct error *error, enum result code, const char *field, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* Puts "`context`: " in front of the text of *error: used by each layer that lets an error pass
 * outwards. */
void error_wrap(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A bug, not an input: prints file, line and the message to stderr and aborts, in every build. */
#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void panic_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define require(condition) ((condition) ? (void)0 : panic("requirement failed: %s", #condition))
