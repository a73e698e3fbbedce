/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether what a profile requires of the mesh (spec.context.require) is in effect in a snapshot. What nobody could tell is not in effect:
 * a result must not rest on it.
 *
 * | key          | value                                             | in effect when                                                |
 * | mesh.type    | none, istio, linkerd, consul, kuma, cilium        | that mesh decides for the pair                                |
 * | mesh.mtls    | strict                                            | the server takes nothing but mTLS, and requests are under it  |
 * |              | mutual                                            | requests are under mTLS                                       |
 * |              | plaintext                                         | they are not, or there is no mesh                             |
 * | clientMeshed | true, false                                       | the generator pods are in the mesh, or are not                |
 * | serverMeshed | true, false                                       | all of the target's pods are in the mesh, or none is          | */
#pragma once

#include <json-c/json.h>

/* NULL: it is in effect. Else what is instead, as half a sentence: "mTLS of the server is PERMISSIVE (PeerAuthentication shop/default)".
 * New string, caller frees. 'key' and 'value' are from the table above, 'snapshot' of mesh_resolve(). */
char *mesh_require_unmet(const char *key, const char *value, struct json_object *snapshot);
