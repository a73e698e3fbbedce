/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether an HTTPMatchRequest fits. What depends on requests that are not known, and regular expressions of another language than
 * ours, may or may not fit: nobody guesses. Source: istio.io, VirtualService, HTTPMatchRequest. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "data/doc.h"
#include "mesh/istio.h"

static enum istio_fit yes_no(bool fits)
{
        return fits ? ISTIO_FIT_YES : ISTIO_FIT_NO;
}

static enum istio_fit both(enum istio_fit a, enum istio_fit b)
{
        return a < b ? a : b;
}

/* StringMatch; 'value' NULL: the request is not known. */
static enum istio_fit text_fits(struct json_object *match, const char *value, bool fold)
{
        const char *exact = doc_text(match, "exact"), *prefix = doc_text(match, "prefix");

        if (!value || (!exact && !prefix))
                return ISTIO_FIT_MAYBE;
        if (exact)
                return yes_no((fold ? strcasecmp : strcmp)(value, exact) == 0);
        return yes_no((fold ? strncasecmp : strncmp)(value, prefix, strlen(prefix)) == 0);
}

static const char *header_of(struct json_object *request, const char *name)
{
        struct json_object *headers = doc_at(request, "headers");

        if (!json_object_is_type(headers, json_type_object))
                return NULL;
        json_object_object_foreach(headers, key, value) {
                if (strcasecmp(key, name) == 0)
                        return json_object_get_string(value);
        }
        return NULL;
}

static enum istio_fit headers_fit(const struct istio *istio, struct json_object *wanted, bool without)
{
        struct json_object *request = istio->view->question->request;
        enum istio_fit fit = ISTIO_FIT_YES;

        if (!json_object_is_type(wanted, json_type_object))
                return ISTIO_FIT_MAYBE;
        if (!request)
                return select_count(wanted) > 0 ? ISTIO_FIT_MAYBE : ISTIO_FIT_YES;
        json_object_object_foreach(wanted, name, match) {
                const char *value = header_of(request, name);
                bool any = !match || select_count(match) == 0;
                /* A header that is not sent matches nothing; ours are known, those the client's runtime adds are not matched here. */
                enum istio_fit one = !value ? ISTIO_FIT_NO : any ? ISTIO_FIT_YES : text_fits(match, value, false);
                if (without && one != ISTIO_FIT_MAYBE)
                        one = one == ISTIO_FIT_YES ? ISTIO_FIT_NO : ISTIO_FIT_YES;
                fit = both(fit, one);
        }
        return fit;
}

static enum istio_fit gateways_fit(struct json_object *gateways)
{
        for (size_t i = 0; i < doc_len(gateways, ""); i++)
                if (text_equal(json_object_get_string(doc_item(gateways, i)), "mesh"))
                        return ISTIO_FIT_YES;
        return yes_no(doc_len(gateways, "") == 0);
}

static enum istio_fit uri_fits(const struct istio *istio, struct json_object *match, struct json_object *uri)
{
        const char *path = doc_text(istio->view->question->request, "path"), *exact = doc_text(uri, "exact");
        char bare[2048];

        if (!path || strlen(path) >= sizeof bare)
                return ISTIO_FIT_MAYBE;
        /* An exact path is compared without the query. */
        strcpy(bare, path);
        if (exact)
                bare[strcspn(bare, "?")] = '\0';
        return text_fits(uri, bare, doc_bool(match, "ignoreUriCase", false));
}

/* One condition of a match block. */
static enum istio_fit member_fits(const struct istio *istio, struct json_object *match, const char *key, struct json_object *value)
{
        const struct view *view = istio->view;
        struct json_object *request = view->question->request;

        if (strcmp(key, "port") == 0)
                return yes_no(json_object_get_int64(value) == view->port || json_object_get_int64(value) == 0);
        if (strcmp(key, "sourceLabels") == 0 && istio->waypoint)
                return yes_no(select_count(value) == 0); /* a waypoint leaves such a match out */
        if (strcmp(key, "sourceNamespace") == 0 && istio->waypoint)
                return ISTIO_FIT_MAYBE;
        if (strcmp(key, "sourceLabels") == 0)
                return view->question->client ? yes_no(select_labels(value, view->client_labels)) : ISTIO_FIT_MAYBE;
        if (strcmp(key, "sourceNamespace") == 0)
                return yes_no(text_equal(json_object_get_string(value), view->client_namespace));
        if (strcmp(key, "gateways") == 0)
                return gateways_fit(value);
        if (strcmp(key, "uri") == 0)
                return uri_fits(istio, match, value);
        if (strcmp(key, "method") == 0)
                return text_fits(value, doc_text(request, "method"), false);
        if (strcmp(key, "authority") == 0)
                return text_fits(value, doc_text(request, "host"), false);
        if (strcmp(key, "headers") == 0)
                return headers_fit(istio, value, false);
        if (strcmp(key, "withoutHeaders") == 0)
                return headers_fit(istio, value, true);
        if (strcmp(key, "name") == 0 || strcmp(key, "statPrefix") == 0 || strcmp(key, "ignoreUriCase") == 0)
                return ISTIO_FIT_YES;
        return ISTIO_FIT_MAYBE;
}

enum istio_fit istio_matches(const struct istio *istio, struct json_object *match_list)
{
        enum istio_fit best = ISTIO_FIT_NO;

        if (doc_len(match_list, "") == 0)
                return ISTIO_FIT_YES;
        for (size_t i = 0; i < doc_len(match_list, ""); i++) {
                struct json_object *match = doc_item(match_list, i);
                enum istio_fit fit = ISTIO_FIT_YES;
                if (!json_object_is_type(match, json_type_object))
                        continue;
                json_object_object_foreach(match, key, value) {
                        fit = both(fit, member_fits(istio, match, key, value));
                }
                best = fit > best ? fit : best;
        }
        return best;
}
