/* doubt.c - waves that were open in the copy: whom they reach later (what is planned or passed on
 * from now on) may have been reached before, in the life that is lost. A provider that can be asked
 * is asked first. One that cannot gets the same key again, which is all that can be done. */
/* System. */
#include <stdlib.h>

/* Interfaces. */
#include "tocsin/store_backup.h"

/* This module. */
#include "service/delivery/plan/cut.h"
#include "service/delivery/delivery_private.h"
#include "service/delivery/restore/restore.h"

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

void restore_doubt(const struct active_wave *wave, struct cut *cut)
{
    const struct delivery *delivery = wave->delivery;
    if (delivery->n_restored_waves == 0 ||
        bsearch(&wave->id, delivery->restored_waves, delivery->n_restored_waves,
                sizeof(*delivery->restored_waves), compare) == NULL)
        return;
    for (size_t i = 0; i < cut->n_chunks; i++) {
        const struct channel_driver *driver = wave->drivers[cut->chunks[i].channel];
        cut->chunks[i].maybe_sent = driver != NULL && driver->query != NULL &&
                                    driver->facts.on_uncertain == UNCERTAIN_QUERY;
    }
}

static bool wave_can_ask(const struct active_wave *wave)
{
    for (unsigned i = 0; i < wave->policy.n_channels; i++)
        if (wave->gates[i] != NULL && wave->gates[i]->driver->query != NULL)
            return true;
    return false;
}

bool restore_asking(const struct delivery *delivery)
{
    if (!delivery->restored)
        return false;
    list_each(node, &delivery->waves)
    {
        const struct active_wave *wave = container_of(node, struct active_wave, node);
        if (wave->dossier == NULL || wave->n_runs > 0 || (wave_can_ask(wave) && !wave->looked) ||
            (wave->next_due != TIME_NONE && wave->next_due < STORE_RESTORE_RESTS))
            return true;
    }
    return false;
}
