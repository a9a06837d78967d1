/*
 * The route table as a tree of path segments. Built once at start; a look-up walks down it and
 * allocates nothing but what decoding a capture needs.
 */
#include "http/router.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/target.h"

struct node {
    struct og_str segment;    /* of the table's text; "{...}" for a capture */
    struct node *children;    /* literals before the capture */
    struct node *next;
    const void *rows[OG_METHOD_OTHER];
};

struct og_router {
    struct node root;
};

struct og_router *
og_router_create(void)
{
    return og_xalloc(sizeof(struct og_router));
}

static void
free_children(struct node *node)
{
    while (node->children) {
        struct node *child = node->children;
        node->children = child->next;
        free_children(child);
        free(child);
    }
}

void
og_router_destroy(struct og_router *self)
{
    if (self) {
        free_children(&self->root);
        free(self);
    }
}

/* Takes the first segment off `rest` (which begins with '/'); false at the end. */
static bool
next_segment(struct og_str *rest, struct og_str *segment)
{
    if (rest->len == 0 || (rest->len == 1 && rest->ptr[0] == '/')) {
        return false;
    }
    struct og_str behind = og_str_slice(*rest, 1, rest->len);
    size_t len = og_str_find(behind, '/');
    *segment = og_str_slice(behind, 0, len);
    *rest = og_str_slice(behind, len, behind.len);
    return true;
}

static bool
is_capture(struct og_str segment)
{
    return segment.len > 2 && segment.ptr[0] == '{';
}

static struct node *
child_for(struct node *node, struct og_str segment)
{
    for (struct node *child = node->children; child; child = child->next) {
        bool same_kind = is_capture(child->segment) == is_capture(segment);
        if (same_kind && (is_capture(segment) || og_str_eq_nocase(child->segment, segment))) {
            return child;
        }
    }
    struct node *child = og_xalloc(sizeof *child);
    child->segment = segment;
    struct node **place = &node->children;
    while (is_capture(segment) && *place) {
        place = &(*place)->next;
    }
    child->next = *place;
    *place = child;
    return child;
}

enum og_code
og_router_add(struct og_router *self, enum og_method method, const char *path, const void *row,
              struct og_err *err)
{
    struct og_str rest = og_str_from(path), segment;
    if (rest.len == 0 || path[0] != '/' || method >= OG_METHOD_OTHER) {
        return og_fail(err, OG_E_INVALID, path, "not a route");
    }
    struct node *node = &self->root;
    int captures = 0;
    while (next_segment(&rest, &segment)) {
        node = child_for(node, segment);
        captures += is_capture(segment);
    }
    if (captures > OG_ROUTER_PARAMS_MAX) {
        return og_fail(err, OG_E_INVALID, path, "too many captures");
    }
    if (node->rows[method]) {
        return og_fail(err, OG_E_CONFLICT, path, "route %s is there twice", path);
    }
    node->rows[method] = row;
    return OG_OK;
}

static bool
has_rows(const struct node *node)
{
    for (int m = 0; m < OG_METHOD_OTHER; m++) {
        if (node->rows[m]) {
            return true;
        }
    }
    return false;
}

/* Depth first, literals before captures; gives up a branch that ends without rows. */
static const struct node *
walk(const struct node *node, struct og_str rest, struct og_router_match *out)
{
    struct og_str segment;
    if (!next_segment(&rest, &segment)) {
        return has_rows(node) ? node : NULL;
    }
    for (const struct node *child = node->children; child; child = child->next) {
        int param_count = out->param_count;
        if (is_capture(child->segment)) {
            if (segment.len == 0) {
                continue;
            }
            out->params[out->param_count++] = segment;
        } else if (!og_str_eq_nocase(child->segment, segment)) {
            continue;
        }
        const struct node *found = walk(child, rest, out);
        if (found) {
            return found;
        }
        out->param_count = param_count;
    }
    return NULL;
}

static void
list_allowed(const struct node *node, struct og_router_match *out)
{
    size_t len = 0;
    for (int m = 0; m < OG_METHOD_OTHER; m++) {
        if (node->rows[m] || (m == OG_HEAD && node->rows[OG_GET])) {
            len += (size_t)snprintf(out->allow + len, sizeof out->allow - len, "%s%s",
                                    len ? ", " : "", og_method_name((enum og_method)m));
        }
    }
}

void
og_router_find(const struct og_router *self, enum og_method method, struct og_str path,
               struct og_router_match *out)
{
    *out = (struct og_router_match){0};
    if (path.len == 0 || path.ptr[0] != '/') {
        return;
    }
    const struct node *node = walk(&self->root, path, out);
    if (!node) {
        return;
    }
    out->path_known = true;
    if (method == OG_HEAD && !node->rows[OG_HEAD]) {
        method = OG_GET;
    }
    if (method < OG_METHOD_OTHER) {
        out->row = node->rows[method];
    }
    if (!out->row) {
        list_allowed(node, out);
    }
}

void
og_router_find_request(const struct og_router *self, const struct og_http_request *req,
                       struct og_router_match *out)
{
    og_router_find(self, req->method, req->raw_path, out);
    if (!out->path_known) {
        og_router_find(self, req->method, req->path, out); /* escapes in a literal segment */
        return;
    }
    for (int i = 0; i < out->param_count; i++) {
        /* Cannot fail: the whole path was decoded before. */
        og_percent_decode(out->params[i], false, req->mem, &out->params[i]);
    }
}
