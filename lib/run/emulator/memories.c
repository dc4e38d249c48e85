/*
 * Memories told apart: cycles that a load adds in a slow one, and accesses that follow each other
 * and overlap only within one. Prices assume one memory for all data and another for literals;
 * what that is wrong in is made up for as it happens. Compiled behind `waits.c`.
 */

/* Its number; one more than the last for what is in none. */
static uint32_t memory_of(const struct accesses *a, uint64_t address)
{
    uint32_t n = 0;
    while (n < a->count && (address < a->memories[n].first || address > a->memories[n].last))
        n++;
    return n;
}

/* Runs before each instruction, but for those under an IT whose condition fails. */
static void on_accessing(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    (void)uc;
    struct accesses *a = &((struct machine *)user)->accesses;
    a->follows = address == a->behind;
    a->behind = NOTHING;
    a->here = address;
    a->size = size;
    a->accessed = a->slowed = 0;
}

static void on_access(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
                      void *user)
{
    (void)uc, (void)size, (void)value;
    struct machine *m = user;
    struct accesses *a = &m->accesses;
    uint32_t memory = memory_of(a, address);
    /* Lists pay once. */
    if (type == UC_MEM_READ && !a->slowed && memory < a->count &&
        a->memories[memory].load_cycles != 0) {
        a->slowed = 1;
        wait_for(m, (int64_t)a->memories[memory].load_cycles);
    }
    if (a->accessed)
        return;
    a->accessed = 1;
    const struct slot *slot = a->follows ? slot_at(m, a->here) : NULL;
    if (slot != NULL && (slot->code & OVERLAPS) && memory != a->memory)
        wait_for(m, 1);
    if (slot != NULL && (slot->code & APART) && memory == a->memory)
        wait_for(m, -1);
    a->memory = memory;
    a->behind = a->here + a->size;
}

/*
 * Tells `count` memories apart; an address belongs to the first that holds it. Like all hooks it
 * must be set before the first instruction is translated.
 */
uint32_t intnic_memories(struct machine *m, const struct memory *memories, uint32_t count)
{
    if (count > MAX_MEMORIES)
        return UC_ERR_ARG;
    memcpy(m->accesses.memories, memories, count * sizeof *memories);
    m->accesses.count = count;
    uc_hook hook;
    uc_err e = uc_hook_add(m->uc, &hook, UC_HOOK_CODE, (void *)on_accessing, m, 1, 0);
    if (e != UC_ERR_OK)
        return e;
    return uc_hook_add(m->uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, (void *)on_access, m, 1,
                       0);
}
