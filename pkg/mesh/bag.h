/* SPDX-License-Identifier: Apache-2.0
 *
 * The objects that were read, by kind, and what could not be read. Inside of pkg/mesh. */
#pragma once

#include "base/map.h"
#include "mesh/mesh.h"

struct mesh_bag {
        struct json_object *lists;   /* "plural.group" -> {"namespace|name|selector" -> true, or the name of a miss} */
        struct json_object *objects; /* "Kind.group" -> array, oldest first once bag_sorted() looked at it */
        struct json_object *groups;  /* "group" -> ["v1", …]; NULL: not known */
        struct map known;            /* "Kind.group|namespace|name" of every object that is kept */
        size_t len;
        bool groups_missed;
};

/* Objects of this kind in one namespace (NULL: in all), oldest first, then by namespace and name. New array, the caller owns it. */
struct json_object *bag_objects(const struct mesh_bag *bag, const char *group, const char *kind, const char *namespace);
/* The object, or NULL. Borrowed. */
struct json_object *bag_object(const struct mesh_bag *bag, const char *group, const char *kind, const char *namespace, const char *name);

/* Whether all objects of this kind in this namespace ("" or NULL: in all namespaces) were read; false: *ret_why says why not. A kind that
 * is optional and not served was read: there are none. */
bool bag_was_read(const struct mesh_bag *bag, const struct mesh_resource *resource, const char *namespace, enum mesh_miss *ret_why);
/* The same for one list with its selector and name. MESH_NOT_READ when nobody answered it. */
bool bag_was_answered(const struct mesh_bag *bag, const struct mesh_list *list, enum mesh_miss *ret_why);

bool bag_serves(const struct mesh_bag *bag, const char *group); /* true also while the groups are not known */
/* The best served version of the row; NULL: it is not served; the first while the groups are not known. */
const char *bag_version(const struct mesh_bag *bag, const struct mesh_resource *resource);
