/*
 * The drawn QR code, read back from its half blocks: size, quiet zone, finder patterns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/qr.h"

#define SIDE_MAX 200
#define QUIET 4

struct picture {
    bool dark[SIDE_MAX][SIDE_MAX];
    int width, height;
};

/* Drawn parts are light when there is no colour. */
static void
read_back(const char *text, bool colour, struct picture *out)
{
    static const char *const blocks[] = {" ", "\u2584", "\u2580", "\u2588"};
    *out = (struct picture){0};
    for (int x = 0; *text;) {
        if (*text == '\033') {
            text = strchr(text, 'm') + 1;
            continue;
        }
        if (*text == '\n') {
            out->width = x;
            out->height += 2;
            x = 0;
            text++;
            continue;
        }
        int n = 3;
        while (n >= 0 && strncmp(text, blocks[n], strlen(blocks[n])) != 0) {
            n--;
        }
        assert_true(n >= 0);
        out->dark[out->height][x] = ((n & 2) != 0) == colour;
        out->dark[out->height + 1][x] = ((n & 1) != 0) == colour;
        text += strlen(blocks[n]);
        x++;
    }
}

static void
check_finder(const struct picture *p, int left, int top)
{
    for (int y = 0; y < 7; y++) {
        for (int x = 0; x < 7; x++) {
            bool is_ring = x == 0 || x == 6 || y == 0 || y == 6;
            bool is_core = x >= 2 && x <= 4 && y >= 2 && y <= 4;
            assert_int_equal(p->dark[top + y][left + x], is_ring || is_core);
        }
    }
}

static void
check_drawing(bool colour)
{
    struct og_buf out;
    struct og_err err;
    static struct picture p;
    og_buf_init(&out, 100000);
    assert_int_equal(og_qr_print("https://gateway.example:8443/api/mobile/v1\ntoken", colour, &out,
                                 &err),
                     OG_OK);
    assert_false(out.full);
    read_back(out.ptr, colour, &p);
    int side = p.width - 2 * QUIET;
    assert_true(side >= 21 && (side - 21) % 4 == 0);
    assert_true(p.height >= p.width);
    check_finder(&p, QUIET, QUIET);
    check_finder(&p, QUIET + side - 7, QUIET);
    check_finder(&p, QUIET, QUIET + side - 7);
    for (int i = 0; i < p.width; i++) {
        for (int q = 0; q < QUIET; q++) {
            assert_false(p.dark[q][i]);
            assert_false(p.dark[i][q]);
            assert_false(p.dark[QUIET + side + q][i]);
            assert_false(p.dark[i][QUIET + side + q]);
        }
    }
    og_buf_finish(&out);
}

static void
drawings_can_be_read(void **state)
{
    (void)state;
    check_drawing(false);
    check_drawing(true);
}

static void
too_long_a_text_is_refused(void **state)
{
    (void)state;
    static char text[4000];
    struct og_buf out;
    struct og_err err;
    memset(text, 'x', sizeof text - 1);
    og_buf_init(&out, 100);
    assert_int_equal(og_qr_print(text, false, &out, &err), OG_E_INVALID);
    assert_int_equal(out.len, 0);
    og_buf_finish(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawings_can_be_read),
        cmocka_unit_test(too_long_a_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
