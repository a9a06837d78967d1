/*
 * Apps signed in each way, bundles, archives of apps, and zip files made to mislead.
 */
#include "apphash/signing_block.h"
#include "tests/unit/apphash/support.h"

static struct og_arena mem;

/* ---- fixtures ---- */

static void
test_req_60_every_scheme_and_rotation_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned schemes;
        const char *oldest, *newest; /* newest NULL: never rotated */
    } apps[] = {
        {"apk/v1.apk", OG_SCHEME_V1, "rsa2048", NULL},
        {"apk/v1-v2-v3.apk", OG_SCHEME_V1 | OG_SCHEME_V2 | OG_SCHEME_V3, "rsa2048", NULL},
        {"apk/v2-v3-rotated.apk", OG_SCHEME_V2 | OG_SCHEME_V3, "rsa2048", "ec_p256"},
        {"apk/v31.apk", OG_SCHEME_V2 | OG_SCHEME_V3 | OG_SCHEME_V31, "rsa2048", "ec_p256"},
    };
    for (size_t i = 0; i < COUNT(apps); i++) {
        struct og_signing signing;
        struct og_err err;
        const struct og_signing_cert *chosen;
        struct og_str bytes = fixture(&mem, apps[i].name);
        assert_int_equal(read_bytes(bytes, NULL, &mem, &signing, &err), OG_OK);
        assert_int_equal(signing.file, OG_SIGNING_APK);
        assert_int_equal(signing.schemes, apps[i].schemes);
        assert_false(signing.schemes_differ);
        assert_int_equal(signing.count, apps[i].newest ? 2 : 1);
        assert_int_equal(og_signing_choose(&signing, OG_STR(""), &chosen, &err), OG_OK);
        assert_is(&mem, chosen, apps[i].oldest);
        if (apps[i].newest) {
            assert_is(&mem, &signing.certs[1], apps[i].newest);
            assert_int_equal(signing.certs[1].role, OG_ROLE_NEWEST);
        }
    }
}

static void
test_req_60_two_signers_are_refused(void **state)
{
    (void)state;
    struct og_signing signing;
    struct og_err err;
    const struct og_signing_cert *chosen;
    struct og_str bytes = fixture(&mem, "apk/v2-two-signers.apk");
    assert_int_equal(read_bytes(bytes, NULL, &mem, &signing, &err), OG_OK);
    assert_int_equal(signing.count, 2);
    assert_is(&mem, &signing.certs[0], "rsa2048");
    assert_is(&mem, &signing.certs[1], "ec_p256");
    assert_int_equal(og_signing_choose(&signing, OG_STR(""), &chosen, &err), OG_E_UNPROCESSABLE);
    assert_null(chosen);
    assert_non_null(strstr(err.text, "several certificates"));
}

static void
files_are_read_in_places(void **state)
{
    (void)state;
    struct og_signing signing;
    struct og_input input;
    struct og_err err;
    assert_int_equal(og_input_open(&input, path_of(&mem, "apk/v1-v2-v3.apk"), &err), OG_OK);
    assert_int_equal(og_signing_read(&input, NULL, &mem, &signing, &err), OG_OK);
    assert_is(&mem, &signing.certs[0], "rsa2048");
    og_input_close(&input);
    assert_int_equal(og_input_open(&input, path_of(&mem, "apk"), &err), OG_E_INVALID);
    assert_int_equal(og_input_open(&input, path_of(&mem, "nothing"), &err), OG_E_NOT_FOUND);
}

/* ---- zip files of our own ---- */

struct maker {
    struct og_buf entries, directory;
    unsigned count;
};

static void
put(struct og_buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        og_buf_add_byte(out, (char)(value >> (8 * i)));
    }
}

static uint32_t
checksum(struct og_str bytes)
{
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < bytes.len; i++) {
        sum ^= (uint8_t)bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++) {
            sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
        }
    }
    return ~sum;
}

static void
maker_init(struct maker *self)
{
    *self = (struct maker){.count = 0};
    og_buf_init(&self->entries, FIXTURE_BYTES_MAX);
    og_buf_init(&self->directory, FIXTURE_BYTES_MAX);
}

/* What both headers of an entry say. */
static void
put_facts(struct og_buf *out, struct og_str content, uint32_t size, size_t name_bytes)
{
    put(out, 0, 4); /* flags, method: stored */
    put(out, 0, 4);
    put(out, checksum(content), 4);
    put(out, (uint32_t)content.len, 4);
    put(out, size, 4);
    put(out, (uint32_t)name_bytes, 2);
    put(out, 0, 2);
}

static void
add(struct maker *self, const char *name, struct og_str content, uint32_t size)
{
    uint32_t at = (uint32_t)self->entries.len;
    put(&self->entries, 0x04034b50, 4);
    put(&self->entries, 10, 2);
    put_facts(&self->entries, content, size, strlen(name));
    og_buf_add_cstr(&self->entries, name);
    og_buf_add(&self->entries, content);
    put(&self->directory, 0x02014b50, 4);
    put(&self->directory, 0x000a000a, 4);
    put_facts(&self->directory, content, size, strlen(name));
    put(&self->directory, 0, 10);
    put(&self->directory, at, 4);
    og_buf_add_cstr(&self->directory, name);
    self->count++;
}

/* Entries, a signing block (or none), the directory, its end, a comment. */
static struct og_str
make(struct maker *self, struct og_str block, struct og_str comment)
{
    struct og_buf out;
    og_buf_init(&out, FIXTURE_BYTES_MAX);
    og_buf_add(&out, og_buf_str(&self->entries));
    og_buf_add(&out, block);
    uint32_t at = (uint32_t)out.len;
    og_buf_add(&out, og_buf_str(&self->directory));
    put(&out, 0x06054b50, 4);
    put(&out, 0, 4);
    put(&out, self->count, 2);
    put(&out, self->count, 2);
    put(&out, (uint32_t)self->directory.len, 4);
    put(&out, at, 4);
    put(&out, (uint32_t)comment.len, 2);
    og_buf_add(&out, comment);
    struct og_str bytes = og_str_dup(&mem, og_buf_str(&out));
    og_buf_finish(&out);
    og_buf_finish(&self->entries);
    og_buf_finish(&self->directory);
    return bytes;
}

/* The PKCS#7 signature of the fixture: its certificate is rsa2048. */
static struct og_str
jar_signature(void)
{
    struct og_zip zip;
    struct og_input input;
    struct og_zip_entry entry = {.method = 8};
    struct og_str out;
    struct og_str bytes = fixture(&mem, "apk/v1.apk");
    const char *at = memmem(bytes.ptr, bytes.len, "META-INF/RELEASE.RSA", 20);
    og_input_over(&input, bytes);
    assert_int_equal(og_zip_open(&zip, &input, &mem, NULL), OG_OK);
    entry.local_at = (uint32_t)(at - 30 - bytes.ptr);
    memcpy(&entry.crc, at - 30 + 14, 12); /* checksum and both sizes; tests run little endian */
    assert_int_equal(og_zip_read(&zip, &entry, 65536, &mem, &out, NULL), OG_OK);
    return out;
}

static enum og_code
read_made(struct maker *maker, struct og_signing *out, struct og_err *err)
{
    return read_bytes(make(maker, OG_STR(""), OG_STR("")), NULL, &mem, out, err);
}

static void
test_req_60_a_bundle_is_known_as_one(void **state)
{
    (void)state;
    struct og_str signature = jar_signature();
    struct og_signing signing;
    struct og_err err;
    struct maker maker;
    maker_init(&maker);
    add(&maker, "BundleConfig.pb", OG_STR("\n"), 1);
    add(&maker, "base/manifest/AndroidManifest.xml", OG_STR("x"), 1);
    add(&maker, "META-INF/UPLOAD.RSA", signature, (uint32_t)signature.len);
    assert_int_equal(read_made(&maker, &signing, &err), OG_OK);
    assert_int_equal(signing.file, OG_SIGNING_BUNDLE);
    assert_is(&mem, &signing.certs[0], "rsa2048");
}

static void
what_is_no_signed_app_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *reason;
    } cases[] = {
        {"AndroidManifest.xml", "not signed"},
        {"BundleConfig.pb", "not signed"},
        {"splits/base-master.apk", "base.apk"},
        {"readme.txt", "neither"},
        {"META-INF/sub/X.RSA", "neither"},
        {"META-INF/MANIFEST.MF", "neither"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct og_signing signing;
        struct og_err err;
        struct maker maker;
        maker_init(&maker);
        add(&maker, cases[i].entry, OG_STR("x"), 1);
        assert_int_equal(read_made(&maker, &signing, &err), OG_E_INVALID);
        if (!strstr(err.text, cases[i].reason)) {
            fail_msg("%s: %s", cases[i].entry, err.text);
        }
    }
}

static void
jar_signatures_are_bounded(void **state)
{
    (void)state;
    struct og_str signature = jar_signature();
    struct og_signing signing;
    struct og_err err;
    struct maker maker;
    maker_init(&maker);
    for (int i = 0; i < 9; i++) {
        add(&maker, og_str_printf(&mem, "META-INF/S%d.RSA", i).ptr, signature,
            (uint32_t)signature.len);
    }
    assert_int_equal(read_made(&maker, &signing, &err), OG_E_INVALID);
    maker_init(&maker); /* twice the same is one */
    add(&maker, "META-INF/A.RSA", signature, (uint32_t)signature.len);
    add(&maker, "meta-inf/b.rsa", signature, (uint32_t)signature.len);
    assert_int_equal(read_made(&maker, &signing, &err), OG_OK);
    assert_int_equal(signing.count, 1);
    maker_init(&maker); /* a bomb: says that it is large, and is not unpacked */
    add(&maker, "META-INF/A.RSA", signature, 0x7fffffff);
    assert_int_equal(read_made(&maker, &signing, &err), OG_E_TOO_LARGE);
    maker_init(&maker); /* lies about its length */
    add(&maker, "META-INF/A.RSA", signature, (uint32_t)signature.len + 1);
    assert_int_equal(read_made(&maker, &signing, &err), OG_E_INVALID);
    maker_init(&maker);
    add(&maker, "META-INF/A.RSA", OG_STR("no signature"), 12);
    assert_int_equal(read_made(&maker, &signing, &err), OG_E_INVALID);
}

static void
comments_do_not_mislead(void **state)
{
    (void)state;
    static const char fake[] = "PK\5\6\0\0\0\0\1\0\1\0\x10\0\0\0\0\0\0\0\0\0";
    const struct og_str comments[] = {
        OG_STR("hello"), {fake, 22}, OG_STR("PK\5\6"),
        og_str_printf(&mem, "%065535d", 0),
    };
    struct og_str signature = jar_signature();
    for (size_t i = 0; i < COUNT(comments); i++) {
        struct og_signing signing;
        struct og_err err;
        struct maker maker;
        maker_init(&maker);
        add(&maker, "META-INF/A.RSA", signature, (uint32_t)signature.len);
        struct og_str bytes = make(&maker, OG_STR(""), comments[i]);
        assert_int_equal(read_bytes(bytes, NULL, &mem, &signing, &err), OG_OK);
        assert_is(&mem, &signing.certs[0], "rsa2048");
    }
}

/* ---- signing blocks of our own ---- */

static void
put64(struct og_buf *out, uint64_t value)
{
    put(out, (uint32_t)value, 4);
    put(out, (uint32_t)(value >> 32), 4);
}

/* A block with the pairs; `lie` is added to its second size. */
static struct og_str
block_of(struct og_str pairs, uint64_t lie)
{
    struct og_buf out;
    og_buf_init(&out, 65536);
    put64(&out, pairs.len + 24);
    og_buf_add(&out, pairs);
    put64(&out, pairs.len + 24 + lie);
    og_buf_add_cstr(&out, "APK Sig Block 42");
    struct og_str bytes = og_str_dup(&mem, og_buf_str(&out));
    og_buf_finish(&out);
    return bytes;
}

static struct og_str
pair_of(uint32_t id, struct og_str value)
{
    struct og_buf out;
    og_buf_init(&out, 65536);
    put64(&out, value.len + 4);
    put(&out, id, 4);
    og_buf_add(&out, value);
    struct og_str bytes = og_str_dup(&mem, og_buf_str(&out));
    og_buf_finish(&out);
    return bytes;
}

static struct og_str
join(struct og_str a, struct og_str b)
{
    char *bytes = og_arena_alloc(&mem, a.len + b.len);
    memcpy(bytes, a.ptr, a.len);
    memcpy(bytes + a.len, b.ptr, b.len);
    return (struct og_str){bytes, a.len + b.len};
}

static void
test_req_60_corrupted_blocks_are_refused(void **state)
{
    (void)state;
    struct og_str empty = pair_of(OG_BLOCK_V2, OG_STR(""));
    struct og_str many = OG_STR("");
    for (int i = 0; i < 257; i++) {
        many = join(many, pair_of(1, OG_STR("")));
    }
    const struct og_str blocks[] = {
        block_of(empty, 0),                            /* no signers in it */
        block_of(empty, 1),                            /* sizes differ */
        block_of(empty, (uint64_t)1 << 40),            /* larger than the file */
        block_of(empty, (uint64_t)-1 - 40),            /* wraps around */
        block_of(join(empty, empty), 0),               /* one id twice */
        block_of(OG_STR("\3\0\0\0\0\0\0\0abc"), 0),    /* a pair without room for an id */
        block_of(OG_STR("\xff\xff\xff\xff\xff\xff\xff\xff" "abcd"), 0),
        block_of(OG_STR("\4\0\0\0"), 0),
        block_of(many, 0),
        block_of(pair_of(OG_BLOCK_V2, OG_STR("\xff\xff\xff\xff")), 0),
        block_of(pair_of(OG_BLOCK_V2, OG_STR("\4\0\0\0\0\0\0\0")), 0),
        block_of(pair_of(OG_BLOCK_V3, OG_STR("\xff\xff\xff\x7f")), 0),
    };
    for (size_t i = 0; i < COUNT(blocks); i++) {
        struct og_signing signing;
        struct og_err err;
        struct maker maker;
        maker_init(&maker);
        add(&maker, "AndroidManifest.xml", OG_STR("x"), 1);
        struct og_str bytes = make(&maker, blocks[i], OG_STR(""));
        if (read_bytes(bytes, NULL, &mem, &signing, &err) != OG_E_INVALID) {
            fail_msg("block %zu was read", i);
        }
        assert_non_null(strstr(err.text, "damaged"));
    }
}

static void
unknown_ids_are_ignored(void **state)
{
    (void)state;
    struct og_str signature = jar_signature();
    struct og_signing signing;
    struct og_err err;
    struct maker maker;
    maker_init(&maker);
    add(&maker, "META-INF/A.RSA", signature, (uint32_t)signature.len);
    struct og_str pairs = join(pair_of(0x42726577, OG_STR("padding")), pair_of(7, OG_STR("")));
    struct og_str bytes = make(&maker, block_of(pairs, 0), OG_STR(""));
    assert_int_equal(read_bytes(bytes, NULL, &mem, &signing, &err), OG_OK);
    assert_int_equal(signing.schemes, OG_SCHEME_V1);
}

/* ---- damage ---- */

/* Of exactly that size, so that AddressSanitizer sees each byte beyond it. */
static enum og_code
read_copy(struct og_str bytes, size_t len, size_t flip)
{
    struct og_arena own;
    struct og_signing signing;
    struct og_err err;
    char *copy = og_xalloc(len ? len : 1);
    memcpy(copy, bytes.ptr, len);
    if (flip < len) {
        copy[flip] = (char)~copy[flip];
    }
    og_arena_init(&own, 0);
    enum og_code code = read_bytes((struct og_str){copy, len}, NULL, &own, &signing, &err);
    og_arena_finish(&own);
    free(copy);
    return code;
}

static void
test_req_60_cut_and_changed_apps_are_survived(void **state)
{
    (void)state;
    static const char *const names[] = {"apk/v1.apk", "apk/v1-v2-v3.apk", "apk/v31.apk"};
    for (size_t n = 0; n < COUNT(names); n++) {
        struct og_str bytes = fixture(&mem, names[n]);
        for (size_t len = 0; len < bytes.len; len += 31) {
            assert_int_not_equal(read_copy(bytes, len, SIZE_MAX), OG_OK);
        }
        for (size_t at = 0; at < bytes.len; at += 11) {
            (void)!read_copy(bytes, bytes.len, at);
        }
    }
}

static int
finish(void **state)
{
    (void)state;
    og_arena_finish(&mem);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_60_every_scheme_and_rotation_is_read),
        cmocka_unit_test(test_req_60_two_signers_are_refused),
        cmocka_unit_test(files_are_read_in_places),
        cmocka_unit_test(test_req_60_a_bundle_is_known_as_one),
        cmocka_unit_test(what_is_no_signed_app_is_explained),
        cmocka_unit_test(jar_signatures_are_bounded),
        cmocka_unit_test(comments_do_not_mislead),
        cmocka_unit_test(test_req_60_corrupted_blocks_are_refused),
        cmocka_unit_test(unknown_ids_are_ignored),
        cmocka_unit_test(test_req_60_cut_and_changed_apps_are_survived),
    };
    og_arena_init(&mem, 0);
    return cmocka_run_group_tests(tests, NULL, finish);
}
