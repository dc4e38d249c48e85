/*
 * Tallies by function and by halfword of code, kept by a second block hook. Compiled behind
 * `device.c`, which holds their layout.
 */
/* Runs behind `on_block`, which has just charged this block and the branch that led to it. */
static void on_profiled_block(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    (void)uc;
    struct machine *m = user;
    struct profile *p = m->device->profile;
    int64_t index = halfword_of(m, address);
    /* Code priced while running may reach over the end of what was priced ahead. */
    if (m->outcome != RETURNED || index < 0 ||
        halfword_of(m, address + size) != index + (size >> 1)) {
        p->instructions = m->instructions;
        p->cycles = m->cycles;
        p->end = NOTHING;
        p->taken = 0;
        return;
    }
    uint64_t cycles = m->cycles - p->cycles;
    if (address != p->end) {
        /* The branch belongs to where it came from. */
        p->function[p->current].cycles += (uint64_t)p->taken;
        cycles -= (uint64_t)p->taken;
    }
    unsigned function = p->functions[index];
    if (address != p->end && (p->functions[index] & 0x8000) != 0) {
        function &= 0x7fff;
        uint64_t link = read_any(m, m->arm ? 14 : 1) & ~1ull;
        /* Entered from elsewhere, or by a call from within: not by a loop to its first line. */
        if (function != p->current || link == p->end)
            p->function[function].calls++;
    }
    function &= 0x7fff;
    p->current = function;
    p->hits[index]++;
    p->hits[index + (size >> 1)]--;
    p->function[function].instructions += m->instructions - p->instructions;
    p->function[function].cycles += cycles;
    p->instructions = m->instructions;
    p->cycles = m->cycles;
    p->end = address + size;
    p->taken = m->next->taken;
}

/*
 * Begins a profile. `functions` numbers the function of each halfword of all regions, its first with
 * bit 15 set; `hits` and `function` are filled in place and must stay where they are.
 */
void intnic_profile(struct machine *m, uint16_t *functions, int64_t *hits, struct tally *function)
{
    struct profile *p = m->device->profile;
    p->functions = functions;
    p->hits = hits;
    p->function = function;
}
