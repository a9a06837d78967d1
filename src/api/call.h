/*
 * One call of the API, from the route's row to the answer:
 *
 *   gate (who may) -> decode -> [prepare] -> lane: apply, commit -> encode -> answer
 *
 * decode and encode are pure; a row of the route table names them and the operation.
 */
#pragma once

#include "base/buf.h"
#include "http/server.h"
#include "lane/lanes.h"
#include "service/account/scope.h"
#include "service/services.h"

struct og_api;
struct og_call;

/* Which API a path belongs to: gives errors their shape. */
enum og_family {
    OG_FAMILY_OWN,     /* /otp/v1, /admin/v1: {"error","message","field","request_id"} */
    OG_FAMILY_SMSGATE, /* 3rdparty and mobile: {"message"} */
    OG_FAMILY_ROOT,    /* /health, /metrics: as OWN */
    OG_FAMILY_OAUTH,   /* /oauth: {"error","error_description"}, RFC 6749 section 5.2 */
};

/* Who may call. Zero is "forgotten" and refuses to start. */
enum og_who {
    OG_WHO_UNSET,
    OG_WHO_ANYONE,
    OG_WHO_APP,      /* Basic, API key or JWT of an account; the row's scope is needed */
    OG_WHO_DEVICE,   /* a phone's token */
    OG_WHO_DEVICE_OR_NOBODY, /* a phone's token if there is one */
    OG_WHO_JOINING,  /* a phone that registers: join token, Basic, or one-time code */
    OG_WHO_BASIC,    /* Basic only */
    OG_WHO_CLIENT,   /* an OAuth client: Basic or API key, in the header or the form */
    OG_WHO_PATH,     /* whoever knows the path: it holds a secret, which decode checks */
    OG_WHO_OPERATOR, /* the operator's credential, or an API key with scope admin (own account only) */
};

/* Who calls, as the gate found it. Strings live in the call's arena. */
struct og_caller {
    enum og_who kind;
    struct og_str account_id;    /* "" for the operator and nobody */
    struct og_str account_name;  /* likewise */
    struct og_str login;         /* of Basic, for phones that join */
    struct og_str credential_id; /* "" for phones */
    struct og_str device_id;     /* "" unless a phone */
    struct og_str token_id;      /* jti, "" unless by JWT */
    uint32_t scopes;             /* enum og_scope bits */
    bool may_custom_code;        /* the account may choose codes itself */
    bool is_sandbox;             /* its messages go to no phone */
    struct og_str brand;         /* of the account, "" */
};

/* What encode fills; status 0 means the row's. */
struct og_answer {
    int status;
    struct og_buf body;          /* "" : no body */
    struct og_str content_type;  /* "" : application/json */
    struct og_header headers[8];
    int header_count;
};

/* Adds a header; strings borrowed until the answer is sent (static or in the call's arena). */
void og_answer_header(struct og_answer *answer, const char *name, struct og_str value);

struct og_route {
    enum og_method method;
    const char *path; /* with {names}; "/3rdparty/v1/…" also answers below "/api" */
    enum og_family family;
    enum og_who who;
    uint32_t scope;      /* for OG_WHO_APP: all of these bits */
    int64_t body_max;    /* bytes; 0: a body is refused */
    int success;         /* status when encode sets none */
    enum og_lane lane;
    struct og_op_kind kind; /* apply and committed; done is the api's own */
    bool acts;           /* a GET that changes something: HEAD is answered without the operation */
    size_t op_bytes;     /* of the struct that begins with struct og_op; 0: no operation */
    /* Fill the operation from the request. NULL: nothing to decode. */
    enum og_code (*decode)(struct og_call *call, struct og_op *op, struct og_err *err);
    /* NULL, or an asynchronous step on the loop between decode and the lane; must end in
     * og_call_continue, or in og_call_done where it has run the operation by itself. */
    void (*prepare)(struct og_call *call, struct og_op *op);
    /* Write the answer. NULL: status only. Also where what the operation held secret is wiped. */
    void (*encode)(struct og_call *call, struct og_op *op, struct og_answer *answer);
    /* NULL, or called when the operation failed, before the problem is written (undo of prepare,
     * wiping). */
    void (*failed)(struct og_call *call, struct og_op *op);
    /* Instead of all the above: handles the request by itself (streams, health). */
    void (*take_over)(struct og_call *call);
};

#define OG_CALL_PARAMS_MAX 4

struct og_call {
    struct og_api *api;
    struct og_http_request *req;
    const struct og_route *route;
    struct og_caller who;
    struct og_op_origin origin; /* for the audit log */
    struct og_str params[OG_CALL_PARAMS_MAX]; /* of {names} in the path, in order, decoded */
    int param_count;
    struct og_op *op;
    struct og_json_doc *doc; /* of the body, once parsed; finished with the call */
    int64_t now_ms;          /* when the call reached the api, UTC */
};

static inline struct og_arena *
og_call_mem(struct og_call *call)
{
    return call->req->mem;
}

struct og_services *og_call_services(struct og_call *call);
/* Give an operation of this call to a lane; kind, home and origin are set here. Errors: those of
 * og_lane_submit, told in `err`; the operation is the caller's again. */
OG_MUST_CHECK enum og_code og_call_submit(struct og_call *call, enum og_lane lane,
                                          struct og_op *op, const struct og_op_kind *kind,
                                          struct og_err *err);
/* How phones reach this server: "https://gateway.example:8443", no slash at the end.
 * http.public_url, or made of this machine's first address on its network and the first
 * listener's port. */
struct og_str og_call_public_url(struct og_call *call);

/* How this caller can reach us again: http.public_url, or the host that it has called now. */
struct og_str og_call_reached_url(struct og_call *call);

/*
 * The request body as a JSON value of this kind. Refuses another content type (OG_E_MEDIA_TYPE),
 * malformed JSON, and depth over 16. The node lives as long as the call.
 */
struct og_json;
OG_MUST_CHECK enum og_code og_call_json(struct og_call *call, const struct og_json **out,
                                        struct og_err *err);

/*
 * The same for a body that may be long, in prepare: parsed in the slow lane, so that the loop's
 * other calls need not wait. `then` runs on the loop, at once or later, and must end in
 * og_call_continue; og_call_json gives it the body.
 */
typedef void og_call_parsed_fn(struct og_call *call, enum og_code code, const struct og_err *err);
void og_call_json_later(struct og_call *call, og_call_parsed_fn *then);

/* End of prepare: go on to the lane, or answer the problem if code is not OG_OK (err filled). On
 * the loop's thread. */
void og_call_continue(struct og_call *call, enum og_code code, const struct og_err *err);

/* The `done` of every row's operation. */
void og_call_done(struct og_op *op);

/* For take_over: send an answer, or a problem in the family's shape. The call is gone
 * afterwards. */
void og_call_answer(struct og_call *call, struct og_answer *answer);
void og_call_refuse(struct og_call *call, enum og_code code, const struct og_err *err);
