/*
 * TLS over real sockets, against OpenSSL's own client: versions, client certificates, new
 * certificates while connections live, sessions that outlive a restart, broken peers.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http_fixture.h"

#include "base/crypto.h"
#include "base/files.h"
#include "base/log.h"
#include "http/ca.h"
#include "tests/support/temp_dir.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct temp_dir server_dir, other_dir;
static struct og_ca_files server_files, other_files;

static void
begin_tls(struct fixture *fixture, struct og_http_config *config)
{
    fixture_config(fixture, config);
    config->listen[0].tls = true;
    config->cert_file = server_files.server_cert;
    config->key_file = server_files.server_key;
}

static void
start_tls(struct fixture *fixture)
{
    struct og_http_config config;
    begin_tls(fixture, &config);
    fixture_start(fixture, &config);
}

/* A client that trusts the server's CA. */
static SSL_CTX *
client_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_int_equal(SSL_CTX_load_verify_locations(ctx, server_files.ca_cert, NULL), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return ctx;
}

static void
connect_tls(struct client *client, struct fixture *fixture, SSL_CTX *ctx)
{
    client_open(client, fixture->port);
    if (!client_handshake(client, ctx)) {
        ERR_print_errors_fp(stderr);
        fail_msg("no handshake");
    }
}

static void
test_versions(void **state)
{
    static const struct {
        int version;
        const char *cipher;
        bool ok;
    } rows[] = {
        {TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", true},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true},
        {TLS1_1_VERSION, NULL, false},
    };
    struct fixture fixture;
    start_tls(&fixture);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client;
        SSL_CTX *ctx = client_context();
        SSL_CTX_set_security_level(ctx, 0);
        SSL_CTX_set_min_proto_version(ctx, rows[i].version);
        SSL_CTX_set_max_proto_version(ctx, rows[i].version);
        if (rows[i].cipher) {
            SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256");
        }
        client_open(&client, fixture.port);
        assert_int_equal(client_handshake(&client, ctx), rows[i].ok);
        if (rows[i].ok) {
            assert_string_equal(SSL_get_cipher(client.ssl), rows[i].cipher);
            client_send_text(&client, GET("/x") "POST /y HTTP/1.1\r\nHost: a\r\n"
                                                "Content-Length: 2\r\n\r\nok");
            client_expect(&client, 200, "GET /x? ");
            client_expect(&client, 200, "POST /y? ok");
            client_send_text(&client, "GET /z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            client_expect(&client, 200, "GET /z? ");
            client_expect_end(&client);
            assert_true(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN);
        }
        client_close(&client);
        SSL_CTX_free(ctx);
    }
    fixture_end(&fixture);
}

static void
test_alpn(void **state)
{
    static const struct {
        const char *offered;
        bool ok;
    } rows[] = {{"\x02h2\x08http/1.1", true}, {"\x08http/1.1", true}, {"\x02h2", false}};
    struct fixture fixture;
    start_tls(&fixture);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client;
        SSL_CTX *ctx = client_context();
        SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)rows[i].offered,
                                (unsigned)strlen(rows[i].offered));
        client_open(&client, fixture.port);
        assert_int_equal(client_handshake(&client, ctx), rows[i].ok);
        if (rows[i].ok) {
            const unsigned char *chosen;
            unsigned len;
            SSL_get0_alpn_selected(client.ssl, &chosen, &len);
            assert_int_equal(len, 8);
            assert_memory_equal(chosen, "http/1.1", 8);
        }
        client_close(&client);
        SSL_CTX_free(ctx);
    }
    fixture_end(&fixture);
}

/* Ciphertext one byte at a time, both flights of the handshake and the request. */
static void
test_byte_by_byte(void **state)
{
    struct fixture fixture;
    struct client client;
    SSL_CTX *ctx = client_context();
    char bytes[20000], text[1000];
    int got = -1;
    start_tls(&fixture);
    client_open(&client, fixture.port);
    SSL *ssl = SSL_new(ctx);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
    SSL_set1_host(ssl, "localhost");
    while (got <= 0) {
        if (!SSL_is_init_finished(ssl)) {
            SSL_do_handshake(ssl);
        }
        if (SSL_is_init_finished(ssl) && got < 0) {
            assert_true(SSL_write(ssl, GET("/slow"), sizeof(GET("/slow")) - 1) > 0);
            got = 0;
        }
        int len = BIO_read(SSL_get_wbio(ssl), bytes, sizeof(bytes));
        if (len > 0) {
            client_send_slowly(&client, bytes, (size_t)len);
        }
        if (got == 0 || len <= 0) {
            ssize_t part = recv(client.fd, bytes, 100, 0);
            assert_true(part > 0);
            BIO_write(SSL_get_rbio(ssl), bytes, (int)part);
        }
        int plain = got == 0 ? SSL_read(ssl, text, sizeof(text) - 1) : 0;
        got = plain > 0 ? plain : got;
    }
    text[got] = '\0';
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text, "GET /slow? "));
    SSL_free(ssl);
    client_close(&client);
    SSL_CTX_free(ctx);
    fixture_end(&fixture);
}

static void
test_large_and_late(void **state)
{
    enum { LEN = 3000000 };
    struct fixture fixture;
    struct client client;
    struct response response;
    SSL_CTX *ctx = client_context();
    char *body = malloc(LEN);
    memset(body, 'y', LEN);
    start_tls(&fixture);
    connect_tls(&client, &fixture, ctx);
    client_send_text(&client,
                     "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    client_send(&client, body, LEN);
    client_expect(&client, 200, NULL);
    assert_int_equal(fixture.body_bytes, LEN);
    client_send_text(&client, GET("/big?5000000") GET("/park") GET("/x"));
    client_send_text(&client, GET("/y")); /* another record: kept as it came */
    client_response(&client, &response, false);
    assert_int_equal(response.body_len, 5000000);
    response_finish(&response);
    fixture_wait_parked(&fixture, 1);
    fixture_answer(&fixture, 0, "late");
    client_expect(&client, 200, "late");
    client_expect(&client, 200, "GET /x? ");
    client_expect(&client, 200, "GET /y? ");
    client_close(&client);
    free(body);
    SSL_CTX_free(ctx);
    fixture_end(&fixture);
}

/* Client certificates */

static EVP_PKEY *
load_key(const struct temp_dir *dir, const char *name)
{
    char path[PATH_MAX];
    FILE *file = fopen(temp_dir_file(dir, name, path), "r");
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    return key;
}

static X509 *
load_cert(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    return cert;
}

/* Give the client a certificate of the CA in `dir`. */
static void
use_client_certificate(SSL_CTX *ctx, const struct temp_dir *dir, const char *ca_file)
{
    EVP_PKEY *ca_key = load_key(dir, "ca.key"), *key = EVP_EC_gen("P-256");
    X509 *ca = load_cert(ca_file), *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "O", MBSTRING_ASC,
                               (const unsigned char *)"Phones, Inc", -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"modem 1", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(ca));
    assert_true(X509_sign(cert, ca_key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

/* In TLS 1.3 a client learns of a refused certificate with its first read. */
static bool
is_served(struct fixture *fixture, SSL_CTX *ctx)
{
    struct client client;
    char byte;
    client_open(&client, fixture->port);
    bool ok = client_handshake(&client, ctx) &&
              SSL_write(client.ssl, GET("/client"), sizeof(GET("/client")) - 1) > 0 &&
              SSL_peek(client.ssl, &byte, 1) == 1;
    if (ok) {
        client_expect(&client, 200, "CN=modem 1,O=Phones\\, Inc");
    }
    client_close(&client);
    return ok;
}

static void
test_client_certificates(void **state)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct fixture fixture;
        struct og_http_config config;
        begin_tls(&fixture, &config);
        config.client_ca_file = server_files.ca_cert;
        fixture_start(&fixture, &config);
        for (int row = 0; row < 3; row++) {
            SSL_CTX *ctx = client_context();
            SSL_CTX_set_max_proto_version(ctx, version);
            if (row == 1) {
                use_client_certificate(ctx, &other_dir, other_files.ca_cert);
            } else if (row == 2) {
                use_client_certificate(ctx, &server_dir, server_files.ca_cert);
            }
            assert_int_equal(is_served(&fixture, ctx), row == 2);
            SSL_CTX_free(ctx);
        }
        assert_int_equal(fixture.requests, 1);
        fixture_end(&fixture);
    }
}

static void
test_no_client_certificate_asked(void **state)
{
    struct fixture fixture;
    struct client client;
    SSL_CTX *ctx = client_context();
    start_tls(&fixture);
    connect_tls(&client, &fixture, ctx);
    client_send_text(&client, GET("/client"));
    client_expect(&client, 200, "");
    client_close(&client);
    SSL_CTX_free(ctx);
    fixture_end(&fixture);
}

/* Reloading */

static char *
read_whole(const char *path)
{
    struct og_buf content;
    og_buf_init(&content, 65536);
    assert_int_equal(og_file_read(path, &content, NULL), OG_OK);
    return content.ptr;
}

static void
write_whole(const char *path, const char *text)
{
    assert_int_equal(og_file_write(path, og_str_from(text), 0600, NULL), OG_OK);
}

static void
test_reload(void **state)
{
    struct fixture fixture;
    struct client before, during, after;
    struct og_http_config config;
    struct og_err err;
    char cert_path[PATH_MAX], key_path[PATH_MAX];
    char *cert = read_whole(server_files.server_cert), *key = read_whole(server_files.server_key);
    char *other_cert = read_whole(other_files.server_cert);
    char *other_key = read_whole(other_files.server_key);
    SSL_CTX *ctx = client_context();
    SSL_CTX *other_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_load_verify_locations(other_ctx, other_files.ca_cert, NULL);
    SSL_CTX_set_verify(other_ctx, SSL_VERIFY_PEER, NULL);

    begin_tls(&fixture, &config);
    config.cert_file = temp_dir_file(&server_dir, "now.pem", cert_path);
    config.key_file = temp_dir_file(&server_dir, "now.key", key_path);
    write_whole(cert_path, cert);
    write_whole(key_path, key);
    fixture_start(&fixture, &config);
    connect_tls(&before, &fixture, ctx);
    client_send_text(&before, GET("/park"));
    fixture_wait_parked(&fixture, 1);

    write_whole(cert_path, other_cert); /* not yet with its key: refused, nothing changes */
    assert_int_equal(og_http_server_reload(fixture.server, &err), OG_E_INVALID);
    assert_string_equal(err.field, "key_file");
    connect_tls(&during, &fixture, ctx);
    client_send_text(&during, GET("/x"));
    client_expect(&during, 200, NULL);

    write_whole(key_path, other_key);
    assert_int_equal(og_http_server_reload(fixture.server, &err), OG_OK);
    client_open(&after, fixture.port);
    assert_false(client_handshake(&after, ctx)); /* the old CA does not know the new one */
    client_close(&after);
    connect_tls(&after, &fixture, other_ctx);
    client_send_text(&after, GET("/x"));
    client_expect(&after, 200, NULL);
    client_send_text(&during, GET("/y"));
    client_expect(&during, 200, "GET /y? ");
    fixture_answer(&fixture, 0, "still here");
    client_expect(&before, 200, "still here");

    client_close(&before);
    client_close(&during);
    client_close(&after);
    free(cert);
    free(key);
    free(other_cert);
    free(other_key);
    SSL_CTX_free(ctx);
    SSL_CTX_free(other_ctx);
    fixture_end(&fixture);
}

/* Sessions */

static bool
is_resumed(struct fixture *fixture, SSL_CTX *ctx, SSL_SESSION **session)
{
    struct client client;
    client_open(&client, fixture->port);
    client.ssl = NULL;
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, client.fd);
    if (*session) {
        SSL_set_session(ssl, *session);
        SSL_SESSION_free(*session);
    }
    assert_int_equal(SSL_connect(ssl), 1);
    client.ssl = ssl;
    client_send_text(&client, GET("/x"));
    client_expect(&client, 200, NULL); /* TLS 1.3 tickets come with the answer */
    bool resumed = SSL_session_reused(ssl);
    *session = SSL_get1_session(ssl);
    SSL_shutdown(ssl);
    client_close(&client);
    return resumed;
}

static void
test_sessions_outlive_a_restart(void **state)
{
    char path[PATH_MAX];
    struct stat info;
    temp_dir_file(&server_dir, "tickets.key", path);
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX *ctx = client_context();
        SSL_SESSION *session = NULL;
        SSL_CTX_set_max_proto_version(ctx, version);
        for (int start = 0; start < 3; start++) {
            struct fixture fixture;
            struct og_http_config config;
            begin_tls(&fixture, &config);
            config.ticket_key_file = path;
            fixture_start(&fixture, &config);
            assert_int_equal(is_resumed(&fixture, ctx, &session), start > 0);
            assert_int_equal(og_http_server_reload(fixture.server, NULL), OG_OK);
            assert_true(is_resumed(&fixture, ctx, &session));
            fixture_end(&fixture);
        }
        /* Other keys: a full handshake, and no failure. */
        struct fixture fixture;
        start_tls(&fixture);
        assert_false(is_resumed(&fixture, ctx, &session));
        assert_true(is_resumed(&fixture, ctx, &session));
        fixture_end(&fixture);
        SSL_SESSION_free(session);
        SSL_CTX_free(ctx);
    }
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 80);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void
test_bad_ticket_key_file(void **state)
{
    char path[PATH_MAX];
    struct fixture fixture;
    struct og_http_config config;
    struct og_http_handler handler = {NULL, NULL, NULL, NULL};
    struct og_err err;
    begin_tls(&fixture, &config);
    config.ticket_key_file = temp_dir_file(&server_dir, "short.key", path);
    write_whole(path, "too short");
    assert_int_equal(og_http_server_create(&config, &handler, &fixture.server, &err), OG_E_INVALID);
    assert_string_equal(err.field, "ticket_key_file");
}

/* Broken peers */

static void
test_not_tls(void **state)
{
    static const struct og_str rows[] = {
        {GET("/x"), sizeof(GET("/x")) - 1}, {"\x16\x03\x01\x00\x05hello", 10}, {"\x16\x03", 2}};
    struct fixture fixture;
    start_tls(&fixture);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client client;
        char bytes[1000];
        client_open(&client, fixture.port);
        client_send(&client, rows[i].ptr, rows[i].len);
        if (i == 2) {
            shutdown(client.fd, SHUT_WR);
        }
        while (recv(client.fd, bytes, sizeof(bytes), 0) > 0) { /* an alert at most */
        }
        client_close(&client);
    }
    fixture_wait_connections(&fixture, 0);
    assert_int_equal(fixture.heads, 0);
    fixture_end(&fixture);
}

static void
test_handshake_times_out(void **state)
{
    struct fixture fixture;
    struct client client;
    start_tls(&fixture);
    client_open(&client, fixture.port);
    client_send(&client, "\x16\x03\x01\x02\x00\x01", 6);
    client_wait_moving_clock(&client, &fixture, 1000);
    client_expect_end(&client);
    client_close(&client);
    fixture_wait_connections(&fixture, 0);
    fixture_end(&fixture);
}

/* Malformed HTTP inside TLS gets its answer inside TLS; a record that was changed gets nothing. */
static void
test_malformed_inside(void **state)
{
    struct fixture fixture;
    struct client client;
    SSL_CTX *ctx = client_context();
    start_tls(&fixture);
    connect_tls(&client, &fixture, ctx);
    client_send_text(&client, "GET / HTTP/1.1\r\n folded\r\n\r\n" GET("/x"));
    client_expect(&client, 400, NULL);
    client_expect_end(&client);
    client_close(&client);
    connect_tls(&client, &fixture, ctx);
    SSL *ssl = client.ssl;
    client.ssl = NULL;
    client_send(&client, "\x17\x03\x03\x00\x20" "01234567890123456789012345678901", 37);
    fixture_wait_connections(&fixture, 0);
    SSL_free(ssl);
    client_close(&client);
    SSL_CTX_free(ctx);
    assert_int_equal(fixture.requests, 0);
    fixture_end(&fixture);
}

static void
test_stream(void **state)
{
    struct fixture fixture;
    struct client client;
    struct response response;
    SSL_CTX *ctx = client_context();
    start_tls(&fixture);
    connect_tls(&client, &fixture, ctx);
    client_send_text(&client, GET("/stream") GET("/x"));
    client_response(&client, &response, false);
    response_finish(&response);
    client_expect_bytes(&client, "5\r\n:hi\n\n\r\n");
    fixture_wait_streams(&fixture, 1);
    client_send_text(&client, "ignored");
    assert_true(fixture_stream_send(&fixture, 0, "x", 1));
    client_expect_bytes(&client, "1\r\nx\r\n");
    fixture_stream_close(&fixture, 0);
    client_expect_bytes(&client, "0\r\n\r\n");
    client_expect_end(&client);
    client_close(&client);
    connect_tls(&client, &fixture, ctx);
    client_send_text(&client, GET("/stream"));
    fixture_wait_streams(&fixture, 2);
    SSL_shutdown(client.ssl); /* says goodbye and stays connected */
    fixture_wait_closed(&fixture, 2);
    client_close(&client);
    SSL_CTX_free(ctx);
    assert_int_equal(fixture.requests, 2);
    fixture_end(&fixture);
}

/* Many at once: handshakes are paced, nobody is lost. */
static void *
connect_and_ask(void *arg)
{
    struct fixture *fixture = arg;
    SSL_CTX *ctx = client_context();
    for (int i = 0; i < 5; i++) {
        struct client *client = calloc(1, sizeof(*client));
        connect_tls(client, fixture, ctx);
        client_send_text(client, GET("/x"));
        client_expect(client, 200, "GET /x? ");
        client_close(client);
        free(client);
    }
    SSL_CTX_free(ctx);
    return NULL;
}

static void
test_many_handshakes(void **state)
{
    enum { THREADS = 30 };
    struct fixture fixture;
    pthread_t threads[THREADS];
    start_tls(&fixture);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, connect_and_ask, &fixture);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(fixture.requests, 5 * THREADS);
    fixture_wait_connections(&fixture, 0);
    fixture_end(&fixture);
}

static void
test_stop_says_goodbye(void **state)
{
    struct fixture fixture;
    struct client client;
    SSL_CTX *ctx = client_context();
    struct og_http_config config;
    begin_tls(&fixture, &config);
    config.stop_timeout_ms = 200;
    fixture_start(&fixture, &config);
    connect_tls(&client, &fixture, ctx);
    client_send_text(&client, GET("/x"));
    client_expect(&client, 200, NULL);
    og_http_server_stop(fixture.server);
    client_expect_end(&client);
    assert_true(SSL_get_shutdown(client.ssl) & SSL_RECEIVED_SHUTDOWN);
    client_close(&client);
    SSL_CTX_free(ctx);
    fixture_end(&fixture);
}

static int
set_up(void **state)
{
    static const struct og_log_config quiet = {.level = OG_LOG_ERROR, .fd = 2};
    static const struct og_str_list none = {NULL, 0};
    og_log_setup(&quiet);
    temp_dir_make(&server_dir);
    temp_dir_make(&other_dir);
    int64_t now_ms = og_now_ms(og_clock_system()); /* the client's clock is the machine's */
    return og_crypto_init(NULL) == OG_OK &&
                   og_ca_ensure(server_dir.path, &none, now_ms, &server_files, NULL) == OG_OK &&
                   og_ca_ensure(other_dir.path, &none, now_ms, &other_files, NULL) == OG_OK
               ? 0
               : -1;
}

static int
tear_down(void **state)
{
    temp_dir_remove(&server_dir);
    temp_dir_remove(&other_dir);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_large_and_late),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_no_client_certificate_asked),
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_sessions_outlive_a_restart),
        cmocka_unit_test(test_bad_ticket_key_file),
        cmocka_unit_test(test_not_tls),
        cmocka_unit_test(test_handshake_times_out),
        cmocka_unit_test(test_malformed_inside),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_many_handshakes),
        cmocka_unit_test(test_stop_says_goodbye),
    };
    return cmocka_run_group_tests_name("http tls", tests, set_up, tear_down);
}
