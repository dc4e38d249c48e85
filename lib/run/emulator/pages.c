/*
 * Makes stores cheap. Unicorn 2.0 handles every store as one that might change translated code, and
 * for each allocates and frees a tree of the pages it would lock (measured: three quarters of an
 * inference's time). Its locks do nothing, as an engine is used by one thread. So the tree is left
 * out: these definitions stand before the library's own, since it calls them through its linkage
 * table and this object is looked up first. What stores do to code is unchanged.
 */
#include <dlfcn.h>

typedef void *lock_pages(void *uc, uint64_t start, uint64_t end);
typedef void unlock_pages(void *pages);

/* Other releases than those looked at get what they ask for. */
static int stores_known(void)
{
    static int known = -1;
    if (known < 0) {
        unsigned major, minor;
        uc_version(&major, &minor);
        known = major == 2 && minor == 0;
    }
    return known;
}

#define WITHOUT_PAGES(machine)                                                          \
    void *page_collection_lock_##machine(void *uc, uint64_t start, uint64_t end)        \
    {                                                                                   \
        static lock_pages *own;                                                         \
        if (stores_known())                                                             \
            return NULL;                                                                \
        if (own == NULL)                                                                \
            *(void **)&own = dlsym(RTLD_NEXT, "page_collection_lock_" #machine);        \
        return own(uc, start, end);                                                     \
    }                                                                                   \
    void page_collection_unlock_##machine(void *pages)                                  \
    {                                                                                   \
        static unlock_pages *own;                                                       \
        if (pages == NULL)                                                              \
            return;                                                                     \
        if (own == NULL)                                                                \
            *(void **)&own = dlsym(RTLD_NEXT, "page_collection_unlock_" #machine);      \
        own(pages);                                                                     \
    }

WITHOUT_PAGES(arm)
WITHOUT_PAGES(riscv32)
WITHOUT_PAGES(riscv64)
