/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "load/pool.h"

static void blocks_do_not_overlap(void **state)
{
        (void)state;
        struct pool *pool = pool_new(0);
        struct { unsigned char *bytes; size_t size; } blocks[2000];
        uint64_t seed = 1;

        for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                blocks[i].size = (seed >> 33) % (POOL_BLOCK_MAX + 100);
                blocks[i].bytes = pool_alloc(pool, blocks[i].size);
                assert_int_equal((uintptr_t)blocks[i].bytes % 16, 0);
                memset(blocks[i].bytes, (int)i & 255, blocks[i].size);
                if (i % 3 == 2) { /* every third goes, and its memory serves another */
                        pool_release(pool, blocks[i - 1].bytes);
                        blocks[i - 1].size = 0;
                }
        }
        for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
                for (size_t k = 0; k < blocks[i].size; k++)
                        assert_int_equal(blocks[i].bytes[k], i & 255);
                if (blocks[i].size > 0 || i % 3 != 1)
                        pool_release(pool, blocks[i].bytes);
        }
        pool_free(pool);
}

static void what_was_given_back_is_used_first(void **state)
{
        (void)state;
        struct pool *pool = pool_new(0);
        void *block = pool_alloc(pool, 65);

        pool_release(pool, block);
        assert_ptr_not_equal(pool_alloc(pool, 64), block); /* another class */
        assert_ptr_equal(pool_alloc(pool, 128), block);
        pool_free(pool);
}

static void a_resized_block_keeps_its_bytes(void **state)
{
        (void)state;
        struct pool *pool = pool_new(0);
        char *block = pool_resize(pool, NULL, 4);

        memcpy(block, "abcd", 4);
        block = pool_resize(pool, block, 5000);
        assert_memory_equal(block, "abcd", 4);
        block = pool_resize(pool, block, 2);
        assert_memory_equal(block, "ab", 2);
        pool_release(pool, block);
        pool_release(pool, NULL);
        pool_free(pool);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(blocks_do_not_overlap),
                cmocka_unit_test(what_was_given_back_is_used_first),
                cmocka_unit_test(a_resized_block_keeps_its_bytes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
