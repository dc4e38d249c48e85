/*
 * Wait states that depend on what runs: cycles that a load or store adds by its address, and lines
 * of code that are kept. Compiled behind `profile.c`. What else fetching instructions adds is in
 * their prices (`waits.ts`).
 */

/* Adds to the time of the block under way, which the block hook has charged already. */
static void wait_for(struct machine *m, int64_t wait)
{
    uint64_t cycles = (uint64_t)wait;
    m->cycles += cycles;
    struct profile *p = m->device == NULL ? NULL : m->device->profile;
    if (p == NULL)
        return;
    /* Else the function that is entered next would have to pay. */
    p->function[p->current].cycles += cycles;
    p->cycles += cycles;
}

static void forget(struct kept_lines *k)
{
    for (uint32_t i = 0; i < k->room; i++) {
        if (k->kept[i].used != 0)
            k->places[k->kept[i].line] = 0;
        k->kept[i].used = 0;
    }
    k->clock = 0;
}

/* So that a call takes the same time whatever ran before. */
static void waits_begin(struct machine *m)
{
    forget(&m->code_lines);
    forget(&m->data_lines);
    m->accesses.behind = NOTHING;
}

static void waits_close(struct machine *m)
{
    free(m->code_lines.places);
    free(m->code_lines.kept);
    free(m->data_lines.places);
    free(m->data_lines.kept);
}

/* Whether a line is kept; from now on it is. */
static int keep(struct kept_lines *k, uint64_t line)
{
    uint32_t place = k->places[line];
    if (place != 0) {
        k->kept[place - 1].used = ++k->clock;
        return 1;
    }
    place = 0;
    for (uint32_t i = 1; i < k->room; i++)
        if (k->kept[i].used < k->kept[place].used)
            place = i;
    if (k->kept[place].used != 0)
        k->places[k->kept[place].line] = 0;
    k->kept[place].line = line;
    k->kept[place].used = ++k->clock;
    k->places[line] = (uint16_t)(place + 1);
    return 0;
}

/* Number of the line that the last byte of the block before lies in; no line if there is none. */
static uint64_t line_at_hand(struct machine *m)
{
    for (int i = -1; i < m->other_count && m->next != NULL; i++) {
        const struct region *r = i < 0 ? &m->code : &m->others[i];
        if (m->next >= r->slots && m->next <= r->slots + r->count) {
            uint64_t end = r->base + 2 * (uint64_t)(m->next - r->slots);
            return (end - 1 - m->code_lines.base) >> m->code_lines.shift;
        }
    }
    return UINT64_MAX;
}

/*
 * What a branch to `address` does not have to wait of that which its landing was charged with: its
 * line is the one at hand, which is not kept for that, or one kept.
 */
static int64_t kept_code(struct machine *m, uint64_t address)
{
    struct kept_lines *k = &m->code_lines;
    uint64_t line = (address - k->base) >> k->shift;
    if (line >= k->lines)
        return 0;
    return line == line_at_hand(m) || keep(k, line) ? m->flash_wait : 0;
}

/* An access across two lines may need both. */
static void on_flash_read(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                          int64_t value, void *user)
{
    (void)uc, (void)type, (void)value;
    struct machine *m = user;
    struct kept_lines *k = &m->data_lines;
    uint64_t line = (address - k->base) >> k->shift;
    uint64_t last = (address + (uint64_t)size - 1 - k->base) >> k->shift;
    for (; line <= last && line < k->lines; line++)
        if (!keep(k, line))
            wait_for(m, m->flash_wait);
}

static void on_ram_access(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                          int64_t value, void *user)
{
    (void)uc, (void)type, (void)address, (void)size, (void)value;
    struct machine *m = user;
    wait_for(m, m->ram_wait);
}

static uint32_t make_room(struct kept_lines *k, uint64_t first, uint64_t last, uint32_t line_bytes,
                          uint32_t room)
{
    k->base = first;
    k->shift = (unsigned)__builtin_ctz(line_bytes);
    k->lines = ((last - first) >> k->shift) + 1;
    k->room = room;
    k->places = calloc(k->lines, sizeof *k->places);
    k->kept = calloc(room + 1, sizeof *k->kept);
    return k->places == NULL || k->kept == NULL ? UC_ERR_NOMEM : UC_ERR_OK;
}

/*
 * Has data reads from `first` to `last` wait `cycles` for each line of `line_bytes`, a power of two,
 * that is not among the `data_lines` kept, and takes the wait for code off branches to one of the
 * `code_lines` kept. Like all hooks it must be set before the first instruction is translated.
 */
uint32_t intnic_wait_flash(struct machine *m, uint64_t first, uint64_t last, uint32_t cycles,
                           uint32_t line_bytes, uint32_t code_lines, uint32_t data_lines)
{
    uc_hook hook;
    m->flash_wait = cycles;
    uint32_t error = make_room(&m->data_lines, first, last, line_bytes, data_lines);
    if (error == UC_ERR_OK)
        error = make_room(&m->code_lines, first, last, line_bytes, code_lines);
    if (error != UC_ERR_OK)
        return error;
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
