/*
 * The half that checks every instruction: compiled together with `native.c`, behind it.
 *
 * A code hook runs before each instruction. It keeps the exact program counter, and looks up a
 * "site": what has to be seen to before this instruction runs. Sites are found once, when the code is
 * decoded; nearly all instructions have none. So time can be read in the middle of a block: what
 * the block hook has charged, less what of the block is still to come.
 */

/* What a site asks for. Shared with `sites.ts`. */
enum site_kind { SITE_BREAK = 1, SITE_ALIGN, SITE_DIVIDE, SITE_STACK, SITE_FLOAT, SITE_COUNTER };

struct site {
    uint32_t kind;
    uint32_t reg;   /* base of the access, divisor, or destination of the counter */
    int32_t value;  /* break: its number; align: offset; stack: bytes taken; counter: see below */
    uint32_t extra; /* align: alignment minus one; counter: source register
                       or constant; break: the site it stands before, or 0 */
};

/* Sums of all blocks of one function. */
struct tally {
    uint64_t calls, instructions, cycles;
};

struct profile {
    /* Parallel to the halfwords of all regions, one after the other. */
    int64_t *hits;       /* how many more blocks begin here than end; their sums are how often each
                            halfword ran */
    uint16_t *functions; /* number of the function, 0 for none */
    struct tally *function;
    uint64_t instructions, cycles, end;
    int64_t taken; /* what the branch at `end` costs if it is taken */
    unsigned current;
};

struct device {
    uint64_t pc;
    uint64_t passing;   /* the break at this address has been reported and is passed once */
    uint64_t elapsed_instructions, elapsed_cycles; /* of the runs before this one */
    uint64_t stack_low, stack_top, stack_floor;
    struct site *sites;
    uint32_t part;      /* CPUID of a Cortex-M, 0 otherwise */
    uint32_t control[1024];  /* system control space, 0xE000E000, by word */
    uint32_t watch[1024];    /* data watchpoint and trace unit, 0xE0001000 */
    uint64_t watch_start;    /* cycle at which CYCCNT was 0, modulo 2^32 */
    uint64_t tick_start;     /* cycle at which SysTick was loaded */
    uint64_t counter_offset[2]; /* RISC-V: what was written to mcycle and minstret */
    struct profile *profile;
};

enum { NOTHING = 1 }; /* an odd address: no instruction is there */

/* The slot of an address in the region that the block under way was priced in. */
static const struct slot *slot_at(struct machine *m, uint64_t address)
{
    for (int i = -1; i < m->other_count && m->next != NULL; i++) {
        const struct region *r = i < 0 ? &m->code : &m->others[i];
        uint64_t index = (address - r->base) >> 1;
        if (m->next >= r->slots && m->next <= r->slots + r->count && index <= r->count)
            return &r->slots[index];
    }
    return NULL;
}

/* What the block hook has charged for the instructions of this block from `address` on. */
static void ahead(struct machine *m, uint64_t address, uint32_t *instructions, uint32_t *cycles)
{
    const struct slot *here = slot_at(m, address);
    *instructions = *cycles = 0;
    if (here == NULL || m->next == NULL || m->next < here)
        return;
    *instructions = m->next->instructions - here->instructions;
    *cycles = m->next->cycles - here->cycles;
}

/*
 * The number of a halfword of code when all regions are laid one after the other, the end of each
 * included; -1 for none.
 */
static int64_t halfword_of(struct machine *m, uint64_t address)
{
    uint64_t index = (address - m->code.base) >> 1;
    if (index <= m->code.count)
        return (int64_t)index;
    uint64_t before = m->code.count + 1;
    for (int i = 0; i < m->priced_ahead; i++) {
        index = (address - m->others[i].base) >> 1;
        if (index <= m->others[i].count)
            return (int64_t)(before + index);
        before += m->others[i].count + 1;
    }
    return -1;
}

static uint64_t cycles_now(struct machine *m)
{
    uint32_t instructions, cycles;
    ahead(m, m->device->pc, &instructions, &cycles);
    return m->device->elapsed_cycles + m->cycles - cycles;
}

static uint64_t instructions_now(struct machine *m)
{
    uint32_t instructions, cycles;
    ahead(m, m->device->pc, &instructions, &cycles);
    return m->device->elapsed_instructions + m->instructions - instructions;
}

/* Takes back what was charged for the block from `address` on, as if it ended before it. */
static void rewind_to(struct machine *m, uint64_t address)
{
    uint32_t instructions, cycles;
    ahead(m, address, &instructions, &cycles);
    m->instructions -= instructions;
    m->cycles -= cycles;
    m->next = slot_at(m, address);
    struct profile *p = m->device->profile;
    if (p != NULL) {
        int64_t here = halfword_of(m, address), end = halfword_of(m, p->end);
        if (here >= 0 && end >= here) {
            p->hits[here]--;
            p->hits[end]++;
        }
        p->function[p->current].instructions -= instructions;
        p->function[p->current].cycles -= cycles;
        p->instructions = m->instructions;
        p->cycles = m->cycles;
        p->end = address;
        p->taken = 0;
    }
}

static uint64_t read_any(struct machine *m, uint32_t number)
{
    if (m->arm)
        return read_register(m, arm_register((int)number), 0);
    return number == 0 ? 0 : read_register(m, 0, UC_RISCV_REG_X0 + (int)number);
}

/*
 * Serves an instruction on a counter CSR itself: the engine would answer with the host's time.
 * value: bits 0-7 which counter (0 mcycle, 1 minstret; +2 for the upper half), bits 8-10 funct3.
 */
static void serve_counter(struct machine *m, const struct site *s, uint64_t address)
{
    struct device *d = m->device;
    unsigned which = (unsigned)s->value & 1, upper = (unsigned)s->value & 2;
    unsigned operation = ((unsigned)s->value >> 8) & 7;
    uint64_t raw = which ? instructions_now(m) : cycles_now(m);
    uint64_t value = raw + d->counter_offset[which];
    uint64_t old = upper ? value >> 32 : value;
    uint64_t operand = operation & 4 ? s->extra : read_any(m, s->extra);
    /* CSRRS and CSRRC with x0 or 0 only read (Privileged manual, 9.1). */
    if ((operation & 3) == 1 || s->extra != 0) {
        uint64_t changed = (operation & 3) == 1   ? operand
                           : (operation & 3) == 2 ? old | operand
                                                  : old & ~operand;
        if (upper)
            changed = (changed << 32) | (uint32_t)value;
        else if (s->value & 4) /* 32-bit registers: the upper half stays */
            changed = (value & ~0xffffffffull) | (uint32_t)changed;
        d->counter_offset[which] = changed - raw;
    }
    if (s->value & 4)
        old = (uint64_t)(int64_t)(int32_t)old;
    if (s->reg != 0)
        write_register(m, 0, UC_RISCV_REG_X0 + (int)s->reg, old);
    rewind_to(m, address + 4);
    write_register(m, 0, UC_RISCV_REG_PC, address + 4);
}

static void at_site(struct machine *m, const struct site *s, uint64_t address)
{
    struct device *d = m->device;
    switch (s->kind) {
    case SITE_BREAK:
        if (d->passing == address) {
            d->passing = NOTHING;
            if (s->extra != 0) /* what the instruction would have had without the break */
                at_site(m, &d->sites[s->extra], address);
            return;
        }
        rewind_to(m, address);
        m->interrupt = (uint64_t)s->value;
        stop(m, BREAK);
        return;
    case SITE_ALIGN: {
        uint64_t target = read_any(m, s->reg) + (uint64_t)(int64_t)s->value;
        if (m->arm)
            target = (uint32_t)target;
        if ((target & s->extra) != 0) {
            m->fault_address = target;
            stop(m, UNALIGNED);
        }
        return;
    }
    case SITE_DIVIDE:
        if ((d->control[0xd14 / 4] & 0x10) != 0 && read_any(m, s->reg) == 0)
            stop(m, DIVIDE_BY_ZERO);
        return;
    case SITE_STACK: {
        /* A stack elsewhere, such as a task's, is not watched: only the one the program began on. */
        uint64_t pointer = read_any(m, m->arm ? 13 : 2);
        if (d->stack_top == 0) {
            m->fault_address = pointer;
            stop(m, STACK_FOUND);
            return;
        }
        if (pointer < d->stack_floor || pointer > d->stack_top)
            return;
        uint64_t low = pointer - (uint64_t)s->value;
        if (low < d->stack_low)
            d->stack_low = low;
        if (low < d->stack_floor) {
            m->fault_address = low;
            stop(m, STACK_LOW);
        }
        return;
    }
    case SITE_FLOAT:
        /* CPACR: full access to coprocessors 10 and 11, or privileged access. */
        if ((d->control[0xd88 / 4] >> 20 & 1) == 0)
            stop(m, NO_FPU);
        return;
    case SITE_COUNTER:
        serve_counter(m, s, address);
        return;
    }
}

static void on_step(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    (void)uc, (void)size;
    struct machine *m = user;
    struct device *d = m->device;
    d->pc = address;
    const struct region *code = &m->code;
    uint64_t index = (address - code->base) >> 1;
    if (__builtin_expect(index >= code->count, 0)) {
        code = region_of(m, address);
        if (code == NULL)
            return;
        index = (address - code->base) >> 1;
    }
    uint16_t site = code->sites == NULL ? 0 : code->sites[index];
    if (__builtin_expect(site != 0, 0) && m->outcome == RETURNED)
        at_site(m, &d->sites[site], address);
}
