/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/explain.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "data/doc.h"

#define SENTENCE_MAX 320

/* ---- the target ---- */

static double throttled(const struct samples_summary *target)
{
        return target->throttled_known ? target->worst_throttled : -1;
}

/* Where periods are not counted, as in the kubelet's own page. */
static double at_limit(const struct samples_summary *target)
{
        return target->throttled_known || target->cpu_limit <= 0 ? -1 : target->at_limit;
}

static double memory(const struct samples_summary *target)
{
        return target->fullest_limit > 0 ? target->memory_fullest : -1;
}

static void say_throttled(const struct samples_summary *target, double share, char text[static SENTENCE_MAX])
{
        char limit[48] = "the CPU limit";

        if (target->cpu_limit > 0)
                snprintf(limit, sizeof limit, "the CPU limit of %.0fm", target->cpu_limit * 1e3);
        snprintf(text, SENTENCE_MAX, "%s stopped pod %.120s in %.0f%% of the scheduler's periods, the target's pods in %.0f%% on average", limit,
                 target->worst_pod, share * 100, target->throttled * 100);
}

static void say_at_limit(const struct samples_summary *target, double share, char text[static SENTENCE_MAX])
{
        snprintf(text, SENTENCE_MAX, "the target used all of its CPU limit of %.0fm for %.0f%% of the time", target->cpu_limit * 1e3, share * 100);
}

static void say_memory(const struct samples_summary *target, double share, char text[static SENTENCE_MAX])
{
        snprintf(text, SENTENCE_MAX, "a pod of the target used %.0f%% of its memory limit of %.0f MiB", share * 100, target->fullest_limit / (1 << 20));
}

static const struct target_rule {
        const char *code, *confidence, *counter;
        double (*share)(const struct samples_summary *target); /* below 0: not known */
        double least;                                          /* from here on it is told */
        void (*say)(const struct samples_summary *target, double share, char text[static SENTENCE_MAX]);
        bool of_worst;                                         /* told of the pod that it was worst for */
} target_rules[] = {
        {"TargetThrottled", "high", "cpu.cfs_throttled_periods, percent", throttled, 0.05, say_throttled, true},
        {"TargetAtCpuLimit", "medium", "time at the CPU limit, percent", at_limit, 0.1, say_at_limit, false},
        {"TargetNearMemoryLimit", "medium", "memory.working_set, percent", memory, 0.9, say_memory, false},
};

/* ---- its nodes ---- */

static double node_cpu(const struct samples_strain *strain)
{
        return strain->cpu_mean;
}

static double node_steal(const struct samples_strain *strain)
{
        return strain->steal;
}

static double node_memory_pressure(const struct samples_strain *strain)
{
        return strain->memory_pressure;
}

static double node_io_pressure(const struct samples_strain *strain)
{
        return strain->io_pressure;
}

static const struct node_rule {
        const char *code, *confidence, *counter;
        double (*share)(const struct samples_strain *strain);
        double least;
        const char *before, *after; /* of the percentage */
} node_rules[] = {
        {"NodeSteal", "high", "cpu steal, percent", node_steal, 0.05, "got", "less CPU than it has: the machine that it runs on gave it to others"},
        {"NodeCpuBusy", "possible", "cpu in use, percent", node_cpu, 0.9, "had", "of its CPU in use"},
        {"NodeMemoryPressure", "possible", "memory pressure, percent", node_memory_pressure, 0.1, "waited for memory for", "of the time"},
        {"NodeIoPressure", "possible", "io pressure, percent", node_io_pressure, 0.2, "waited for its disks for", "of the time"},
};

/* ---- all of it ---- */

static void tell(struct json_object *list, const char *code, const char *confidence, const char *sentence, const char *side, const char *counter,
                 double share, const char *kind, const char *name)
{
        struct json_object *entry = doc_set_text(doc_set_text(doc_object(), "code", code), "confidence", confidence);
        struct json_object *evidence = doc_set_text(doc_set_text(doc_object(), "side", side), "counter", counter);
        auto_free char *object = name && *name ? xasprintf("%s/%.253s", kind, name) : NULL;

        doc_set_text(entry, "sentence", sentence);
        doc_set(entry, "evidence", doc_set_int(evidence, "value", llround(share * 100)));
        doc_push(list, doc_set_text(entry, "object", object));
}

struct json_object *probe_explain(const struct samples_summary *target, const struct samples_strain *strains, size_t len)
{
        struct json_object *list = doc_array();
        char text[SENTENCE_MAX];

        for (size_t i = 0; i < ARRAY_LEN(target_rules); i++) {
                const struct target_rule *rule = &target_rules[i];
                double share = rule->share(target);
                if (share < rule->least)
                        continue;
                rule->say(target, share, text);
                tell(list, rule->code, rule->confidence, text, "target", rule->counter, share, "Pod", rule->of_worst ? target->worst_pod : NULL);
        }
        for (size_t k = 0; k < len; k++)
                for (size_t i = 0; i < ARRAY_LEN(node_rules) && (strains[k].roles & SAMPLES_TARGET); i++) {
                        const struct node_rule *rule = &node_rules[i];
                        double share = rule->share(&strains[k]);
                        if (share < rule->least)
                                continue;
                        snprintf(text, sizeof text, "node %.120s, where the target runs, %s %.0f%% %s", strains[k].node, rule->before, share * 100, rule->after);
                        tell(list, rule->code, rule->confidence, text, "node", rule->counter, share, "Node", strains[k].node);
                }
        return list;
}
