/*
 * The core registers of a Cortex-M that firmware finds in memory: system control space, SysTick,
 * data watchpoint and trace unit. Compiled behind `device.c`; they tell its modelled time.
 */
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
