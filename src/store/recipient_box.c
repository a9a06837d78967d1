/*
 * Packing recipients for the row and back. Pure; the store seals the result.
 */
#include "store/recipient_box.h"

#define ERROR_BYTES_MAX 300

static void
add_text(struct og_buf *out, struct og_str text)
{
    og_buf_add_byte(out, (char)(text.len >> 8));
    og_buf_add_byte(out, (char)(text.len & 0xff));
    og_buf_add(out, text);
}

void
og_recipients_pack(const struct og_message_recipient *items, size_t count, struct og_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        og_buf_add_byte(out, (char)items[i].state);
        og_buf_add_byte(out, items[i].is_assumed ? 1 : 0);
        add_text(out, items[i].number);
        add_text(out, og_str_slice(items[i].error, 0, ERROR_BYTES_MAX));
    }
}

static bool
take_text(struct og_str *rest, struct og_str *out)
{
    if (rest->len < 2) {
        return false;
    }
    size_t len = (size_t)(uint8_t)rest->ptr[0] << 8 | (uint8_t)rest->ptr[1];
    if (rest->len - 2 < len) {
        return false;
    }
    *out = (struct og_str){rest->ptr + 2, len};
    *rest = og_str_slice(*rest, 2 + len, rest->len);
    return true;
}

static bool
take_one(struct og_str *rest, struct og_message_recipient *out)
{
    if (rest->len < 2 || (uint8_t)rest->ptr[0] >= OG_MESSAGE_STATE_COUNT) {
        return false;
    }
    *out = (struct og_message_recipient){
        .state = (enum og_message_state)rest->ptr[0],
        .is_assumed = rest->ptr[1] == 1,
    };
    *rest = og_str_slice(*rest, 2, rest->len);
    return take_text(rest, &out->number) && take_text(rest, &out->error);
}

enum og_code
og_recipients_unpack(struct og_str packed, struct og_arena *mem,
                     struct og_message_recipient **items_out, size_t *count_out,
                     struct og_err *err)
{
    size_t count = 0;
    struct og_message_recipient one;
    for (struct og_str rest = packed; rest.len > 0; count++) {
        if (!take_one(&rest, &one)) {
            return og_fail(err, OG_E_INTERNAL, "", "recipients of a message cannot be read");
        }
    }
    struct og_message_recipient *items =
        OG_ARENA_ARRAY(mem, struct og_message_recipient, count ? count : 1);
    struct og_str rest = packed;
    for (size_t i = 0; i < count; i++) {
        take_one(&rest, &items[i]);
    }
    *items_out = items;
    *count_out = count;
    return OG_OK;
}
