/* schema_sqlite.h - the texts of schema/sqlite/NNNN_*.sql, made into C by embed.cmake. */
#pragma once
extern const char *const schema_sqlite[]; /* [0] leads to version 1 */
extern const int schema_sqlite_n;
