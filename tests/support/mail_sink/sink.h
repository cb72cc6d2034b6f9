/* sink.h - the parts of the mail sink. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct sink_options {
    const char *dir; /* NULL: mails are counted, not written */
    bool sync;       /* on disk before the reply to the dot */
};

/* Speaks SMTP on the socket until the client leaves; closes it. Thread-safe. */
void sink_session_run(int fd, const struct sink_options *options);

/* Numbers the next mail and, with a directory, writes it under that number; 0 when the disk failed.
 */
unsigned long sink_store(const struct sink_options *options, const char *mail, size_t length);
unsigned long sink_stored(void);
