/*
 * End-to-end encryption on the sender's side. The server cannot check what it cannot read, so what
 * it would refuse is refused here.
 */
#include "cli/send_cipher.h"

#include "base/pbe.h"
#include "cli/passphrase.h"
#include "core/phone_number.h"

#define CIPHER_MAX_BYTES (OG_PBE_PLAIN_MAX_BYTES * 2)

/* One number as it will be dialled. */
static const char *
read_number(struct og_cli *cli, const char *word, struct og_err *err)
{
    struct og_str e164;
    if (og_phone_is_short_code(og_str_from(word))) {
        return word;
    }
    enum og_code code =
        og_phone_parse(og_str_from(word), OG_STR(""), NULL, "NUMBER", &cli->mem, &e164, err);
    return code == OG_OK ? e164.ptr : NULL;
}

static bool
is_repeated(const struct og_send_words *words, const char *number)
{
    for (int i = 0; i < words->count; i++) {
        if (strcmp(words->plain[i], number) == 0) {
            return true;
        }
    }
    return false;
}

static int
read_words(struct og_cli *cli, struct og_send_words *out)
{
    struct og_err err;
    const struct og_args *args = &cli->args;
    for (int i = 0; i < args->word_count - 1; i++) {
        const char *number = read_number(cli, args->words[i], &err);
        if (!number) {
            return og_cli_usage(cli, "number %d %s", i + 1, err.text);
        }
        if (is_repeated(out, number)) {
            return og_cli_usage(cli, "number %d stands there twice", i + 1);
        }
        out->plain[out->count++] = number;
    }
    out->plain[out->count++] = args->words[args->word_count - 1];
    return OG_EXIT_OK;
}

static int
encrypt_words(struct og_cli *cli, const struct og_secret *passphrase, struct og_send_words *out)
{
    struct og_err err;
    for (int i = 0; i < out->count; i++) {
        struct og_buf cipher;
        og_buf_init(&cipher, CIPHER_MAX_BYTES);
        enum og_code code = og_pbe_encrypt(og_secret_str(passphrase), og_str_from(out->plain[i]),
                                           &cipher, &err);
        if (code == OG_OK) {
            out->cipher[i] = og_str_cstr(&cli->mem, og_buf_str(&cipher));
        }
        og_buf_finish(&cipher);
        if (code != OG_OK) {
            return og_cli_fail(cli, &err);
        }
    }
    return OG_EXIT_OK;
}

int
og_send_encrypt(struct og_cli *cli, struct og_send_words *out)
{
    struct og_secret passphrase = {0};
    int exit_code = read_words(cli, out);
    if (exit_code == OG_EXIT_OK) {
        exit_code = og_cli_passphrase(cli, &passphrase);
    }
    if (exit_code == OG_EXIT_OK) {
        exit_code = encrypt_words(cli, &passphrase, out);
    }
    og_secret_finish(&passphrase);
    return exit_code;
}

const char *
og_send_plain(const struct og_send_words *words, const char *cipher)
{
    for (int i = 0; i < words->count; i++) {
        if (strcmp(words->cipher[i], cipher) == 0) {
            return words->plain[i];
        }
    }
    return cipher;
}
