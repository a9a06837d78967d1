/*
 * `otpgate apphash`: from a package name and the certificate that signs it.
 */
#include <unistd.h>

#include "base/files.h"
#include "cli/apphash.h"
#include "cli/certificate.h"
#include "cli/cli_priv.h"

#define FILE_BYTES_MAX (256 * 1024)

/* A file, or standard input for "-". */
static enum og_code
read_input(const char *path, struct og_buf *out, struct og_err *err)
{
    if (strcmp(path, "-") != 0) {
        return og_file_read(path, out, err);
    }
    for (;;) {
        char *room = og_buf_reserve(out, 4096);
        ssize_t got = room ? read(STDIN_FILENO, room, 4096) : -1;
        if (got <= 0) {
            return got == 0 ? OG_OK : og_fail(err, OG_E_INVALID, "", "cannot read standard input");
        }
        og_buf_commit(out, (size_t)got);
    }
}

static int
run_apphash(struct og_cli *cli)
{
    const char *package = cli->args.words[0];
    char hash[OG_APPHASH_CHARS + 1];
    struct og_buf file, der;
    struct og_err err = {0};
    og_buf_init(&file, FILE_BYTES_MAX);
    og_buf_init(&der, FILE_BYTES_MAX);
    enum og_code code = read_input(cli->args.words[1], &file, &err);
    if (code == OG_OK) {
        code = og_certificate_read(og_buf_str(&file), &der, &err);
    }
    if (code == OG_OK) {
        code = og_apphash(og_str_from(package), og_buf_str(&der), hash, &err);
    }
    if (code != OG_OK) {
        fprintf(cli->err, "otpgate: %s\n", err.text);
    } else if (cli->json) {
        fprintf(cli->out, "{\"package\":\"%s\",\"app_hash\":\"%s\"}\n", package, hash);
    } else {
        fprintf(cli->out, "%s\n", hash);
    }
    og_buf_finish(&file);
    og_buf_finish(&der);
    return code == OG_OK ? OG_EXIT_OK : OG_EXIT_USAGE;
}

const struct og_command og_apphash_commands[] = {
    {"apphash", "PACKAGE CERTIFICATE", "compute an Android app's hash",
     "Prints the 11 characters that a message must end with for Android's SMS Retriever to give\n"
     "it to the app. CERTIFICATE is the signing certificate as a PEM or DER file, - for standard\n"
     "input. With Play App Signing it is Google's: download it from the Play Console (App\n"
     "integrity), or the hash will not fit the app that people install.\n"
     "\n"
     "  keytool -exportcert -keystore release.jks -alias app |\n"
     "      otpgate apphash com.example.app -\n",
     OG_CLI_NOBODY, 2, 2, NULL, run_apphash},
    {NULL},
};
