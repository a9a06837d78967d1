/*
 * The door to llhttp (built strict). The head is gathered whole, scanned (scan.h), then parsed in
 * one call so that its spans need no joining; a body with Content-Length is counted here; a chunked
 * one goes through llhttp, paused at each chunk header so that its lines can be judged.
 */
#include "http/parse.h"

#include <llhttp.h>

#include "http/head_rules.h"
#include "http/scan.h"

#define CHUNK_LINE_BYTES_MAX 256
#define BODY_FIRST_BYTES 16384
#define HEAD_FIRST_BYTES 1024

enum phase { PHASE_HEAD, PHASE_WAIT, PHASE_LENGTH, PHASE_CHUNKED, PHASE_TRAILER, PHASE_DONE,
             PHASE_REFUSED };

struct og_parser {
    struct og_arena *mem;
    const struct og_parse_limits *limits;
    enum phase phase;
    struct og_head_scan scan;
    struct og_parsed_head head;
    llhttp_t llhttp;
    bool is_head_complete;    /* llhttp says so */
    bool is_message_complete; /* llhttp says so */
    bool at_chunk;            /* llhttp paused behind a chunk's size line */
    bool has_name;            /* of the header that llhttp is at: it takes lines without one */
    char *text; /* the head as received */
    size_t text_len, text_cap;
    size_t text_parsed; /* by llhttp */
    size_t header_max;  /* room in head.headers */
    struct og_str target;
    bool keep;
    uint64_t body_max;
    uint64_t body_left; /* of Content-Length */
    uint64_t body_received;
    char *body;
    size_t body_cap;
    const char *span_end;    /* behind the last body bytes that llhttp gave */
    size_t chunk_line_bytes; /* framing since the last chunk header */
    int status;
    const char *reason;
};

static enum og_parse_step
refuse(struct og_parser *self, int status, const char *reason)
{
    self->phase = PHASE_REFUSED;
    self->status = status;
    self->reason = reason;
    return OG_PARSE_REFUSED;
}

/* llhttp's callbacks */

static int
on_url(llhttp_t *llhttp, const char *at, size_t len)
{
    struct og_parser *self = llhttp->data;
    self->target = (struct og_str){at, len};
    return 0;
}

static int
on_header_field(llhttp_t *llhttp, const char *at, size_t len)
{
    struct og_parser *self = llhttp->data;
    self->has_name |= len > 0;
    if (self->phase != PHASE_HEAD) {
        return 0; /* a trailer: checked, then dropped */
    }
    if (self->head.header_count == self->header_max) {
        return -1;
    }
    self->head.headers[self->head.header_count++].name = (struct og_str){at, len};
    return 0;
}

static int
on_header_value(llhttp_t *llhttp, const char *at, size_t len)
{
    struct og_parser *self = llhttp->data;
    if (self->phase == PHASE_HEAD && self->has_name) {
        struct og_header *header = &self->head.headers[self->head.header_count - 1];
        header->value = og_str_trim((struct og_str){at, len});
    }
    return 0;
}

static int
on_header_value_complete(llhttp_t *llhttp)
{
    struct og_parser *self = llhttp->data;
    bool had_name = self->has_name;
    self->has_name = false;
    return had_name ? 0 : -1;
}

static int
on_headers_complete(llhttp_t *llhttp)
{
    struct og_parser *self = llhttp->data;
    self->is_head_complete = true;
    llhttp->upgrade = 0; /* RFC 9110 section 7.8 lets us ignore the wish for another protocol */
    return HPE_PAUSED;
}

static int
on_chunk_header(llhttp_t *llhttp)
{
    struct og_parser *self = llhttp->data;
    self->at_chunk = true;
    return HPE_PAUSED;
}

static int
on_message_complete(llhttp_t *llhttp)
{
    struct og_parser *self = llhttp->data;
    self->is_message_complete = true;
    return HPE_PAUSED;
}

static void add_body(struct og_parser *self, const char *at, size_t len);

static int
on_body(llhttp_t *llhttp, const char *at, size_t len)
{
    struct og_parser *self = llhttp->data;
    self->span_end = at + len;
    if (len > self->body_max - self->body_received) {
        return -1; /* the chunk header was judged before; only a fault of ours comes here */
    }
    add_body(self, at, len);
    return 0;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_header_value_complete = on_header_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_message_complete = on_message_complete,
};

struct og_parser *
og_parser_create(struct og_arena *mem, const struct og_parse_limits *limits)
{
    struct og_parser *self = OG_ARENA_NEW(mem, struct og_parser);
    self->mem = mem;
    self->limits = limits;
    og_head_scan_init(&self->scan, limits->head_bytes_max, limits->header_count_max + 1, false);
    llhttp_init(&self->llhttp, HTTP_REQUEST, &settings);
    self->llhttp.data = self;
    return self;
}

static enum og_method
method_of(const llhttp_t *llhttp)
{
    switch (llhttp->method) {
    case HTTP_GET: return OG_GET;
    case HTTP_HEAD: return OG_HEAD;
    case HTTP_POST: return OG_POST;
    case HTTP_PUT: return OG_PUT;
    case HTTP_PATCH: return OG_PATCH;
    case HTTP_DELETE: return OG_DELETE;
    case HTTP_OPTIONS: return OG_OPTIONS;
    default: return OG_METHOD_OTHER;
    }
}

static enum og_parse_step
parse_head(struct og_parser *self)
{
    const char *reason;
    struct og_str text = {self->text, self->text_len};
    int status = og_head_check_line(text, &self->head.is_http10, &reason);
    if (status != 0) {
        return refuse(self, status, reason);
    }
    self->header_max = (size_t)(self->scan.lines > 0 ? self->scan.lines - 1 : 0);
    self->head.headers = OG_ARENA_ARRAY(self->mem, struct og_header, self->header_max);
    llhttp_errno_t err = llhttp_execute(&self->llhttp, self->text, self->text_len);
    if (err == HPE_INVALID_METHOD) {
        return refuse(self, 501, "unknown method");
    }
    if (err != HPE_PAUSED || !self->is_head_complete) {
        return refuse(self, 400, "malformed head");
    }
    self->text_parsed = (size_t)(llhttp_get_error_pos(&self->llhttp) - self->text);
    self->head.method = method_of(&self->llhttp);
    self->head.wants_close = self->head.is_http10 || (self->llhttp.flags & F_CONNECTION_CLOSE);
    status = og_head_check_headers(&self->head, self->target, self->mem, &reason);
    if (status != 0) {
        return refuse(self, status, reason);
    }
    self->phase = PHASE_WAIT;
    return OG_PARSE_HEAD;
}

static enum og_parse_step
refuse_scan(struct og_parser *self, enum og_scan_result result)
{
    switch (result) {
    case OG_SCAN_FOLDED: return refuse(self, 400, "line starts with a space or tab");
    case OG_SCAN_TOO_LONG: return refuse(self, 431, "header section too large");
    case OG_SCAN_TOO_MANY: return refuse(self, 431, "too many headers");
    default: return refuse(self, 400, "control byte or bare line end");
    }
}

static void
add_text(struct og_parser *self, const char *at, size_t len, bool is_last)
{
    if (len > self->text_cap - self->text_len) {
        size_t need = self->text_len + len;
        size_t cap = is_last ? need : 2 * need > HEAD_FIRST_BYTES ? 2 * need : HEAD_FIRST_BYTES;
        char *text = og_arena_alloc(self->mem, cap);
        if (self->text_len) {
            memcpy(text, self->text, self->text_len);
        }
        self->text = text;
        self->text_cap = cap;
    }
    memcpy(self->text + self->text_len, at, len);
    self->text_len += len;
}

static enum og_parse_step
feed_head(struct og_parser *self, struct og_str *bytes)
{
    enum og_scan_result result;
    size_t taken = og_head_scan_feed(&self->scan, *bytes, &result);
    if (result != OG_SCAN_MORE && result != OG_SCAN_END) {
        return refuse_scan(self, result);
    }
    if (taken) {
        add_text(self, bytes->ptr, taken, result == OG_SCAN_END);
    }
    *bytes = og_str_slice(*bytes, taken, bytes->len);
    return result == OG_SCAN_END ? parse_head(self) : OG_PARSE_MORE;
}

/* The body */

/* Bytes that the body may still grow to, as far as we know. */
static size_t
body_wanted(const struct og_parser *self, size_t more)
{
    uint64_t need = self->body_received + more;
    uint64_t doubled = self->body_cap ? 2 * (uint64_t)self->body_cap : BODY_FIRST_BYTES;
    uint64_t top = self->head.is_chunked ? self->body_max : self->head.content_length;
    uint64_t wanted = doubled < top ? doubled : top;
    return (size_t)(wanted > need ? wanted : need);
}

static void
add_body(struct og_parser *self, const char *at, size_t len)
{
    if (self->keep && len > self->body_cap - self->body_received) {
        size_t cap = body_wanted(self, len);
        char *body = og_arena_alloc(self->mem, cap);
        if (self->body_received) {
            memcpy(body, self->body, self->body_received);
        }
        self->body = body;
        self->body_cap = cap;
    }
    if (self->keep && len) {
        memcpy(self->body + self->body_received, at, len);
    }
    self->body_received += len;
}

enum og_parse_step
og_parser_expect_body(struct og_parser *self, uint64_t max_bytes, bool keep)
{
    self->body_max = max_bytes;
    self->keep = keep;
    if (self->head.is_chunked) {
        llhttp_resume(&self->llhttp);
        self->phase = PHASE_CHUNKED;
        struct og_str rest = {self->text + self->text_parsed, self->text_len - self->text_parsed};
        return rest.len ? og_parser_feed(self, &rest) : OG_PARSE_MORE;
    }
    if (self->head.content_length > max_bytes) {
        return refuse(self, 413, "body too large");
    }
    self->body_left = self->head.content_length;
    self->phase = self->body_left ? PHASE_LENGTH : PHASE_DONE;
    return self->body_left ? OG_PARSE_MORE : OG_PARSE_DONE;
}

static enum og_parse_step
feed_length(struct og_parser *self, struct og_str *bytes)
{
    size_t take = bytes->len < self->body_left ? bytes->len : (size_t)self->body_left;
    add_body(self, bytes->ptr, take);
    self->body_left -= take;
    *bytes = og_str_slice(*bytes, take, bytes->len);
    if (self->body_left) {
        return OG_PARSE_MORE;
    }
    self->phase = PHASE_DONE;
    return OG_PARSE_DONE;
}

static bool
has_control(struct og_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

/* llhttp has stopped behind a chunk's size line. */
static enum og_parse_step
take_chunk_header(struct og_parser *self)
{
    self->at_chunk = false;
    self->chunk_line_bytes = 0;
    if (self->llhttp.content_length > self->body_max - self->body_received) {
        return refuse(self, 413, "body too large");
    }
    if (self->llhttp.content_length == 0) {
        self->phase = PHASE_TRAILER;
        og_head_scan_init(&self->scan, self->limits->head_bytes_max,
                          self->limits->header_count_max, true);
    }
    return OG_PARSE_MORE;
}

/* Give bytes to llhttp until it takes them all or stops. Takes what it took from the front. */
static enum og_parse_step
run_llhttp(struct og_parser *self, struct og_str *bytes)
{
    self->span_end = bytes->ptr;
    llhttp_errno_t err = llhttp_execute(&self->llhttp, bytes->ptr, bytes->len);
    const char *end = bytes->ptr + bytes->len;
    if (err == HPE_PAUSED) {
        end = llhttp_get_error_pos(&self->llhttp);
        llhttp_resume(&self->llhttp);
    } else if (err != HPE_OK) {
        return refuse(self, 400, "malformed chunked body");
    }
    struct og_str framing = {self->span_end, (size_t)(end - self->span_end)};
    *bytes = og_str_slice(*bytes, (size_t)(end - bytes->ptr), bytes->len);
    self->chunk_line_bytes += framing.len;
    if (self->phase == PHASE_CHUNKED &&
        (self->chunk_line_bytes > CHUNK_LINE_BYTES_MAX || has_control(framing))) {
        return refuse(self, 400, "malformed chunk size line");
    }
    if (self->is_message_complete) {
        self->phase = PHASE_DONE;
        return OG_PARSE_DONE;
    }
    return self->at_chunk ? take_chunk_header(self) : OG_PARSE_MORE;
}

static enum og_parse_step
feed_chunked(struct og_parser *self, struct og_str *bytes)
{
    enum og_parse_step step = OG_PARSE_MORE;
    while (bytes->len && step == OG_PARSE_MORE && self->phase == PHASE_CHUNKED) {
        step = run_llhttp(self, bytes);
    }
    return step == OG_PARSE_MORE && bytes->len ? og_parser_feed(self, bytes) : step;
}

/* The scan finds where the trailer ends; llhttp judges its lines. */
static enum og_parse_step
feed_trailer(struct og_parser *self, struct og_str *bytes)
{
    enum og_scan_result result;
    enum og_parse_step step = OG_PARSE_MORE;
    size_t taken = og_head_scan_feed(&self->scan, *bytes, &result);
    if (result != OG_SCAN_MORE && result != OG_SCAN_END) {
        return refuse_scan(self, result);
    }
    struct og_str part = og_str_slice(*bytes, 0, taken);
    *bytes = og_str_slice(*bytes, taken, bytes->len);
    while (part.len && step == OG_PARSE_MORE) {
        step = run_llhttp(self, &part);
    }
    if (step != OG_PARSE_REFUSED && (step == OG_PARSE_DONE) != (result == OG_SCAN_END)) {
        return refuse(self, 400, "malformed trailer");
    }
    return step;
}

enum og_parse_step
og_parser_feed(struct og_parser *self, struct og_str *bytes)
{
    switch (self->phase) {
    case PHASE_HEAD: return feed_head(self, bytes);
    case PHASE_WAIT: return OG_PARSE_HEAD;
    case PHASE_LENGTH: return feed_length(self, bytes);
    case PHASE_CHUNKED: return feed_chunked(self, bytes);
    case PHASE_TRAILER: return feed_trailer(self, bytes);
    case PHASE_DONE: return OG_PARSE_DONE;
    default: return OG_PARSE_REFUSED;
    }
}

const struct og_parsed_head *
og_parser_head(const struct og_parser *self)
{
    return &self->head;
}

struct og_str
og_parser_body(const struct og_parser *self)
{
    return (struct og_str){self->body, self->keep ? (size_t)self->body_received : 0};
}

uint64_t
og_parser_body_received(const struct og_parser *self)
{
    return self->body_received;
}

bool
og_parser_has_begun(const struct og_parser *self)
{
    return self->scan.bytes > 0 || self->phase != PHASE_HEAD;
}

struct og_str
og_parser_path(const struct og_parser *self)
{
    return self->head.target.path;
}

int
og_parser_refusal(const struct og_parser *self, const char **reason)
{
    *reason = self->reason;
    return self->status;
}
