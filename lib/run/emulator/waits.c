/*
 * Wait states of data: cycles that a load or store adds by its address, which is known only when it
 * runs. Compiled behind `profile.c`. What fetching instructions adds is in their prices (`waits.ts`).
 */

/* Adds to the time of the block under way, which the block hook has charged already. */
static void wait_for(struct machine *m, uint64_t cycles)
{
    m->cycles += cycles;
    struct profile *p = m->device == NULL ? NULL : m->device->profile;
    if (p == NULL)
        return;
    /* Else the function that is entered next would have to pay. */
    p->function[p->current].cycles += cycles;
    p->cycles += cycles;
}

/* Flash keeps the line that was read last for data; an access across lines may need two. */
static void on_flash_read(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                          int64_t value, void *user)
{
    (void)uc, (void)type, (void)value;
    struct machine *m = user;
    uint64_t mask = ~(m->data_line_bytes - 1);
    uint64_t first = address & mask, last = (address + (uint64_t)size - 1) & mask;
    uint64_t cycles = first == m->data_line ? 0 : m->flash_wait;
    if (last != first)
        cycles += m->flash_wait;
    m->data_line = last;
    if (cycles != 0)
        wait_for(m, cycles);
}

static void on_ram_access(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                          int64_t value, void *user)
{
    (void)uc, (void)type, (void)address, (void)size, (void)value;
    struct machine *m = user;
    wait_for(m, m->ram_wait);
}

/*
 * Has data reads from `first` to `last` wait `cycles` for each line of `line_bytes`, a power of two.
 * Like all hooks it must be set before the first instruction is translated.
 */
uint32_t intnic_wait_flash(struct machine *m, uint64_t first, uint64_t last, uint32_t cycles,
                           uint32_t line_bytes)
{
    uc_hook hook;
    m->flash_wait = cycles;
    m->data_line_bytes = line_bytes;
    m->data_line = NO_LINE;
    return uc_hook_add(m->uc, &hook, UC_HOOK_MEM_READ, (void *)on_flash_read, m, first, last);
}

/* Has every load and store from `first` to `last` wait `cycles`. */
uint32_t intnic_wait_ram(struct machine *m, uint64_t first, uint64_t last, uint32_t cycles)
{
    uc_hook hook;
    m->ram_wait = cycles;
    return uc_hook_add(m->uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
                       (void *)on_ram_access, m, first, last);
}
