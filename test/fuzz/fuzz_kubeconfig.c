/* SPDX-License-Identifier: Apache-2.0
 *
 * A kubeconfig from anywhere: refused with a sentence, or a configuration that keeps the promises of kube/config.h. Nothing
 * in it is run. Files that it names are looked for in a folder that has none. */
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz.h"
#include "kube/config.h"

static char folder[] = "/tmp/loadstone-fuzz.XXXXXX", *path;

static void tidy_up(void)
{
        unlink(path);
        rmdir(folder);
        free(path);
}

static void write_file(const uint8_t *data, size_t size)
{
        if (!path) {
                must(mkdtemp(folder));
                path = xasprintf("%s/config", folder);
                atexit(tidy_up);
        }
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
        close(fd);
}

/* Other files of this machine are none of a fuzzer's business, and some of them never end. */
static bool names_files(const uint8_t *data, size_t size)
{
        static const char *const keys[] = {"certificate-authority", "client-certificate", "client-key", "tokenFile"};
        bool named = false;

        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                const uint8_t *at = memmem(data, size, keys[i], strlen(keys[i]));
                named = named || (at && memmem(at, size - (size_t)(at - data), "/", 1));
        }
        return named || memmem(data, size, "\\", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kube_config *config = NULL;
        struct fail fail = {0};

        if (names_files(data, size))
                return 0;
        write_file(data, size);
        enum fail_kind kind = kube_config_load(path, NULL, &config, &fail);
        must(kind == fail.kind && (!kind || fail.text[0]));
        if (kind)
                return 0;
        must(config->server && config->server[0] && config->namespace && config->namespace[0]);
        must(!config->cert_pem == !config->key_pem);
        must(!config->insecure_skip_verify || !config->ca_pem);
        must(!config->token || !strpbrk(config->token, "\r\n"));
        must(!config->exec || (!config->token && !config->username));
        kube_config_free(config);
        return 0;
}
