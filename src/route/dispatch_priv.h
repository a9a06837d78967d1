/*
 * What dispatch.c (accounts and devices) and dispatch_message.c (messages) share.
 */
#pragma once

#include "base/heap.h"
#include "core/map.h"
#include "route/dispatch_line.h"

struct dispatch_device {
    struct dispatch_account *account;
    struct dispatch_line line;   /* waiting and handed */
    struct dispatch_list taken;
    size_t counts[OG_DISPATCH_TAKEN + 1];
    size_t movable;              /* of the waiting ones */
    size_t silent;               /* of those handed and taken */
    size_t waiting_otp;
    int64_t waiting_parts, waiting_otp_parts, ahead_parts;
    int64_t last_seen_ms;
    uint64_t turn;               /* when it was last chosen: equals take turns */
    size_t ranking_place;        /* absent: the account's own line */
    bool is_connected;
    uint8_t id_len;
    char id[OG_DISPATCH_ID_MAX_BYTES];
};

struct dispatch_account {
    struct og_map devices;      /* by id */
    struct og_map entries;      /* by id */
    struct og_heap ranking;     /* of devices: the best for the next message first */
    struct dispatch_device own; /* id "": messages without a device */
    uint8_t id_len;
    char id[OG_DISPATCH_ID_MAX_BYTES];
};

struct og_dispatch {
    struct og_map accounts;
    struct og_heap attention; /* of entries that somebody must look at */
    uint64_t entry_number;
    uint64_t turn;
    struct og_dispatch_totals totals;
};

static inline struct og_str
og_dispatch_device_id(const struct dispatch_device *device)
{
    return (struct og_str){device->id, device->id_len};
}

static inline struct og_str
og_dispatch_account_id(const struct dispatch_account *account)
{
    return (struct og_str){account->id, account->id_len};
}

static inline struct og_str
og_dispatch_entry_id(const struct dispatch_entry *entry)
{
    return (struct og_str){entry->id, entry->id_len};
}

bool og_dispatch_id_fits(struct og_str id);

/* NULL when unknown. */
struct dispatch_account *og_dispatch_account_get(const struct og_dispatch *self,
                                                 struct og_str id);
struct dispatch_account *og_dispatch_account_make(struct og_dispatch *self, struct og_str id);
/* Frees it if nothing is left in it. */
void og_dispatch_account_drop_empty(struct og_dispatch *self, struct dispatch_account *account);
/* The empty id gives the account's own line. NULL when unknown. */
struct dispatch_device *og_dispatch_device_get(struct dispatch_account *account,
                                               struct og_str id);
/* The best one for a message, now: see og_dispatch_choose. NULL: none. It has had its turn. */
struct dispatch_device *og_dispatch_device_best(struct og_dispatch *self,
                                                struct dispatch_account *account,
                                                const struct dispatch_device *except,
                                                int64_t seen_since_ms);

/* Put an entry into its device's line and into all counts, or take it out of both. Between the two
 * it may be changed. */
void og_dispatch_attach(struct og_dispatch *self, struct dispatch_entry *entry);
void og_dispatch_detach(struct og_dispatch *self, struct dispatch_entry *entry);
/* Detached, out of maps and heaps, freed. */
void og_dispatch_entry_drop(struct og_dispatch *self, struct dispatch_entry *entry);
