/* dig.h - somebody who holds the master key and the disk, and wants to know about people whom the
 * service has forgotten. He knows every format: he opens each wrapped key wherever it lies (also in
 * freed pages, gaps and the write-ahead log), opens with it whatever he has ever seen sealed, also
 * pieces whose tag is gone, and guesses names behind blind keys. */
#pragma once
#include <stdbool.h>

#include "base/buf.h"
#include "base/seal.h"

struct dig;
struct dig *dig_create(const struct seal_key *master);
void dig_destroy(struct dig **dig);
/* Remembers what lies sealed in this database: nonces, bounds, lengths. What he saw before an
 * erasure he looks for after it. */
void dig_learn(struct dig *dig, const char *database);
/* Reads database and log from the disk and opens all that opens; forgets what the last dig found.
 */
void dig_open(struct dig *dig, const char *database);
/* Does anything that was opened, or the bytes themselves, hold this text? */
bool dig_finds(const struct dig *dig, const char *text);
/* Does a blind key of this id (kind "recipient_id" or "account_id"), or of a preference
 * ("email", "phone", "account"), lie anywhere? */
bool dig_guesses(const struct dig *dig, const char *kind, const char *value);
/* How many seeds, and how many people, did open. */
unsigned dig_seeds(const struct dig *dig);
unsigned dig_people(const struct dig *dig);
