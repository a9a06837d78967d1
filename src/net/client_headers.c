/* Header lines as libcurl's list. They may hold secrets, so they are wiped. */
#include <curl/curl.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/secret.h"
#include "net/client_priv.h"

static bool
has_control(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static void
headers_append(struct og_client_headers *self, const char *line)
{
    struct curl_slist *list = curl_slist_append(self->list, line);
    if (!list) {
        abort();
    }
    self->list = list;
}

struct og_client_headers *
og_client_headers_create(void)
{
    struct og_client_headers *self = og_xalloc(sizeof(*self));
    headers_append(self, "Expect:"); /* libcurl then never waits for 100 */
    return self;
}

bool
og_client_headers_add(struct og_client_headers *self, const char *name, struct og_str value)
{
    if (has_control(og_str_from(name)) || has_control(value)) {
        return false;
    }
    struct og_buf line;
    og_buf_init(&line, strlen(name) + value.len + 8);
    og_buf_add_cstr(&line, name);
    og_buf_add_cstr(&line, ": ");
    og_buf_add(&line, value);
    headers_append(self, line.ptr);
    og_buf_finish(&line);
    return true;
}

void
og_client_headers_destroy(struct og_client_headers *self)
{
    if (!self) {
        return;
    }
    for (struct curl_slist *at = self->list; at; at = at->next) {
        og_wipe(at->data, strlen(at->data));
    }
    curl_slist_free_all(self->list);
    free(self);
}
