/*
 * Phones are trusted with their own names only: what they say is checked like anybody's input.
 */
#include "core/device.h"

#include <stdio.h>

#include "core/label.h"

enum og_code
og_device_check_name(struct og_str name, struct og_err *err)
{
    return og_label_check(name, OG_DEVICE_NAME_MAX_CHARS, "name", err);
}

static enum og_code
fail_sim(size_t index, const char *member, const char *wrong, struct og_err *err)
{
    char field[sizeof(err->field)];
    snprintf(field, sizeof(field), "simCards[%zu].%s", index, member);
    return og_fail(err, OG_E_UNPROCESSABLE, field, "%s", wrong);
}

static enum og_code
check_sim_texts(const struct og_sim *sim, size_t index, struct og_err *err)
{
    const struct {
        const char *member;
        struct og_str text;
    } texts[] = {
        {"phoneNumber", sim->phone},
        {"carrierName", sim->carrier},
        {"iccid", sim->iccid},
    };
    char field[sizeof(err->field)];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        snprintf(field, sizeof(field), "simCards[%zu].%s", index, texts[i].member);
        enum og_code code = og_label_check(texts[i].text, OG_SIM_TEXT_MAX_CHARS, field, err);
        if (code != OG_OK) {
            return code;
        }
    }
    return OG_OK;
}

enum og_code
og_sim_list_check(const struct og_sim *sims, size_t count, struct og_err *err)
{
    if (count > OG_DEVICE_MAX_SIMS) {
        return og_fail(err, OG_E_UNPROCESSABLE, "simCards", "must have at most %d entries",
                       OG_DEVICE_MAX_SIMS);
    }
    for (size_t i = 0; i < count; i++) {
        if (sims[i].sim_number < 1 || sims[i].sim_number > OG_DEVICE_MAX_SIMS) {
            return fail_sim(i, "simNumber", "must be 1 to 3", err);
        }
        if (sims[i].slot_index < 0 || sims[i].slot_index >= OG_DEVICE_MAX_SIMS) {
            return fail_sim(i, "slotIndex", "must be 0 to 2", err);
        }
        for (size_t k = 0; k < i; k++) {
            if (sims[k].sim_number == sims[i].sim_number) {
                return fail_sim(i, "simNumber", "is there twice", err);
            }
            if (sims[k].slot_index == sims[i].slot_index) {
                return fail_sim(i, "slotIndex", "is there twice", err);
            }
        }
        enum og_code code = check_sim_texts(&sims[i], i, err);
        if (code != OG_OK) {
            return code;
        }
    }
    return OG_OK;
}
