/* commands.h - what several commands share. Private to service/ctl. */
#pragma once
#include "service/ctl/ctl.h"

enum { IDEMPOTENCY_HEADER_SIZE = 160 };

/* "Idempotency-Key: ..." from --idempotency-key, else a fresh random one. */
enum ctl_exit idempotency_header(const struct ctl *ctl, char to[IDEMPOTENCY_HEADER_SIZE]);
/* A JSON file ("-": standard input), checked, up to 16 MiB. On CTL_OK the caller frees *ret_body;
 * otherwise what is wrong was printed. */
enum ctl_exit read_json_file(const char *path, struct buf *ret_body);
/* GETs and prints any object, members indented, lists of objects as tables. */
enum ctl_exit show_resource(struct ctl *ctl, const char *path);
/* Prints any JSON for reading. */
void print_value(struct json_object *value, unsigned indent);
/* What the request answers, in a file that appears only when it is whole. */
enum ctl_exit download_file(struct ctl *ctl, const struct api_request *request, const char *file);
