/* x87: what makes a number of one or two, in every rounding mode and precision, with the status word. */
#include "torture.h"

/* Exceptions, stack fault and, as it says which way was rounded, C1. */
#define ARITHMETIC_STATUS 0x02ff
#define INVALID 1

struct operation {
  f80 a, b;
  u16 control;
  struct {
    f80 value;
    u16 status;
  } __attribute__((packed)) result;
};

typedef void operate(struct operation *);

/* ST(0) is a, ST(1) is b. */
#define BINARY(name, instruction)                                                                                        \
  static void name(struct operation *it) {                                                                               \
    __asm__ volatile("fninit; fldcw %2; fldt %4; fldt %3; " instruction "; fnstsw %1; fstpt %0"                          \
                     : "=m"(it->result.value), "=m"(it->result.status)                                                   \
                     : "m"(it->control), "m"(it->a), "m"(it->b)                                                          \
                     : "ax", "cc");                                                                                      \
  }

BINARY(add, "fadd %%st(1),%%st")
BINARY(subtract, "fsub %%st(1),%%st")
BINARY(subtract_reversed, "fsubr %%st(1),%%st")
BINARY(multiply, "fmul %%st(1),%%st")
BINARY(divide, "fdiv %%st(1),%%st")
BINARY(divide_reversed, "fdivr %%st(1),%%st")
BINARY(scale, "fscale")
BINARY(root, "fsqrt")
BINARY(integral, "frndint")
BINARY(absolute, "fabs")
BINARY(negate, "fchs")
BINARY(extract_significand, "fxtract")
/* an exchange in front, so that the exponent is what is stored */
BINARY(extract_exponent, "fxtract; fxch")
BINARY(remainder_truncating, "1: fprem; fnstsw %%ax; testb $4,%%ah; jnz 1b")
BINARY(remainder_nearest, "1: fprem1; fnstsw %%ax; testb $4,%%ah; jnz 1b")

static void note(struct operation *it, u16 status_mask) {
  it->result.status &= status_mask;
  sum(it, 20, &it->result, sizeof it->result);
}

/* A fifth of the pairs in each mode, another fifth in the next. */
#define PARTS 5

static void pairs(const char *name, operate *run, u16 control, u16 status_mask, const char *rounding, const char *precision) {
  struct operation it;
  it.control = control;
  part++;
  sum_begin();
  for (unsigned a = 0; a < LONG_COUNT; a++)
    for (unsigned b = (a + part) % PARTS; b < LONG_COUNT; b += PARTS) {
      it.a = LONGS[a];
      it.b = LONGS[b];
      run(&it);
      note(&it, status_mask);
    }
  for (unsigned index = 0; index < 120; index++) {
    it.a = random_long();
    it.b = random_long();
    /* close to each other, where digits cancel */
    if ((index & 3) == 0) it.b.top = (it.a.top ^ (random_word() & 0x8001)) & 0xffff;
    run(&it);
    note(&it, status_mask);
  }
  sum_end(labelled(name, rounding, precision));
}

void x87_arithmetic(void) {
  static const struct {
    const char *name;
    operate *run;
  } OPERATIONS[] = {{"fadd", add}, {"fsub", subtract}, {"fsubr", subtract_reversed}, {"fmul", multiply}, {"fdiv", divide}, {"fdivr", divide_reversed}};
  for (unsigned index = 0; index < COUNT(OPERATIONS); index++)
    for (unsigned rounding = 0; rounding < 4; rounding++)
      for (unsigned precision = 0; precision < 3; precision++)
        pairs(OPERATIONS[index].name, OPERATIONS[index].run, control_word(rounding, precision), ARITHMETIC_STATUS, ROUNDING_NAMES[rounding], PRECISION_NAMES[precision]);
  for (unsigned rounding = 0; rounding < 4; rounding++) pairs("fscale", scale, control_word(rounding, 2), ARITHMETIC_STATUS, ROUNDING_NAMES[rounding], 0);
}

void x87_remainder(void) {
  static const struct {
    const char *name;
    operate *run;
  } OPERATIONS[] = {{"fprem", remainder_truncating}, {"fprem1", remainder_nearest}};
  for (unsigned index = 0; index < COUNT(OPERATIONS); index++) {
    struct operation it;
    it.control = CONTROL_DEFAULT;
    sum_begin();
    for (unsigned a = 0; a < LONG_COUNT; a++)
      for (unsigned b = a & 1; b < LONG_COUNT; b += 2) {
        it.a = LONGS[a];
        it.b = LONGS[b];
        /* exponents far apart take hundreds of steps */
        if ((a + b) % 10 != 0 && ((it.a.top & 0x7fff) - (it.b.top & 0x7fff)) > 300) continue;
        OPERATIONS[index].run(&it);
        /* the quotient's low bits, where there is one */
        note(&it, it.result.status & INVALID ? 0x00ff : 0x43ff);
      }
    for (unsigned count = 0; count < 400; count++) {
      it.a = random_long();
      it.b = random_long();
      it.b.top = (it.a.top & 0x7fff) > 100 ? it.a.top - (random_word() % 90) : it.a.top;
      OPERATIONS[index].run(&it);
      note(&it, 0x43ff);
    }
    sum_end(OPERATIONS[index].name);
  }
}

static void unary(const char *name, operate *run, u16 control, const char *rounding, const char *precision) {
  struct operation it;
  it.control = control;
  it.b = LONGS[2];
  sum_begin();
  for (unsigned a = 0; a < LONG_COUNT; a++) {
    it.a = LONGS[a];
    run(&it);
    note(&it, ARITHMETIC_STATUS);
  }
  for (unsigned index = 0; index < 100; index++) {
    it.a = random_long();
    if (index & 1) it.a.top &= 0x7fff;
    run(&it);
    note(&it, ARITHMETIC_STATUS);
  }
  sum_end(labelled(name, rounding, precision));
}

static void constants(void) {
  struct operation it;
#define CONSTANT(name)                                                                                                   \
  for (unsigned rounding = 0; rounding < 4; rounding++) {                                                                \
    it.control = control_word(rounding, 0);                                                                              \
    __asm__ volatile("fninit; fldcw %1; " name "; fstpt %0" : "=m"(it.result.value) : "m"(it.control));                  \
    show(labelled(name, ROUNDING_NAMES[rounding], 0), &it.result.value, 10);                                             \
  }
  CONSTANT("fldpi")
  CONSTANT("fldl2e")
  CONSTANT("fldl2t")
  CONSTANT("fldlg2")
  CONSTANT("fldln2")
  CONSTANT("fld1")
  CONSTANT("fldz")
}

void x87_unary(void) {
  static const struct {
    const char *name;
    operate *run;
  } ROUNDED[] = {{"fsqrt", root}, {"frndint", integral}}, EXACT[] = {{"fabs", absolute}, {"fchs", negate}, {"fxtract", extract_significand}, {"fxtract-exponent", extract_exponent}};
  for (unsigned index = 0; index < COUNT(ROUNDED); index++)
    for (unsigned rounding = 0; rounding < 4; rounding++)
      for (unsigned precision = 0; precision < 3; precision++)
        unary(ROUNDED[index].name, ROUNDED[index].run, control_word(rounding, precision), ROUNDING_NAMES[rounding], PRECISION_NAMES[precision]);
  for (unsigned index = 0; index < COUNT(EXACT); index++) unary(EXACT[index].name, EXACT[index].run, CONTROL_DEFAULT, 0, 0);
  constants();
}

/* ── comparisons ── */

BINARY(compare, "fcom %%st(1)")
BINARY(compare_unordered, "fucom %%st(1)")
BINARY(compare_pop, "fcompp; fld1")
BINARY(compare_unordered_pop, "fucompp; fld1")
BINARY(test_zero, "ftst")
BINARY(examine, "fxam")

/* C3, C2, C0 and exceptions; C1 where it says something. */
#define COMPARE_STATUS 0x45ff
#define EXAMINE_STATUS 0x47ff

static void all_pairs(const char *name, operate *run, u16 status_mask) {
  struct operation it;
  it.control = CONTROL_DEFAULT;
  sum_begin();
  for (unsigned a = 0; a < LONG_COUNT; a++)
    for (unsigned b = a & 1; b < LONG_COUNT; b += 2) {
      it.a = LONGS[a];
      it.b = LONGS[b];
      run(&it);
      note(&it, status_mask);
    }
  sum_end(name);
}

void x87_compare(void) {
  all_pairs("fcom", compare, COMPARE_STATUS);
  all_pairs("fucom", compare_unordered, COMPARE_STATUS);
  all_pairs("fcompp", compare_pop, COMPARE_STATUS);
  all_pairs("fucompp", compare_unordered_pop, COMPARE_STATUS);
  all_pairs("ftst", test_zero, COMPARE_STATUS);
  struct operation it;
  it.control = CONTROL_DEFAULT;
  it.b = LONGS[0];
  for (unsigned a = 0; a < LONG_COUNT; a++) {
    it.a = LONGS[a];
    examine(&it);
    it.result.status &= EXAMINE_STATUS;
    show_of("fxam", &it.a, it.result.status);
  }
}

/* FCOMI's flags go where FCOM has its status, with a mark in bit 15 that they are flags. */
#define FLAG_COMPARE(name, instruction)                                                                                  \
  static void name(struct operation *it) {                                                                               \
    u32 flags;                                                                                                           \
    __asm__ volatile("fninit; fldcw %3; fldt %5; fldt %4; pushl $0x8d7; popfl; " instruction "; pushfl; popl %2; fnstsw %1; fstpt %0" \
                     : "=m"(it->result.value), "=m"(it->result.status), "=r"(flags)                                      \
                     : "m"(it->control), "m"(it->a), "m"(it->b)                                                          \
                     : "cc");                                                                                            \
    it->result.status = (it->result.status & 0xff) | (flags & 0x8d5) << 4;                                               \
  }

FLAG_COMPARE(compare_flags, "fcomi %%st(1),%%st")
FLAG_COMPARE(compare_unordered_flags, "fucomi %%st(1),%%st")
FLAG_COMPARE(compare_flags_pop, "fcomip %%st(1),%%st")
FLAG_COMPARE(compare_unordered_flags_pop, "fucomip %%st(1),%%st")

#define MOVE_IF(name, flags)                                                                                             \
  static void name(struct operation *it) {                                                                               \
    __asm__ volatile("fninit; fldt %3; fldt %2; pushl %4; popfl; f" #name " %%st(1),%%st; fnstsw %1; fstpt %0"           \
                     : "=m"(it->result.value), "=m"(it->result.status)                                                   \
                     : "m"(it->a), "m"(it->b), "r"(flags)                                                                \
                     : "cc");                                                                                            \
  }
static u32 move_flags;
MOVE_IF(cmovb, move_flags)
MOVE_IF(cmove, move_flags)
MOVE_IF(cmovbe, move_flags)
MOVE_IF(cmovu, move_flags)
MOVE_IF(cmovnb, move_flags)
MOVE_IF(cmovne, move_flags)
MOVE_IF(cmovnbe, move_flags)
MOVE_IF(cmovnu, move_flags)

void x87_compare_flags(void) {
  all_pairs("fcomi", compare_flags, 0xffff);
  all_pairs("fucomi", compare_unordered_flags, 0xffff);
  all_pairs("fcomip", compare_flags_pop, 0xffff);
  all_pairs("fucomip", compare_unordered_flags_pop, 0xffff);
  static operate *const MOVES[] = {cmovb, cmove, cmovbe, cmovu, cmovnb, cmovne, cmovnbe, cmovnu};
  struct operation it;
  it.a = LONGS[7];
  it.b = LONGS[46];
  sum_begin();
  for (unsigned index = 0; index < COUNT(MOVES); index++)
    for (unsigned flags = 0; flags < 8; flags++) {
      move_flags = 2 | (flags & 1) | (flags & 2) << 1 | (flags & 4) << 4;
      MOVES[index](&it);
      note(&it, 0xff);
    }
  sum_end("fcmov");
}
