/*
 * The emulator's native half: opens a Unicorn engine, counts instructions and cycles in a block
 * hook, and runs one call per function call from JavaScript.
 *
 * Counting is by prefix sums. The caller decodes the program once and hands over one slot for each
 * halfword of code: the instructions and cycles of everything before it in a straight line. A block
 * then costs the difference between its end and its start, whatever its length, plus what a taken
 * branch costs at its origin and at its landing. No instruction is looked at while running.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unicorn/unicorn.h>

/* One halfword of code. The layout is shared with `slots.ts`. */
struct slot {
    uint32_t instructions; /* sum over all instructions before this address */
    uint32_t cycles;       /* likewise, each priced after its straight-line predecessor */
    int16_t taken;         /* added when the block that ends here continues elsewhere */
    int16_t landing;       /* added when a branch lands here */
    uint16_t mark;         /* account opened by reaching this address; 0 for none */
    uint16_t code;         /* the flags below, and above them the number of an operand rule */
};

/*
 * An instruction begins here; the one before always continues elsewhere, even if that is here; its
 * access was priced as one that overlaps the load before it, being in the same memory, or as one
 * that does not, being in another.
 */
enum { BEGINS = 1, AFTER_JUMP = 2, OVERLAPS = 4, APART = 8, RULE_SHIFT = 4 };

/* Cycles by the values of an instruction's operands. Shared with `operands.ts`. */
enum formula { ZERO = 1, SHIFT_STEPS = 2, LEADING_ZEROS = 3, LEADING_SIGNS = 4,
               QUOTIENT_BITS = 5, SIGNED_QUOTIENT_BITS = 6, PRODUCT_HALVES = 7,
               SIGNED_PRODUCT_HALVES = 8, SUM_HALVES = 9, SIGNED_SUM_HALVES = 10 };

struct operand_rule {
    uint16_t formula;
    uint8_t first, second; /* numbers of the registers */
    int32_t cycles;        /* what the formula multiplies or gives */
};

struct region {
    uint64_t base;
    uint64_t count; /* halfwords; there is one slot more, for the end */
    struct slot *slots;
    uint16_t *sites; /* for each halfword what to check before it runs, see `device.c`; or NULL */
};

enum { MAX_REGIONS = 64, MAX_BUCKETS = 4096 };

/* Why a run ended. Shared with `native.ts`. */
enum outcome {
    RETURNED = 0, FAULT = 1, LIMIT = 2, NOT_CODE = 3, INTERRUPT = 4, STOPPED = 5,
    /* Only where every instruction is checked (`device.c`). */
    BREAK = 6, UNALIGNED = 7, DIVIDE_BY_ZERO = 8, STACK_LOW = 9, NO_FPU = 10, RESET = 11,
    STACK_FOUND = 12, NOT_THUMB = 13
};

/* How a run begins: registers as they are, set for a call, or where the run before stopped. */
enum start { PLAIN = 0, FRESH = 1, RESUME = 2 };

/* What one run needs and yields: 64-bit words, shared with `native.ts`. */
struct run {
    uint64_t entry, stack, until, arguments[4], limit;
    uint64_t outcome, error, result, instructions, cycles, stack_used;
    uint64_t pc, link, fault_address, fault_size, fault_kind, interrupt, block;
    uint64_t registers[32]; /* after a fault only */
};

/* Lines of flash that need not be read again, the least recently used given up first. */
struct kept_lines {
    uint64_t base, lines; /* address of the flash, and how many lines it has; 0 for no wait */
    unsigned shift;       /* logarithm of a line's bytes */
    uint32_t room;        /* how many are kept */
    uint16_t *places;     /* by line: its place among those kept, from 1; 0 if it is not */
    struct { uint64_t line, used; } *kept; /* `used` is 0 in a place that is free */
    uint64_t clock;
};

/* A memory with a bus of its own. */
struct memory {
    uint64_t first, last;
    uint64_t load_cycles; /* added to an instruction that loads from it */
};

enum { MAX_MEMORIES = 16 };

/* Which memories the instructions access, where that matters: `memories.c`. */
struct accesses {
    struct memory memories[MAX_MEMORIES];
    uint32_t count;
    uint64_t here, size;       /* the instruction under way */
    int follows;               /* it is right behind one that has accessed memory */
    int accessed, slowed;      /* it has accessed memory, and paid for that */
    uint64_t behind;           /* the address behind the last access, if that was the one before */
    uint32_t memory;           /* the last access's */
};

struct machine {
    uc_engine *uc;
    uc_context *context;
    int arm;
    const struct slot *next; /* where the previous block ended, or NULL at the start of a run */
    uint64_t instructions, cycles, limit;
    uint64_t until, block;
    struct region code;
    struct region others[MAX_REGIONS];
    int other_count, priced_ahead; /* the latter without what is priced while running */
    struct operand_rule *rules;    /* by number less one */
    uint32_t rule_count;
    uint64_t bucket[MAX_BUCKETS][2], opened[2];
    unsigned current;
    uint64_t outcome, fault_address, fault_size, fault_kind, interrupt;
    struct kept_lines code_lines, data_lines;
    uint32_t flash_wait, ram_wait; /* cycles */
    struct accesses accesses;
    uint8_t *stack_low, *stack_high; /* host addresses of the free RAM below the stack pointer */
    uint8_t *stack_deepest;
    struct device *device; /* NULL unless every instruction is checked */
    void *mapped[64];
    size_t mapped_size[64];
    int mapped_count;
};

enum { STACK_FILL = 0xa5 };

static void settle(struct machine *m)
{
    m->bucket[m->current][0] += m->instructions - m->opened[0];
    m->bucket[m->current][1] += m->cycles - m->opened[1];
    m->opened[0] = m->instructions;
    m->opened[1] = m->cycles;
}

static void stop(struct machine *m, enum outcome outcome)
{
    if (m->outcome == RETURNED)
        m->outcome = outcome;
    uc_emu_stop(m->uc);
}

static const struct region *region_of(struct machine *m, uint64_t address)
{
    for (int i = 0; i < m->other_count; i++)
        if (((address - m->others[i].base) >> 1) < m->others[i].count)
            return &m->others[i];
    return NULL;
}

/* Code may be priced while running, where decoding it ahead found no instruction to begin. */
static const struct region *late_region_of(struct machine *m, uint64_t address, uint64_t halfwords)
{
    for (int i = 0; i < m->other_count; i++) {
        const struct region *r = &m->others[i];
        uint64_t index = (address - r->base) >> 1;
        if (index < r->count && index + halfwords <= r->count &&
            (r->slots[index].code & BEGINS))
            return r;
    }
    return NULL;
}

static void device_begins(struct machine *m, enum start start, uint64_t entry);
static void device_ends(struct machine *m, struct run *run);
static void device_close(struct machine *m);
static void waits_begin(struct machine *m);
static void waits_close(struct machine *m);
static int64_t kept_code(struct machine *m, uint64_t address);

static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    (void)uc;
    struct machine *m = user;
    const struct region *code = &m->code;
    uint64_t index = (address - code->base) >> 1;
    if (__builtin_expect(m->instructions > m->limit, 0)) {
        /* Nothing of this block has been charged yet, so that the run can be resumed with it. */
        m->fault_address = address;
        stop(m, LIMIT);
        return;
    }
    if (__builtin_expect(index >= code->count, 0)) {
        if (address == m->until)
            return;
        code = region_of(m, address);
        index = code == NULL ? 0 : (address - code->base) >> 1;
    }
    if (__builtin_expect(code == NULL || index + (size >> 1) > code->count ||
                         !(code->slots[index].code & BEGINS), 0)) {
        code = late_region_of(m, address, size >> 1);
        if (code == NULL) {
            m->fault_address = address;
            stop(m, NOT_CODE);
            return;
        }
        index = (address - code->base) >> 1;
    }
    const struct slot *start = &code->slots[index];
    const struct slot *end = start + (size >> 1);
    const struct slot *before = m->next;
    uint32_t instructions = end->instructions - start->instructions;
    /* Summed up here and added to memory once: this runs for every block. */
    int64_t cycles = (int64_t)(uint32_t)(end->cycles - start->cycles);
    if (start != before || (start->code & AFTER_JUMP)) {
        int64_t taken = before == NULL ? 0 : before->taken;
        if (start->mark != 0) {
            m->cycles += taken; /* the branch still belongs to the account it came from */
            taken = 0;
            settle(m);
            m->current = start->mark;
        }
        cycles += taken + start->landing;
        if (__builtin_expect(m->code_lines.room != 0, 0))
            cycles -= kept_code(m, address);
    }
    m->block = address;
    m->next = end;
    m->cycles += cycles;
    m->instructions += instructions;
}

static bool on_bad_access(uc_engine *uc, uc_mem_type type, uint64_t address, int size,
                          int64_t value, void *user)
{
    (void)uc, (void)value;
    struct machine *m = user;
    m->fault_address = address;
    m->fault_size = (uint64_t)size;
    m->fault_kind = (uint64_t)type;
    return false;
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *user)
{
    (void)uc;
    struct machine *m = user;
    m->interrupt = number;
    stop(m, INTERRUPT);
}

static const struct {
    const char *name;
    uc_arch arch;
    uc_mode mode;
    int model;
} cpus[] = {
    /* UC_MODE_MCLASS would force a Cortex-M33 whatever model is set, so it is left out. Unicorn has
       no M0+; its instruction set is the M0's. */
    {"cortex-m0", UC_ARCH_ARM, UC_MODE_THUMB, UC_CPU_ARM_CORTEX_M0},
    {"cortex-m0plus", UC_ARCH_ARM, UC_MODE_THUMB, UC_CPU_ARM_CORTEX_M0},
    {"cortex-m3", UC_ARCH_ARM, UC_MODE_THUMB, UC_CPU_ARM_CORTEX_M3},
    {"cortex-m4", UC_ARCH_ARM, UC_MODE_THUMB, UC_CPU_ARM_CORTEX_M4},
    {"cortex-m7", UC_ARCH_ARM, UC_MODE_THUMB, UC_CPU_ARM_CORTEX_M7},
    {"cortex-m33", UC_ARCH_ARM, UC_MODE_THUMB, UC_CPU_ARM_CORTEX_M33},
    {"rv32", UC_ARCH_RISCV, UC_MODE_RISCV32, UC_CPU_RISCV32_ANY},
    {"rv64", UC_ARCH_RISCV, UC_MODE_RISCV64, UC_CPU_RISCV64_ANY},
};

/* Opens an engine for a CPU by its name; NULL with `*error` set when it cannot be opened. */
struct machine *intnic_open(const char *cpu, uint32_t *error, uint32_t count_blocks)
{
    *error = UC_ERR_ARG;
    for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++) {
        if (strcmp(cpus[i].name, cpu) != 0)
            continue;
        struct machine *m = calloc(1, sizeof *m);
        if (m == NULL)
            return NULL;
        m->arm = cpus[i].arch == UC_ARCH_ARM;
        uc_err e = uc_open(cpus[i].arch, cpus[i].mode, &m->uc);
        if (e != UC_ERR_OK) {
            free(m);
            *error = e;
            return NULL;
        }
        uc_hook hook;
        e = uc_ctl_set_cpu_model(m->uc, cpus[i].model);
        /* Hooks are ignored by code that was translated before them: set them first. */
        if (e == UC_ERR_OK && count_blocks)
            e = uc_hook_add(m->uc, &hook, UC_HOOK_BLOCK, (void *)on_block, m, 1, 0);
        if (e == UC_ERR_OK)
            e = uc_hook_add(m->uc, &hook, UC_HOOK_MEM_INVALID, (void *)on_bad_access, m, 1, 0);
        if (e == UC_ERR_OK)
            e = uc_hook_add(m->uc, &hook, UC_HOOK_INTR, (void *)on_interrupt, m, 1, 0);
        if (e == UC_ERR_OK)
            e = uc_context_alloc(m->uc, &m->context);
        *error = e;
        if (e == UC_ERR_OK)
            return m;
        uc_close(m->uc);
        free(m);
        return NULL;
    }
    return NULL;
}

void intnic_close(struct machine *m)
{
    device_close(m);
    waits_close(m);
    if (m->context != NULL)
        uc_context_free(m->context);
    uc_close(m->uc);
    for (int i = 0; i < m->mapped_count; i++)
        munmap(m->mapped[i], m->mapped_size[i]);
    free(m->rules);
    free(m->code.slots);
    free(m->code.sites);
    for (int i = 0; i < m->other_count; i++) {
        free(m->others[i].slots);
        free(m->others[i].sites);
    }
    free(m);
}

/*
 * Maps zeroed memory; address and size in multiples of 4096, permissions 1 read, 2 write,
 * 4 execute. Yields the host address of its first byte, so that the caller reads and writes it
 * without a call; NULL with `*error` set when it cannot be mapped.
 */
void *intnic_map(struct machine *m, uint64_t address, uint64_t size, uint32_t permissions,
                 uint32_t *error)
{
    *error = UC_ERR_NOMEM;
    if (m->mapped_count == 64)
        return NULL;
    void *host = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (host == MAP_FAILED)
        return NULL;
    *error = uc_mem_map_ptr(m->uc, address, size, permissions, host);
    if (*error != UC_ERR_OK) {
        munmap(host, size);
        return NULL;
    }
    m->mapped[m->mapped_count] = host;
    m->mapped_size[m->mapped_count++] = size;
    return host;
}

/* Hands over the prices of `count` halfwords of code from `base` on (count + 1 slots, copied). */
uint32_t intnic_code(struct machine *m, uint64_t base, uint64_t count, const struct slot *slots)
{
    if (m->other_count == MAX_REGIONS)
        return UC_ERR_ARG;
    struct slot *copy = malloc((count + 1) * sizeof *copy);
    if (copy == NULL)
        return UC_ERR_NOMEM;
    memcpy(copy, slots, (count + 1) * sizeof *copy);
    struct region region = {base, count, copy, NULL};
    if (m->code.slots == NULL)
        m->code = region;
    else
        m->others[m->other_count++] = region;
    if (m->device == NULL)
        m->priced_ahead = m->other_count;
    return UC_ERR_OK;
}

/* Watches the RAM between two host addresses as free stack, to find how deep it gets. */
void intnic_stack(struct machine *m, uint8_t *low, uint64_t size)
{
    m->stack_low = low;
    m->stack_high = low + size;
    m->stack_deepest = low;
}

static void write_register(struct machine *m, int arm, int riscv, uint64_t value)
{
    if (m->arm) {
        uint32_t narrow = (uint32_t)value;
        uc_reg_write(m->uc, arm, &narrow);
    } else {
        uc_reg_write(m->uc, riscv, &value);
    }
}

static uint64_t read_register(struct machine *m, int arm, int riscv)
{
    uint64_t value = 0;
    uc_reg_read(m->uc, m->arm ? arm : riscv, &value);
    return value;
}

/* Unicorn's numbers of r0 to r14; SP and LR are not in sequence. */
static int arm_register(int number)
{
    if (number == 13)
        return UC_ARM_REG_SP;
    return number == 14 ? UC_ARM_REG_LR : UC_ARM_REG_R0 + number;
}

static uint32_t operand(struct machine *m, int number)
{
    return (uint32_t)read_register(m, arm_register(number), UC_RISCV_REG_X0 + number);
}

static int64_t leading_zeros(uint32_t value)
{
    return value == 0 ? 32 : __builtin_clz(value);
}

static uint32_t magnitude(uint32_t value)
{
    return value >> 31 ? 0 - value : value;
}

/* What a Cortex-M division takes beyond its shortest time. */
static int64_t quotient_steps(uint32_t dividend, uint32_t divisor)
{
    if (dividend == 0 || divisor == 0)
        return 0;
    int64_t bits = leading_zeros(divisor) - leading_zeros(dividend);
    return bits < 0 ? 1 : 3 + bits / 4;
}

/* Which halves of two operands are not zero: of the first in bits 3 and 2, of the second below. */
static unsigned halves(uint32_t first, uint32_t second)
{
    return (first >> 16 != 0) << 3 | ((first & 0xffff) != 0) << 2 | (second >> 16 != 0) << 1 |
           ((second & 0xffff) != 0);
}

/* What a long product of a Cortex-M3 takes beyond three cycles, by `halves`. */
static const uint8_t product_steps[16] = {[6] = 1, [7] = 1, [9] = 1, [11] = 1, [13] = 1, [14] = 1,
                                          [15] = 2};
/* Likewise with an addition. */
static const uint8_t sum_steps[16] = {[6] = 2, [7] = 2, [9] = 2, [10] = 2, [11] = 3, [13] = 2,
                                      [14] = 3, [15] = 4};

/* What a sign adds: of either operand if the second is but a high half, else of the second. */
static int64_t sign_steps(uint32_t first, uint32_t second)
{
    switch (halves(first, second)) {
    case 10: case 14:
        return (first | second) >> 31;
    case 6: case 7: case 9: case 13:
        return second >> 31;
    }
    return 0;
}

static int64_t product_cycles(uint16_t formula, uint32_t first, uint32_t second)
{
    unsigned which = halves(first, second);
    switch ((enum formula)formula) {
    case PRODUCT_HALVES:
        return product_steps[which];
    case SIGNED_PRODUCT_HALVES:
        return product_steps[which] + sign_steps(first, second);
    case SUM_HALVES:
        return sum_steps[which];
    case SIGNED_SUM_HALVES:
        return sum_steps[which] + sign_steps(first, second);
    default:
        return 0;
    }
}

static int64_t operand_cycles(struct machine *m, const struct operand_rule *rule)
{
    uint32_t second = operand(m, rule->second);
    switch ((enum formula)rule->formula) {
    case ZERO:
        return second == 0 ? rule->cycles : 0;
    case SHIFT_STEPS:
        return rule->cycles * (int64_t)((second & 31) / 4 + second % 4);
    case LEADING_ZEROS:
        return rule->cycles * leading_zeros(second);
    case LEADING_SIGNS:
        return rule->cycles * (second >> 31 ? leading_zeros(~second) - 1 : leading_zeros(second));
    case QUOTIENT_BITS:
        return rule->cycles * quotient_steps(operand(m, rule->first), second);
    case SIGNED_QUOTIENT_BITS:
        return rule->cycles *
               quotient_steps(magnitude(operand(m, rule->first)), magnitude(second));
    default:
        return rule->cycles * product_cycles(rule->formula, operand(m, rule->first), second);
    }
}

/* Runs before each instruction of the watched stretches, most of which have no rule. */
static void on_operands(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    (void)uc, (void)size;
    struct machine *m = user;
    const struct region *code = &m->code;
    uint64_t index = (address - code->base) >> 1;
    if (index >= code->count) {
        code = region_of(m, address);
        if (code == NULL)
            return;
        index = (address - code->base) >> 1;
    }
    unsigned number = code->slots[index].code >> RULE_SHIFT;
    if (number != 0 && number <= m->rule_count)
        m->cycles += (uint64_t)operand_cycles(m, &m->rules[number - 1]);
}

/* Hands over the rules that slots refer to by number, from 1 (copied). */
uint32_t intnic_rules(struct machine *m, const struct operand_rule *rules, uint32_t bytes)
{
    free(m->rules);
    m->rule_count = bytes / sizeof *rules;
    m->rules = malloc(bytes + 1);
    if (m->rules == NULL)
        return UC_ERR_NOMEM;
    memcpy(m->rules, rules, bytes);
    return UC_ERR_OK;
}

/* Has the operands of instructions with a rule looked at, in code from `first` to `last`. */
uint32_t intnic_watch_operands(struct machine *m, uint64_t first, uint64_t last)
{
    uc_hook hook;
    return uc_hook_add(m->uc, &hook, UC_HOOK_CODE, (void *)on_operands, m, first, last);
}

static uint64_t stack_used(struct machine *m)
{
    uint8_t *p = m->stack_low;
    /* Whole lines without a branch inside, so that the compiler makes vectors of them. */
    for (; m->stack_high - p >= 256; p += 256) {
        uint64_t changed = 0;
        for (int i = 0; i < 256; i += 8) {
            uint64_t word;
            memcpy(&word, p + i, 8);
            changed |= word ^ (0x0101010101010101u * STACK_FILL);
        }
        if (changed != 0)
            break;
    }
    while (p < m->stack_high && *p == STACK_FILL)
        p++;
    return (uint64_t)(m->stack_high - p);
}

/*
 * Runs from `entry` until the program counter reaches `until`. With FRESH, the stack pointer, the
 * return address (`link`) and four arguments are set first, and the free stack is watched. With
 * RESUME, all counts go on where the run before stopped.
 */
void intnic_run(struct machine *m, struct run *run, uint64_t *buckets, uint32_t bucket_count,
                uint32_t start)
{
    int fresh = start == FRESH;
    if (fresh) {
        write_register(m, UC_ARM_REG_SP, UC_RISCV_REG_SP, run->stack);
        write_register(m, UC_ARM_REG_LR, UC_RISCV_REG_RA, run->link);
        for (int i = 0; i < 4; i++)
            write_register(m, UC_ARM_REG_R0 + i, UC_RISCV_REG_A0 + i, run->arguments[i]);
        if (m->stack_low != NULL)
            memset(m->stack_deepest, STACK_FILL, (size_t)(m->stack_high - m->stack_deepest));
    }
    device_begins(m, start, run->entry);
    if (start != RESUME) {
        m->next = NULL;
        m->instructions = m->cycles = m->opened[0] = m->opened[1] = 0;
        m->current = 0;
        waits_begin(m);
        memset(m->bucket, 0, bucket_count * sizeof m->bucket[0]);
    }
    m->limit = run->limit;
    m->until = run->until;
    m->block = run->entry;
    m->outcome = RETURNED;
    m->fault_address = m->fault_size = m->fault_kind = m->interrupt = 0;

    uc_err error = uc_emu_start(m->uc, m->arm ? run->entry | 1 : run->entry, run->until, 0, 0);

    run->pc = read_register(m, UC_ARM_REG_PC, UC_RISCV_REG_PC);
    /* The branch back has no block behind it that would have charged for it. */
    if (m->next != NULL && m->outcome == RETURNED && error == UC_ERR_OK)
        m->cycles += m->next->taken;
    settle(m);
    memcpy(buckets, m->bucket, bucket_count * sizeof m->bucket[0]);
    if (m->outcome == RETURNED && error != UC_ERR_OK)
        m->outcome = FAULT;
    if (m->outcome == RETURNED && run->pc != run->until)
        m->outcome = STOPPED;
    run->outcome = m->outcome;
    run->error = error;
    run->result = read_register(m, UC_ARM_REG_R0, UC_RISCV_REG_A0);
    run->link = read_register(m, UC_ARM_REG_LR, UC_RISCV_REG_RA);
    run->stack = read_register(m, UC_ARM_REG_SP, UC_RISCV_REG_SP);
    run->instructions = m->instructions;
    run->cycles = m->cycles;
    run->fault_address = m->fault_address;
    run->fault_size = m->fault_size;
    run->fault_kind = m->fault_kind;
    run->interrupt = m->interrupt;
    run->block = m->block;
    if (m->outcome == LIMIT)
        run->pc = m->fault_address;
    if (m->outcome != RETURNED)
        for (int i = 0; i < (m->arm ? 15 : 32); i++)
            run->registers[i] = read_register(m, arm_register(i), UC_RISCV_REG_X0 + i);
    run->stack_used = 0;
    if (fresh && m->stack_low != NULL) {
        run->stack_used = stack_used(m);
        m->stack_deepest = m->stack_high - run->stack_used;
    }
    device_ends(m, run);
}

/* Keeps, or brings back, all registers: a call may begin cleanly after a fault. */
uint32_t intnic_save(struct machine *m)
{
    return uc_context_save(m->uc, m->context);
}

uint32_t intnic_restore(struct machine *m)
{
    return uc_context_restore(m->uc, m->context);
}

static void on_instruction(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    (void)uc, (void)address, (void)size;
    ++*(uint64_t *)user;
}

/* For tests: counts every instruction one by one from now on, in a word that stays in place. */
uint32_t intnic_single_step(struct machine *m, uint64_t *count)
{
    uc_hook hook;
    return uc_hook_add(m->uc, &hook, UC_HOOK_CODE, (void *)on_instruction, count, 1, 0);
}
