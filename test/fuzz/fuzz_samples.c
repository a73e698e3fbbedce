/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of a kubelet, cut anywhere and read twice. A page that comes again adds nothing; what is stored fits its room, and every row
 * ends after it begins and holds no number that is none. */
#include "fuzz.h"

#include "data/doc.h"
#include "probe/samples.h"

static void take_line(void *owner, const struct prometheus_line *line)
{
        samples_take(owner, line);
}

static void read_page(struct samples_node *node, enum samples_source source, const char *text, size_t size)
{
        struct prometheus_page page = {.lines_max = 1000, .bytes_max = 1 << 20};
        uint64_t state = size + 1;
        enum fail_kind kind = FAIL_NONE;

        struct samples_page *open = samples_open(node, source);
        for (size_t at = 0, piece; at < size && !kind; at += piece) {
                piece = fuzz_piece(&state, size - at);
                kind = prometheus_feed(&page, text + at, piece, take_line, open, NULL);
        }
        if (kind || prometheus_end(&page, NULL))
                samples_miss(node, source, "broken");
        else
                samples_close(open, INT64_C(1700000020000));
        prometheus_done(&page);
}

static void must_be_sane(struct json_object *subjects)
{
        must(strlen(doc_print(subjects)) <= 4096);
        for (size_t i = 0; i < doc_len(subjects, ""); i++) {
                struct json_object *subject = doc_item(subjects, i);
                size_t len = doc_len(subject, "to");
                must(len > 0 && doc_len(subject, "from") == len);
                for (size_t k = 0; k < len; k++)
                        must(doc_int(doc_item(doc_at(subject, "from"), k), "", 0) <= doc_int(doc_item(doc_at(subject, "to"), k), "", 0));
                for (enum sample_metric metric = 0; metric < SAMPLE_METRICS; metric++) {
                        struct json_object *column = doc_at(subject, sample_metric_name(metric));
                        must(!column || doc_len(column, "") == len);
                        for (size_t k = 0; k < len; k++)
                                must(doc_int(doc_item(column, k), "", 0) >= 0);
                }
        }
}

static const char pod_text[] = "{\"metadata\":{\"namespace\":\"shop\",\"name\":\"web-1\",\"uid\":\"1\"},\"spec\":{\"nodeName\":\"n1\"},"
                               "\"status\":{\"containerStatuses\":[{\"name\":\"web\",\"containerID\":\"containerd://a\"}]}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct samples *samples = samples_new();
        struct samples_node *node = samples_add_node(samples, SAMPLES_TARGET, "n1");
        struct samples_summary summary;
        char *text = fuzz_copy(data, size);
        size_t half = size / 2;
        enum samples_source source = size % 2 ? SAMPLES_CADVISOR : SAMPLES_RESOURCE;
        auto_json struct json_object *pod = NULL;

        must(!doc_parse(pod_text, strlen(pod_text), &pod, NULL));
        samples_add_pod(samples, SAMPLES_TARGET, pod);
        read_page(node, SAMPLES_CADVISOR, text, half);
        read_page(node, source, text + half, size - half);
        auto_json struct json_object *once = samples_encode(samples, 0, INT64_MIN, 4096);
        read_page(node, source, text + half, size - half);
        auto_json struct json_object *twice = samples_encode(samples, 0, INT64_MIN, 4096);
        must_be_sane(once);
        must_be_sane(twice);
        samples_summary(samples, SAMPLES_TARGET, NULL, 0, INT64_C(1800000000000), &summary);
        must(summary.throttled >= 0 && summary.throttled <= 1 && summary.covered <= 1);
        free(text);
        samples_free(samples);
        return 0;
}
