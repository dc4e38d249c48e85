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

/* --- Profile ---------------------------------------------------------------------------------- */

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

/* --- Core registers in memory ------------------------------------------------------------------ */

/* Armv7-M Architecture Reference Manual (DDI 0403E), B3.2 and C1.8. */
enum {
    SYST_CSR = 0x010, SYST_RVR = 0x014, SYST_CVR = 0x018, SYST_CALIB = 0x01c,
    CPUID = 0xd00, AIRCR = 0xd0c, CCR = 0xd14, CPACR = 0xd88, DEMCR = 0xdfc,
    DWT_CTRL = 0x000, DWT_CYCCNT = 0x004
};

static int has_cycle_counter(const struct device *d)
{
    unsigned part = d->part >> 4 & 0xfff;
    return part != 0xc20 && part != 0xc60; /* Armv6-M has none */
}

static int cycle_counter_runs(const struct device *d)
{
    return has_cycle_counter(d) && (d->control[DEMCR / 4] & 1u << 24) != 0 &&
           (d->watch[DWT_CTRL / 4] & 1) != 0;
}

static uint32_t tick_value(struct machine *m)
{
    struct device *d = m->device;
    uint32_t reload = d->control[SYST_RVR / 4] & 0xffffff;
    if ((d->control[SYST_CSR / 4] & 1) == 0 || reload == 0)
        return d->control[SYST_CVR / 4];
    /* A write clears the counter; the next cycle loads it (DDI 0403E, B3.3.1). */
    uint64_t since = cycles_now(m) - d->tick_start;
    return since == 0 ? 0 : reload - (uint32_t)((since - 1) % (reload + 1ull));
}

static uint32_t read_control(struct machine *m, uint32_t offset)
{
    struct device *d = m->device;
    switch (offset) {
    case SYST_CSR: {
        /* COUNTFLAG: has counted to 0 since the last read, which clears it. */
        uint32_t reload = d->control[SYST_RVR / 4] & 0xffffff;
        uint32_t flag = 0;
        if ((d->control[SYST_CSR / 4] & 1) != 0 && reload != 0) {
            uint64_t turns = (cycles_now(m) - d->tick_start) / (reload + 1ull);
            flag = turns > 0 ? 1u << 16 : 0;
            d->tick_start += turns * (reload + 1ull);
        }
        return (d->control[SYST_CSR / 4] & 7) | flag;
    }
    case SYST_CVR:
        return tick_value(m);
    case CPUID:
        return d->part;
    case AIRCR:
        return 0xfa050000 | (d->control[AIRCR / 4] & 0x700);
    default:
        return d->control[offset / 4];
    }
}

static void write_control(struct machine *m, uint32_t offset, uint32_t value)
{
    struct device *d = m->device;
    switch (offset) {
    case SYST_CSR:
        if ((value & 1) != 0 && (d->control[SYST_CSR / 4] & 1) == 0)
            d->tick_start = cycles_now(m);
        else if ((value & 1) == 0)
            d->control[SYST_CVR / 4] = tick_value(m);
        break;
    case SYST_CVR:
        value = 0;
        d->tick_start = cycles_now(m);
        break;
    case AIRCR:
        if ((value >> 16) == 0x05fa && (value & 4) != 0)
            stop(m, RESET);
        break;
    case DEMCR:
        if (cycle_counter_runs(d) && (value & 1u << 24) == 0)
            d->watch[DWT_CYCCNT / 4] = (uint32_t)(cycles_now(m) - d->watch_start);
        else if (!cycle_counter_runs(d))
            d->watch_start = cycles_now(m) - d->watch[DWT_CYCCNT / 4];
        break;
    case CPUID:
    case SYST_CALIB:
        return;
    }
    d->control[offset / 4] = value;
}

static uint32_t read_watch(struct machine *m, uint32_t offset)
{
    struct device *d = m->device;
    if (offset == DWT_CTRL) /* bit 25: no cycle counter */
        return has_cycle_counter(d) ? 0x40000000 | d->watch[0] : 0x1a000000;
    if (offset == DWT_CYCCNT && cycle_counter_runs(d))
        return (uint32_t)(cycles_now(m) - d->watch_start);
    return d->watch[offset / 4];
}

static void write_watch(struct machine *m, uint32_t offset, uint32_t value)
{
    struct device *d = m->device;
    if (!has_cycle_counter(d))
        return;
    int ran = cycle_counter_runs(d);
    uint32_t count = read_watch(m, DWT_CYCCNT);
    d->watch[offset / 4] = value;
    if (offset == DWT_CTRL && ran && !cycle_counter_runs(d))
        d->watch[DWT_CYCCNT / 4] = count;
    if (offset == DWT_CYCCNT || (!ran && cycle_counter_runs(d)))
        d->watch_start = cycles_now(m) - d->watch[DWT_CYCCNT / 4];
}

typedef uint32_t read_word(struct machine *, uint32_t);
typedef void write_word(struct machine *, uint32_t, uint32_t);

static uint64_t read_part(struct machine *m, read_word *read, uint64_t offset, unsigned size)
{
    uint32_t word = read(m, (uint32_t)offset & 0xffc) >> (8 * (offset & 3));
    return size == 1 ? word & 0xff : size == 2 ? word & 0xffff : word;
}

static void write_part(struct machine *m, read_word *read, write_word *write, uint64_t offset,
                       unsigned size, uint64_t value)
{
    uint32_t at = (uint32_t)offset & 0xffc, shift = 8 * (offset & 3);
    uint32_t mask = (size == 1 ? 0xffu : size == 2 ? 0xffffu : 0xffffffffu) << shift;
    uint32_t word = (uint32_t)value << shift;
    if (mask != 0xffffffffu)
        word = (read(m, at) & ~mask) | (word & mask);
    write(m, at, word);
}

static uint64_t on_read_control(uc_engine *uc, uint64_t offset, unsigned size, void *user)
{
    (void)uc;
    return read_part(user, read_control, offset, size);
}

static void on_write_control(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value,
                             void *user)
{
    (void)uc;
    write_part(user, read_control, write_control, offset, size, value);
}

static uint64_t on_read_watch(uc_engine *uc, uint64_t offset, unsigned size, void *user)
{
    (void)uc;
    return read_part(user, read_watch, offset, size);
}

static void on_write_watch(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *user)
{
    (void)uc;
    write_part(user, read_watch, write_watch, offset, size, value);
}

/* The trace output is off: it reads as zero and takes anything. */
static uint64_t on_read_trace(uc_engine *uc, uint64_t offset, unsigned size, void *user)
{
    (void)uc, (void)offset, (void)size, (void)user;
    return 0;
}

static void on_write_trace(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *user)
{
    (void)uc, (void)offset, (void)size, (void)value, (void)user;
}

/* --- Life -------------------------------------------------------------------------------------- */

/*
 * Checks every instruction from now on, by `count` sites (copied). `part` is the CPUID of a
 * Cortex-M, whose core registers are then mapped. Hooks work on code not yet translated only, so
 * this comes before the first run.
 */
uint32_t intnic_device(struct machine *m, const struct site *sites, uint32_t count, uint32_t part,
                       uint32_t profile)
{
    struct device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return UC_ERR_NOMEM;
    m->device = d;
    d->sites = malloc(count * sizeof *sites);
    if (d->sites == NULL)
        return UC_ERR_NOMEM;
    memcpy(d->sites, sites, count * sizeof *sites);
    d->part = part;
    d->passing = d->pc = NOTHING;
    d->stack_top = 0; /* told by `intnic_watch_stack`, at the latest when it first grows */
    uc_hook hook;
    uc_err e = uc_hook_add(m->uc, &hook, UC_HOOK_CODE, (void *)on_step, m, 1, 0);
    if (e == UC_ERR_OK && profile) {
        d->profile = calloc(1, sizeof *d->profile);
        if (d->profile == NULL)
            return UC_ERR_NOMEM;
        d->profile->end = NOTHING;
        e = uc_hook_add(m->uc, &hook, UC_HOOK_BLOCK, (void *)on_profiled_block, m, 1, 0);
    }
    if (part != 0) {
        d->control[CCR / 4] = 0x200; /* STKALIGN */
        if (e == UC_ERR_OK)
            e = uc_mmio_map(m->uc, 0xe0000000, 0x1000, on_read_trace, m, on_write_trace, m);
        if (e == UC_ERR_OK)
            e = uc_mmio_map(m->uc, 0xe0001000, 0x1000, on_read_watch, m, on_write_watch, m);
        if (e == UC_ERR_OK)
            e = uc_mmio_map(m->uc, 0xe000e000, 0x1000, on_read_control, m, on_write_control, m);
    }
    return e;
}

/* Hands over the sites of the region that begins at `base`: for each halfword an index, 0 for none. */
uint32_t intnic_sites(struct machine *m, uint64_t base, const uint16_t *sites)
{
    struct region *region = &m->code;
    for (int i = -1; i < m->other_count; i++) {
        if (i >= 0)
            region = &m->others[i];
        if (region->base != base || region->sites != NULL)
            continue;
        region->sites = malloc((region->count + 1) * sizeof *sites);
        if (region->sites == NULL)
            return UC_ERR_NOMEM;
        memcpy(region->sites, sites, (region->count + 1) * sizeof *sites);
        return UC_ERR_OK;
    }
    return UC_ERR_ARG;
}

/* Watches the stack that lies from `floor` to `top`: it must not grow below `floor`. */
void intnic_watch_stack(struct machine *m, uint64_t floor, uint64_t top)
{
    m->device->stack_floor = floor;
    m->device->stack_top = m->device->stack_low = top;
}

/* Reads how low the watched stack has been, and begins anew with where it is. */
uint64_t intnic_stack_low(struct machine *m)
{
    struct device *d = m->device;
    uint64_t low = d->stack_low, pointer = read_any(m, m->arm ? 13 : 2);
    d->stack_low = pointer >= d->stack_floor && pointer <= d->stack_top ? pointer : d->stack_top;
    return low;
}

uint64_t intnic_read_register(struct machine *m, uint32_t number)
{
    return read_any(m, number);
}

void intnic_write_register(struct machine *m, uint32_t number, uint64_t value)
{
    write_register(m, arm_register((int)number), UC_RISCV_REG_X0 + (int)number, value);
}

/* Modelled cycles since reset. */
uint64_t intnic_cycles(struct machine *m)
{
    return cycles_now(m);
}

static void device_begins(struct machine *m, enum start start, uint64_t entry)
{
    struct device *d = m->device;
    if (d == NULL)
        return;
    if (start == RESUME) {
        d->passing = entry;
        return;
    }
    d->elapsed_instructions += m->instructions;
    d->elapsed_cycles += m->cycles;
    d->passing = NOTHING;
    if (d->profile != NULL) {
        d->profile->instructions = d->profile->cycles = 0;
        d->profile->end = NOTHING;
        d->profile->taken = 0;
        d->profile->current = 0;
    }
}

/* What was charged for but has not run is taken back, and the exact address is known. */
static void device_ends(struct machine *m, struct run *run)
{
    struct device *d = m->device;
    if (d == NULL)
        return;
    /* The engine takes RISC-V's ebreak for an instruction it does not have. */
    uint32_t word = 0;
    if (m->outcome == FAULT && run->error == UC_ERR_INSN_INVALID && !m->arm &&
        uc_mem_read(m->uc, d->pc, &word, 2) == UC_ERR_OK &&
        (uc_mem_read(m->uc, d->pc, &word, 4) == UC_ERR_OK || word != 0) &&
        (word == 0x00100073 || (word & 0xffff) == 0x9002)) {
        run->outcome = m->outcome = INTERRUPT;
        m->interrupt = 3;
    }
    /* A Cortex-M has Thumb state only: the bit is clear after a jump to an even address. */
    uint32_t status = 0x20;
    if (m->arm && (m->outcome == FAULT || m->outcome == INTERRUPT || m->outcome == NOT_CODE) &&
        uc_reg_read(m->uc, UC_ARM_REG_CPSR, &status) == UC_ERR_OK && (status & 0x20) == 0) {
        run->outcome = m->outcome = NOT_THUMB;
        m->fault_address = read_register(m, UC_ARM_REG_PC, 0);
    }
    if (m->outcome == FAULT || m->outcome == INTERRUPT || m->outcome == RESET ||
        m->outcome >= UNALIGNED || m->outcome == NOT_CODE)
        run->block = d->pc;
    if (m->outcome == FAULT || m->outcome == INTERRUPT || m->outcome >= BREAK)
        run->pc = d->pc;
    if (m->outcome != RETURNED && m->outcome != LIMIT && m->outcome != BREAK &&
        m->outcome != NOT_CODE && m->outcome != INTERRUPT)
        rewind_to(m, d->pc);
    run->instructions = m->instructions;
    run->cycles = m->cycles;
    run->fault_address = m->fault_address;
    run->interrupt = m->interrupt;
    for (int i = 0; i < (m->arm ? 15 : 32); i++)
        run->registers[i] = read_any(m, (uint32_t)i);
}

static void device_close(struct machine *m)
{
    if (m->device == NULL)
        return;
    free(m->device->profile);
    free(m->device->sites);
    free(m->device);
}
