/*
 * Opening and closing of a checked machine, and the beginning and end of its runs. Compiled last: it
 * puts together `device.c`, `profile.c` and `registers.c`.
 */
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
