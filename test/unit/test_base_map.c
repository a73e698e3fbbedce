/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/map.h"

static void values_are_found_replaced_and_removed(void **state)
{
        (void)state;
        struct map map = {0};
        int a, b;

        assert_null(map_find(&map, "x"));
        assert_null(map_remove(&map, "x"));
        assert_null(map_set(&map, "x", &a));
        assert_ptr_equal(map_set(&map, "x", &b), &a);
        assert_ptr_equal(map_find(&map, "x"), &b);
        assert_ptr_equal(map_remove(&map, "x"), &b);
        assert_null(map_find(&map, "x"));
        assert_int_equal(map.len, 0);
        map_done(&map);
}

/* Removal in an open-addressed table must not hide the keys behind it. */
static void many_keys_survive_removals_between_them(void **state)
{
        (void)state;
        struct map map = {0};
        static int values[2000];
        char key[16];
        size_t at = 0, seen = 0;
        const char *found;
        void *value;

        for (int i = 0; i < 2000; i++) {
                snprintf(key, sizeof key, "key-%d", i);
                assert_null(map_set(&map, key, &values[i]));
        }
        for (int i = 0; i < 2000; i += 3) {
                snprintf(key, sizeof key, "key-%d", i);
                assert_ptr_equal(map_remove(&map, key), &values[i]);
        }
        for (int i = 0; i < 2000; i++) {
                snprintf(key, sizeof key, "key-%d", i);
                assert_ptr_equal(map_find(&map, key), i % 3 ? &values[i] : NULL);
        }
        while (map_next(&map, &at, &found, &value)) {
                int i = (int)((int *)value - values);
                snprintf(key, sizeof key, "key-%d", i);
                assert_string_equal(found, key);
                seen++;
        }
        assert_int_equal(seen, map.len);
        assert_int_equal(seen, 2000 - 667);
        map_done(&map);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_found_replaced_and_removed),
                cmocka_unit_test(many_keys_survive_removals_between_them),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
