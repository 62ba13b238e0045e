/* x87: numbers of every format in memory, read and written. */
#include "torture.h"

#define LOAD_STATUS 0x02ff
#define INVALID 1

struct store {
  u8 bytes[10];
  u16 status;
} __attribute__((packed));

typedef void store_it(const f80 *, struct store *, const u16 *);

#define STORE(name, instruction, type)                                                                                   \
  static void name(const f80 *from, struct store *to, const u16 *control) {                                              \
    __asm__ volatile("fninit; fldcw %3; fldt %2; " instruction " %0; fnstsw %1"                                          \
                     : "=m"(*(type *)to->bytes), "=m"(to->status)                                                        \
                     : "m"(*from), "m"(*control));                                                                       \
  }

struct bytes8 { u8 b[8]; };
struct bytes10 { u8 b[10]; };
STORE(store_single, "fsts", u32)
STORE(store_double, "fstl", struct bytes8)
STORE(store_single_pop, "fstps", u32)
STORE(store_double_pop, "fstpl", struct bytes8)
STORE(store_long, "fstpt", struct bytes10)
STORE(store_16, "fists", u16)
STORE(store_32, "fistl", u32)
STORE(store_16_pop, "fistps", u16)
STORE(store_32_pop, "fistpl", u32)
STORE(store_64_pop, "fistpll", struct bytes8)
STORE(store_decimal, "fbstp", struct bytes10)

struct kind {
  const char *name;
  store_it *run;
};

static void stores(const struct kind *kind, u16 control, const char *rounding, const char *precision, unsigned spread) {
  struct store to;
  sum_begin();
  for (unsigned index = 0; index < LONG_COUNT + 150; index++) {
    f80 from = index < LONG_COUNT ? LONGS[index] : random_long();
    /* near what the integers hold */
    if (index >= LONG_COUNT && spread != 0) from.top = (from.top & 0x8000) | (0x3ffc + random_word() % spread);
    for (unsigned byte = 0; byte < sizeof to.bytes; byte++) to.bytes[byte] = 0;
    kind->run(&from, &to, &control);
    to.status &= LOAD_STATUS;
    sum(&from, 10, &to, sizeof to);
  }
  sum_end(labelled(kind->name, rounding, precision));
}

/* Precision of the control word does not touch a load, so it is the result's own that is kept. */
static void loads(void) {
  struct {
    f80 value;
    u16 status;
  } __attribute__((packed)) to;
  static const u32 SINGLES[] = {0,          0x80000000, 0x3f800000, 0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0x7f800000,
                                0xff800000, 0x7f800001, 0xffbfffff, 0x7fc00000, 0xffc12345, 0x3eaaaaab, 0x00400000, 0xc2fe8000};
  sum_begin();
  for (unsigned index = 0; index < COUNT(SINGLES) + 200; index++) {
    u32 from = index < COUNT(SINGLES) ? SINGLES[index] : random_word();
    __asm__ volatile("fninit; flds %2; fnstsw %1; fstpt %0" : "=m"(to.value), "=m"(to.status) : "m"(from));
    to.status &= LOAD_STATUS;
    sum(&from, 4, &to, sizeof to);
  }
  sum_end("flds");

  static const u32 HIGHS[] = {0,          0x80000000, 0x3ff00000, 0x000fffff, 0x00100000, 0x7fefffff, 0x7ff00000, 0xfff00000,
                              0x7ff80000, 0x7ff00001, 0xfff40000, 0x80000001, 0x80080000, 0x40a91eb8};
  sum_begin();
  for (unsigned index = 0; index < COUNT(HIGHS) * 3 + 200; index++) {
    static const u32 LOWS[3] = {0, 1, 0xffffffff};
    u32 from[2] = {random_word(), random_word()};
    if (index < COUNT(HIGHS) * 3) from[0] = LOWS[index % 3], from[1] = HIGHS[index / 3];
    __asm__ volatile("fninit; fldl %2; fnstsw %1; fstpt %0" : "=m"(to.value), "=m"(to.status) : "m"(from));
    to.status &= LOAD_STATUS;
    sum(from, 8, &to, sizeof to);
  }
  sum_end("fldl");

  static const u32 WORDS[] = {0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 0x8000, 0x7fff, 0xffff8000, 0x12345678};
  sum_begin();
  for (unsigned index = 0; index < COUNT(WORDS) * COUNT(WORDS); index++) {
    u32 from[2] = {WORDS[index % COUNT(WORDS)], WORDS[index / COUNT(WORDS)]};
#define LOAD_INTEGER(instruction)                                                                                        \
  __asm__ volatile("fninit; " instruction " %2; fnstsw %1; fstpt %0" : "=m"(to.value), "=m"(to.status) : "m"(from));   \
  to.status &= LOAD_STATUS;                                                                                              \
  sum(from, 8, &to, sizeof to);
    LOAD_INTEGER("filds")
    LOAD_INTEGER("fildl")
    LOAD_INTEGER("fildll")
  }
  sum_end("fild");
}

/* Arithmetic with an operand in memory: the operand is widened first, with its own exceptions. */
static void memory_operands(void) {
  struct {
    f80 value;
    u16 status;
  } __attribute__((packed)) to;
  static const u32 HIGH[] = {0, 0x3ff80000, 0x7ff00000, 0x7ff40000, 0x80000000, 0x00000001, 0x7ff80000, 0xc1e00000};
  static const u32 SINGLE[] = {0, 0x3fc00000, 0x7f800000, 0x7fa00000, 0x80000000, 0x00000001, 0x7fc00000, 0xcf000000};
#define EACH(instruction, operand)                                                                                       \
  __asm__ volatile("fninit; fldcw %3; fldt %4; " instruction " %2; fnstsw %1; fstpt %0"                                  \
                   : "=m"(to.value), "=m"(to.status)                                                                     \
                   : "m"(operand), "m"(control), "m"(LONGS[a]));                                                         \
  to.status &= LOAD_STATUS;                                                                                              \
  sum(&operand, sizeof operand, &to, sizeof to);
#define ALL(suffix, operand)                                                                                             \
  EACH("fadd" suffix, operand)                                                                                           \
  EACH("fsub" suffix, operand)                                                                                           \
  EACH("fsubr" suffix, operand) EACH("fmul" suffix, operand) EACH("fdiv" suffix, operand) EACH("fdivr" suffix, operand)
  for (unsigned precision = 0; precision < 3; precision++) {
    u16 control = control_word(0, precision);
    sum_begin();
    for (unsigned a = 0; a < LONG_COUNT; a++)
      for (unsigned b = 0; b < COUNT(HIGH); b++) {
        u32 wide[2] = {a * 0x1234567, HIGH[b]};
        u32 narrow = SINGLE[b];
        ALL("l", wide)
        ALL("s", narrow)
      }
    sum_end(labelled("memory operands", PRECISION_NAMES[precision], 0));
    sum_begin();
    for (unsigned a = 0; a < LONG_COUNT; a++)
      for (unsigned b = 0; b < 4; b++) {
        static const u32 INTEGERS[] = {0, 7, 0xffff8000, 0x7fff7fff};
        u32 wide = INTEGERS[b];
        u16 narrow = INTEGERS[b];
#undef ALL
#define ALL(suffix, operand)                                                                                             \
  EACH("fiadd" suffix, operand)                                                                                          \
  EACH("fisub" suffix, operand)                                                                                          \
  EACH("fisubr" suffix, operand) EACH("fimul" suffix, operand) EACH("fidiv" suffix, operand) EACH("fidivr" suffix, operand)
        ALL("l", wide)
        ALL("s", narrow)
      }
    sum_end(labelled("integer operands", PRECISION_NAMES[precision], 0));
  }
  sum_begin();
  u16 control = CONTROL_DEFAULT;
  for (unsigned a = 0; a < LONG_COUNT; a++)
    for (unsigned b = 0; b < COUNT(HIGH); b++) {
      u32 wide[2] = {0, HIGH[b]};
      u32 narrow = SINGLE[b];
#undef LOAD_STATUS
#define LOAD_STATUS 0x45ff
      EACH("fcoml", wide)
      EACH("fcoms", narrow)
      EACH("ficoml", narrow)
      EACH("ficoms", narrow)
    }
  sum_end("compare with memory");
#undef LOAD_STATUS
#define LOAD_STATUS 0x02ff
}

void x87_load_store(void) {
  static const struct kind ROUNDED[] = {{"fsts", store_single}, {"fstl", store_double}}, OTHERS[] = {{"fstps", store_single_pop}, {"fstpl", store_double_pop}, {"fstpt", store_long}};
  for (unsigned index = 0; index < COUNT(ROUNDED); index++)
    for (unsigned rounding = 0; rounding < 4; rounding++) stores(ROUNDED + index, control_word(rounding, 0), ROUNDING_NAMES[rounding], 0, 0);
  for (unsigned index = 0; index < COUNT(OTHERS); index++) stores(OTHERS + index, CONTROL_DEFAULT, 0, 0, 0);
  loads();
  memory_operands();
}

void x87_integer(void) {
  static const struct kind KINDS[] = {{"fist16", store_16}, {"fist32", store_32}, {"fistp16", store_16_pop}, {"fistp32", store_32_pop}, {"fistp64", store_64_pop}};
  for (unsigned index = 0; index < COUNT(KINDS); index++)
    for (unsigned rounding = 0; rounding < 4; rounding++) stores(KINDS + index, control_word(rounding, 2), ROUNDING_NAMES[rounding], 0, 70);
}

void x87_decimal(void) {
  static const struct kind DECIMAL = {"fbstp", store_decimal};
  for (unsigned rounding = 0; rounding < 4; rounding++) stores(&DECIMAL, control_word(rounding, 2), ROUNDING_NAMES[rounding], 0, 64);
  static const char *const NAMES[] = {"largest", "too large", "largest negative", "rounds up to too large"};
  static const f80 NUMBERS[] = {
      {0xa763ffff, 0xde0b6b3a, 0x403a}, {0xa7640000, 0xde0b6b3a, 0x403a}, {0xa763ffff, 0xde0b6b3a, 0xc03a}, {0xa763fff0, 0xde0b6b3a, 0x403a}};
  for (unsigned index = 0; index < COUNT(NUMBERS); index++) {
    struct store to;
    u16 control = CONTROL_DEFAULT;
    store_decimal(NUMBERS + index, &to, &control);
    show(NAMES[index], to.bytes, 10);
    show_word("status", to.status & (LOAD_STATUS));
  }
  sum_begin();
  for (unsigned index = 0; index < 300; index++) {
    u8 digits[10];
    for (unsigned at = 0; at < 9; at++) digits[at] = (random_word() % 10) << 4 | random_word() % 10;
    for (unsigned at = random_word() % 10; at < 9; at++) digits[at] = 0;
    digits[9] = random_word() & 0x80;
    struct store back;
    f80 value;
    __asm__ volatile("fninit; fbld %2; fld %%st(0); fstpt %0; fbstp %1" : "=m"(value), "=m"(*(struct bytes10 *)back.bytes) : "m"(digits));
    sum(digits, 10, &value, 10);
    sum(digits, 10, back.bytes, 10);
  }
  sum_end("fbld, fbstp");
}
