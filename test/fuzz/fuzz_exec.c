/* SPDX-License-Identifier: Apache-2.0
 *
 * What a credential plugin prints. Refused, it changes nothing; taken, it gives a token that fits into one header, or a
 * certificate with its key, and a time that does not lie in the past. Nothing is run. */
#include "base/mem.h"
#include "base/text.h"
#include "fuzz_json.h"
#include "kube/config.h"
#include "kube/config_parts.h"
#include "kube/exec_plugin.h"

#define NOW_NS INT64_C(5000000000)
#define WALL_MS INT64_C(1800000000000)

static struct kube_exec *plugin(void)
{
        auto_json struct json_object *user = doc_object();
        struct kube_exec *exec = NULL;

        doc_set_text(doc_set_text(user, "apiVersion", "client.authentication.k8s.io/v1"), "command", "/nonexistent");
        must(!exec_plugin_new(user, NULL, "/", &exec, NULL));
        return exec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kube_config config = {.token = xstrdup("before")};
        struct kube_exec *exec = plugin();
        auto_free char *text = fuzz_copy(data, size);
        struct fail fail = {0};
        bool changed = false;

        enum fail_kind kind = exec_plugin_take(exec, &config, text, size, NOW_NS, WALL_MS, &changed, &fail);
        must(kind == fail.kind && (!kind || (kind == FAIL_INVALID && fail.text[0])));
        must(!config.cert_pem == !config.key_pem);
        if (kind) {
                must(text_equal(config.token, "before") && !config.cert_pem && !changed);
        } else {
                must(config.token || config.cert_pem);
                must(!config.token || !strpbrk(config.token, "\r\n"));
                must(changed == (config.cert_pem != NULL));
                must(exec_plugin_expires_ns(exec) >= NOW_NS);
        }
        config_secret_free(config.token);
        config_secret_free(config.key_pem);
        free(config.cert_pem);
        exec_plugin_free(exec);
        return 0;
}
