/* reader.h - a copy as a stream of bytes, read block by block on the lane. Loop thread. */
#pragma once
#include "service/backup/backups.h"

struct backup_reader;
enum { BACKUP_END = 0, BACKUP_WAIT = -1, BACKUP_FAIL = -2 };

/* `ready` comes when there is more after BACKUP_WAIT. NULL: there is no whole copy of this name. */
struct backup_reader *backup_reader_open(struct backups *backups, const char *name,
                                         void (*ready)(void *context), void *context);
/* Bytes written to `to`, or one of the words above. */
long backup_reader_pull(struct backup_reader *reader, char *to, size_t size);
/* Frees, once the lane has let go of it. Sets *reader to NULL. */
void backup_reader_close(struct backup_reader **reader);
