/*
 * float-torture: asks the processor for floating-point results and prints their bits.
 *
 * A freestanding IA-32 Linux program: no library, system calls by INT 80h, nothing in the output but what the
 * architecture defines. What a section needs beyond a 486 is asked of CPUID, so the program runs on every model.
 */
#ifndef TORTURE_H
#define TORTURE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;

/* An 80-bit number as it lies in memory. */
typedef struct {
  u32 low, high;
  u16 top;
} __attribute__((packed)) f80;

typedef union {
  u8 b[16];
  u16 w[8];
  u32 d[4];
  u64 q[2];
} __attribute__((aligned(16))) v128;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ── output ── */
void print(const char *text);
void print_hex(u32 value, unsigned digits);
void print_decimal(u32 value);
/* NAME: bytes, the most significant first */
void show(const char *name, const void *data, unsigned bytes);
void show_word(const char *name, u32 value);
void show_long(const char *name, long double value);
void show_double(const char *name, double value);
void show_float(const char *name, float value);
/* NAME of NUMBER: value */
void show_of(const char *name, const f80 *number, u32 value);
void say(const char *name, const char *text);

/*
 * A checksum over many results. With -v every result is a line of its own, `result` after `operands`, both in words,
 * the least significant first.
 */
void sum_begin(void);
void sum(const void *operands, unsigned operand_bytes, const void *result, unsigned result_bytes);
void sum_end(const char *name);
/* NAME/rounding/precision */
const char *labelled(const char *name, const char *first, const char *second);

/* ── operands ── */
u32 random_word(void);
void random_seed(u32 seed);
/* Mantissas with runs of ones and zeros, exponents near each other, near the ends and anywhere. */
f80 random_long(void);
double random_double(void);
float random_float(void);

/* Which part of all pairs of operands comes next; zero where a section begins. */
extern unsigned part;

extern const f80 LONGS[];
extern const unsigned LONG_COUNT;

#define CONTROL_DEFAULT 0x037f
/* Control words with everything masked: by rounding (0..3) and precision (single, double, extended). */
extern const char *const ROUNDING_NAMES[4];
extern const char *const PRECISION_NAMES[3];
u16 control_word(unsigned rounding, unsigned precision);

/* ── what the processor has ── */
enum { NEEDS_CMOV = 1, NEEDS_MMX = 2, NEEDS_SSE = 4, NEEDS_SSE2 = 8, NEEDS_DAZ = 16, NEEDS_FXSR = 32 };
u32 features(void);

/* ── exceptions that are not masked ── */
struct trap {
  u32 number, code, eip;
  /* the frame's FNSAVE image */
  u32 control, status, tag, fip, fcs, fdp, fds;
  f80 stack[8];
  u32 mxcsr;
};
/* Runs `body`; nonzero when it ended in SIGFPE, which `trap` then describes. */
int trapped(void (*body)(void *), void *argument);
extern struct trap trap;

/* ── sections ── */
void x87_arithmetic(void);
void x87_remainder(void);
void x87_unary(void);
void x87_compare(void);
void x87_compare_flags(void);
void x87_load_store(void);
void x87_integer(void);
void x87_decimal(void);
void x87_environment(void);
void x87_stack(void);
void x87_exceptions(void);
void x87_transcendental(void);
void x87_fxsave(void);
void mmx_integer(void);
void sse_integer(void);
void sse_arithmetic(void);
void sse_flush(void);
void sse_daz(void);
void sse_convert(void);
void sse_move(void);
void sse_exceptions(void);
void sse2_arithmetic(void);
void sse2_flush(void);
void sse2_daz(void);
void sse2_convert(void);
void sse2_integer(void);
void sse2_exceptions(void);
void paranoia_x87(void);
void paranoia_sse(void);
void numerics_x87(void);
void numerics_sse(void);

#endif
