/* SPDX-License-Identifier: Apache-2.0 */
#include "node/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "node/layout.h"

#define SELDOM_EVERY 5 /* looks */
#define FILE_BYTES_MAX 8192
#define TOPS_MAX 16
#define TOPS_EVERY 15   /* looks */
#define TOPS_DEPTH 4
#define PODS_DEPTH 4    /* below a top: its classes of service */
#define FOLDERS_MAX 8192 /* of one search */

struct group {
        char *path;
        uint32_t number;
        uint64_t look; /* in which it was seen last */
        bool gone, is_pod, read;
        struct node_row seldom; /* what was read less often, and still counts */
        int fds[LAYOUT_FILES_MAX]; /* in the order of the sources; -1: there is no such file */
};

struct tree {
        const struct layout *layout;
        int root;
        char *below; /* NULL: everything */
        struct group *groups[NODE_PAGE_GROUPS_MAX];
        struct map by_path; /* those that are not gone */
        char *tops[TOPS_MAX];
        size_t tops_len;
        uint64_t looks;
        uint32_t folders; /* seen in this search */
        char text[FILE_BYTES_MAX];
};

/* ---- names ---- */

/* What stands behind the last '-' of a name that systemd's driver made, else the whole; false: too long. */
static bool bare_name(const char *name, const char *end, char part[static NODE_PAGE_PATH_MAX])
{
        size_t len = strlen(name), end_len = strlen(end);
        bool systemd = len > end_len && text_equal(name + len - end_len, end);

        if (len >= NODE_PAGE_PATH_MAX)
                return false;
        snprintf(part, NODE_PAGE_PATH_MAX, "%.*s", (int)(systemd ? len - end_len : len), name);
        const char *dash = systemd ? strrchr(part, '-') : NULL;
        if (dash)
                memmove(part, dash + 1, strlen(dash + 1) + 1);
        return true;
}

#define UID_LEN_MIN 32

bool tree_is_pod(const char *name)
{
        char part[NODE_PAGE_PATH_MAX];

        if (!bare_name(name, ".slice", part) || !text_starts(part, "pod"))
                return false;
        size_t len = strspn(part + 3, "0123456789abcdef-_");
        return len >= UID_LEN_MIN && part[3 + len] == '\0';
}

bool tree_is_container(const char *name)
{
        char part[NODE_PAGE_PATH_MAX];

        if (text_starts(name, "crio-conmon-") || !bare_name(name, ".scope", part))
                return false;
        return strspn(part, "0123456789abcdef") == 64 && part[64] == '\0';
}

static bool is_top(const char *name)
{
        const char *at = strstr(name, "kubepods");

        return at && (at == name || at[-1] == '-') && (text_equal(at, "kubepods") || text_equal(at, "kubepods.slice"));
}

/* ---- folders ---- */

typedef void folder_fn(struct tree *tree, const char *path, const char *name, int depth);

/* Calls 'each' for every folder below 'path', which is one below layout->walk. */
static void each_folder(struct tree *tree, const char *path, int depth, folder_fn *each)
{
        auto_free char *full = xasprintf("%s/%s", tree->layout->walk, path);
        int fd = openat(tree->root, full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

        if (!folder) {
                mem_close_at(&fd);
                return;
        }
        for (struct dirent *entry; (entry = readdir(folder)) && tree->folders < FOLDERS_MAX;) {
                if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                        continue;
                auto_free char *below = path[0] ? xasprintf("%s/%s", path, entry->d_name) : xstrdup(entry->d_name);
                tree->folders++;
                if (strlen(below) < NODE_PAGE_PATH_MAX)
                        each(tree, below, entry->d_name, depth);
        }
        closedir(folder);
}

static void search_tops(struct tree *tree, const char *path, const char *name, int depth)
{
        if (is_top(name) && tree->tops_len < TOPS_MAX)
                tree->tops[tree->tops_len++] = xstrdup(path);
        else if (depth < TOPS_DEPTH && !is_top(name))
                each_folder(tree, path, depth + 1, search_tops);
}

static void forget_tops(struct tree *tree)
{
        while (tree->tops_len > 0)
                free(tree->tops[--tree->tops_len]);
}

/* ---- groups ---- */

static void open_files(struct tree *tree, struct group *group)
{
        const struct layout *layout = tree->layout;
        size_t file = 0;

        for (size_t i = 0; i < layout->len; i++) {
                const struct layout_source *source = &layout->sources[i];
                if (i > 0 && text_equal(source->file, source[-1].file))
                        continue;
                auto_free char *path = xasprintf("%s/%s/%s", source->folder, group->path, source->file);
                bool wanted = group->is_pod || source->how != LAYOUT_OF_PODS;
                group->fds[file++] = wanted ? openat(tree->root, path, O_RDONLY | O_CLOEXEC) : -1;
        }
}

static void close_files(struct group *group)
{
        for (size_t i = 0; i < LAYOUT_FILES_MAX; i++) {
                mem_close_at(&group->fds[i]);
                group->fds[i] = -1;
        }
}

static void see_group(struct tree *tree, const char *path, bool is_pod)
{
        struct group *group = map_find(&tree->by_path, path);
        uint32_t number = 1;

        while (!group && number < NODE_PAGE_GROUPS_MAX && tree->groups[number])
                number++;
        if (!group && number == NODE_PAGE_GROUPS_MAX)
                return;
        if (!group) {
                group = tree->groups[number] = xnew(struct group);
                *group = (struct group){.path = xstrdup(path), .number = number, .is_pod = is_pod};
                for (size_t i = 0; i < LAYOUT_FILES_MAX; i++)
                        group->fds[i] = -1;
                open_files(tree, group);
                map_set(&tree->by_path, path, group);
        }
        group->look = tree->looks;
}

static void visit_container(struct tree *tree, const char *path, const char *name, int depth)
{
        (void)depth;
        if (tree_is_container(name))
                see_group(tree, path, false);
}

static void visit(struct tree *tree, const char *path, const char *name, int depth)
{
        if (tree_is_pod(name)) {
                see_group(tree, path, true);
                each_folder(tree, path, depth, visit_container);
        } else if (depth < PODS_DEPTH) {
                each_folder(tree, path, depth + 1, visit);
        }
}

static void lose(struct tree *tree, struct group *group)
{
        group->gone = true;
        close_files(group);
        map_remove(&tree->by_path, group->path);
}

void tree_look(struct tree *tree)
{
        tree->folders = 0;
        if (tree->looks % TOPS_EVERY == 0 || tree->tops_len == 0) {
                forget_tops(tree);
                each_folder(tree, tree->below ? tree->below : "", 0, search_tops);
        }
        tree->looks++;
        tree->folders = 0;
        for (size_t i = 0; i < tree->tops_len; i++)
                each_folder(tree, tree->tops[i], 0, visit);
        for (uint32_t i = 1; i < NODE_PAGE_GROUPS_MAX; i++)
                if (tree->groups[i] && !tree->groups[i]->gone && tree->groups[i]->look != tree->looks)
                        lose(tree, tree->groups[i]);
}

/* ---- numbers ---- */

/* False: the file cannot be read any more. */
static bool read_file(struct tree *tree, int fd)
{
        ssize_t size = fd >= 0 ? pread(fd, tree->text, sizeof tree->text - 1, 0) : 0;

        tree->text[size > 0 ? size : 0] = '\0';
        return size >= 0 || errno != ENODEV;
}

static void apply(const struct layout_source *source, const char *text, struct node_row *row)
{
        uint64_t value;

        if (!figure_find(text, source->shape, source->key, &value))
                return;
        value /= source->divisor;
        if (source->how != LAYOUT_SUBTRACTED)
                node_row_set(row, source->figure, value);
        else if (node_row_knows(row, source->figure))
                row->value[source->figure] -= value < row->value[source->figure] ? value : row->value[source->figure];
}

/* False: the group has gone. */
static bool read_sources(struct tree *tree, struct group *group, bool seldom, struct node_row *row)
{
        const struct layout *layout = tree->layout;
        size_t file = 0;

        for (size_t i = 0; i < layout->len; i++) {
                const struct layout_source *source = &layout->sources[i];
                bool first = i == 0 || !text_equal(source->file, source[-1].file);
                int fd = first ? group->fds[file++] : -1;
                if ((source->how == LAYOUT_SELDOM) != seldom)
                        continue;
                if (first && !read_file(tree, fd))
                        return false;
                apply(source, tree->text, row);
        }
        return true;
}

bool tree_read(struct tree *tree, uint32_t number, struct node_row *ret_row)
{
        struct group *group = number < NODE_PAGE_GROUPS_MAX ? tree->groups[number] : NULL;
        bool seldom = group && (!group->read || (tree->looks + number) % SELDOM_EVERY == 0), there = true;

        if (!group || group->gone)
                return false;
        if (seldom) {
                group->seldom = (struct node_row){0};
                there = read_sources(tree, group, true, &group->seldom);
        }
        *ret_row = group->seldom;
        group->read = true;
        if (!there || !read_sources(tree, group, false, ret_row)) {
                lose(tree, group);
                return false;
        }
        return ret_row->known != 0;
}

const char *tree_path(const struct tree *tree, uint32_t number)
{
        return number < NODE_PAGE_GROUPS_MAX && tree->groups[number] ? tree->groups[number]->path : NULL;
}

static void free_group(struct tree *tree, uint32_t number)
{
        struct group *group = take(tree->groups[number]);

        close_files(group);
        free(group->path);
        free(group);
}

void tree_forget(struct tree *tree, uint32_t number)
{
        if (tree->groups[number] && tree->groups[number]->gone)
                free_group(tree, number);
}

/* ---- life ---- */

enum fail_kind tree_new(const char *root, const char *below, struct tree **ret_tree, struct fail *fail)
{
        struct tree *tree = xnew(struct tree);

        tree->below = below ? xstrdup(below) : NULL;
        tree->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        tree->layout = tree->root >= 0 ? layout_find(tree->root) : NULL;
        if (!tree->layout) {
                tree_free(tree);
                return fail_set(fail, FAIL_MISSING, "%s holds no cgroups", root);
        }
        *ret_tree = tree;
        return FAIL_NONE;
}

struct tree *tree_free(struct tree *tree)
{
        if (!tree)
                return NULL;
        for (uint32_t i = 1; i < NODE_PAGE_GROUPS_MAX; i++)
                if (tree->groups[i])
                        free_group(tree, i);
        forget_tops(tree);
        map_done(&tree->by_path);
        free(tree->below);
        mem_close_at(&tree->root);
        free(tree);
        return NULL;
}

int tree_version(const struct tree *tree)
{
        return tree->layout->version;
}
