/* The event stream, line by line. Called with every byte that a server sends, so it trusts nothing:
 * lengths are bounded by the buffers' maximum, and an event that passes it is dropped whole. */
#include "phone/sse_parser.h"

static const char bom[] = "\xef\xbb\xbf";

void
og_sse_init(struct og_sse_parser *self, size_t max_bytes)
{
    *self = (struct og_sse_parser){.at_start = true};
    og_buf_init(&self->line, max_bytes);
    og_buf_init(&self->data, max_bytes);
}

void
og_sse_finish(struct og_sse_parser *self)
{
    og_buf_finish(&self->line);
    og_buf_finish(&self->data);
}

static void
clear_event(struct og_sse_parser *self)
{
    og_buf_clear(&self->data);
    self->type_len = 0;
    self->has_type = self->has_data = self->is_too_long = false;
}

void
og_sse_reset(struct og_sse_parser *self)
{
    clear_event(self);
    og_buf_clear(&self->line);
    self->line_too_long = self->after_cr = false;
    self->at_start = true;
}

static void
dispatch(struct og_sse_parser *self, const struct og_sse_handler *handler)
{
    struct og_str type = self->type_len > 0 ? (struct og_str){self->type, self->type_len}
                                            : OG_STR("message");
    if (self->is_too_long) {
        self->dropped_count++;
    } else if (self->has_data) {
        self->event_count++;
        handler->on_event(handler->ctx, type, og_buf_str(&self->data));
    } else if (self->has_type && handler->on_dataless) {
        handler->on_dataless(handler->ctx, type);
    }
    clear_event(self);
}

static void
add_data(struct og_sse_parser *self, struct og_str value)
{
    if (self->has_data) {
        og_buf_add_byte(&self->data, '\n');
    }
    og_buf_add(&self->data, value);
    self->has_data = true;
    self->is_too_long = self->is_too_long || self->data.full;
}

static void
set_type(struct og_sse_parser *self, struct og_str value)
{
    self->has_type = true;
    if (value.len > sizeof(self->type)) {
        self->is_too_long = true; /* no event that we know has such a name */
        return;
    }
    memcpy(self->type, value.ptr, value.len);
    self->type_len = value.len;
}

static void
take_line(struct og_sse_parser *self, const struct og_sse_handler *handler)
{
    struct og_str line = og_buf_str(&self->line);
    if (self->line_too_long) {
        self->is_too_long = true;
    } else if (line.len == 0) {
        dispatch(self, handler);
    } else if (line.ptr[0] == ':') {
        self->comment_count++;
    } else {
        size_t colon = og_str_find(line, ':');
        struct og_str name = og_str_slice(line, 0, colon);
        struct og_str value = og_str_slice(line, colon + 1, line.len);
        if (value.len > 0 && value.ptr[0] == ' ') {
            value = og_str_slice(value, 1, value.len);
        }
        if (og_str_eq(name, OG_STR("data"))) {
            add_data(self, value);
        } else if (og_str_eq(name, OG_STR("event"))) {
            set_type(self, value);
        }
    }
    og_buf_clear(&self->line);
    self->line_too_long = false;
}

static void
add_to_line(struct og_sse_parser *self, struct og_str bytes)
{
    og_buf_add(&self->line, bytes);
    if (self->line.full) {
        self->line_too_long = true;
        og_buf_clear(&self->line);
    }
}

/* A byte order mark in front of the first line is no part of it. */
static void
skip_bom(struct og_sse_parser *self)
{
    struct og_str line = og_buf_str(&self->line);
    if (self->at_start && og_str_starts(line, og_str_from(bom))) {
        og_buf_consume(&self->line, sizeof(bom) - 1);
    }
    self->at_start = false;
}

void
og_sse_feed(struct og_sse_parser *self, struct og_str bytes, const struct og_sse_handler *handler)
{
    size_t start = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.ptr[i];
        bool is_second = c == '\n' && self->after_cr;
        self->after_cr = c == '\r';
        if (c != '\n' && c != '\r') {
            continue;
        }
        if (!is_second) {
            add_to_line(self, og_str_slice(bytes, start, i));
            skip_bom(self);
            take_line(self, handler);
        }
        start = i + 1;
    }
    add_to_line(self, og_str_slice(bytes, start, bytes.len));
}
