/* x87: exceptions that are not masked: what is left in registers and memory, and where the processor says it happened. */
#include "torture.h"

enum { IM = 1, DM = 2, ZM = 4, OM = 8, UM = 16, PM = 32 };

static struct {
  f80 a, b;
  u16 control;
  u32 site;
  u32 memory[4];
} the __attribute__((aligned(16)));

#define BODY(name, text)                                                                                                 \
  static void name(void *unused) {                                                                                       \
    (void)unused;                                                                                                        \
    __asm__ volatile("fninit; fldt %2; fldt %1; movl $1f,%0; fnclex; fldcw %3; 1: " text "; fwait; fnclex"               \
                     : "=m"(the.site)                                                                                    \
                     : "m"(the.a), "m"(the.b), "m"(the.control), "m"(the.memory)                                         \
                     : "ax", "cc", "memory");                                                                            \
  }

BODY(add, "fadd %%st(1),%%st")
BODY(add_pop, "faddp")
BODY(subtract, "fsub %%st(1),%%st")
BODY(multiply, "fmul %%st(1),%%st")
BODY(multiply_pop, "fmulp")
BODY(divide, "fdiv %%st(1),%%st")
BODY(divide_other, "fdivr %%st,%%st(1)")
BODY(root, "fsqrt")
BODY(scale, "fscale")
BODY(integral, "frndint")
BODY(extract, "fxtract")
BODY(remainder, "fprem")
BODY(compare, "fcom %%st(1)")
BODY(compare_pop, "fcompp")
BODY(store_single, "fsts %4")
BODY(store_single_pop, "fstps %4")
BODY(store_double_pop, "fstpl %4")
BODY(store_integer, "fistpl %4")
BODY(store_word, "fists %4")
BODY(store_decimal, "fbstp %4")
BODY(load_single, "flds %4")
BODY(load_double, "fldl %4")
BODY(add_single, "fadds %4")
BODY(add_integer, "fiaddl %4")
BODY(load_self, "fld %%st(5)")
BODY(exchange, "fxch %%st(4)")
BODY(overflow_stack, "fld1; fld1; fld1; fld1; fld1; fld1; fld1")
BODY(pi, "fldpi")
BODY(unmask, "orw $0x7f,%4; fldcw %4; fldz; fdivr %%st(1),%%st; andw $0xffc0,%4; fldcw %4")

static const struct {
  const char *name;
  void (*body)(void *);
} BODIES[] = {{"fadd", add},
              {"faddp", add_pop},
              {"fsub", subtract},
              {"fmul", multiply},
              {"fmulp", multiply_pop},
              {"fdiv", divide},
              {"fdivr st(1)", divide_other},
              {"fsqrt", root},
              {"fscale", scale},
              {"frndint", integral},
              {"fxtract", extract},
              {"fprem", remainder},
              {"fcom", compare},
              {"fcompp", compare_pop},
              {"fsts", store_single},
              {"fstps", store_single_pop},
              {"fstpl", store_double_pop},
              {"fistpl", store_integer},
              {"fists", store_word},
              {"fbstp", store_decimal}},
  STACKED[] = {{"fld st(5)", load_self}, {"fxch st(4)", exchange}, {"fld1 * 7", overflow_stack}, {"fldpi", pi}, {"fldcw", unmask}},
  LOADING[] = {{"flds", load_single}, {"fldl", load_double}, {"fadds", add_single}, {"fiaddl", add_integer}};

/* Runs one; a line when it trapped. */
static int attempt(const char *name, void (*body)(void *), int in_full) {
  struct {
    f80 stack[2];
    u16 status, tag;
    u32 memory[3];
    u32 code, offset, data;
  } __attribute__((packed)) left;
  for (unsigned at = 0; at < 4; at++)
    if (!in_full) the.memory[at] = 0xdeadbeef;
  int caught = trapped(body, 0);
  if (!caught) {
    u32 nothing = 0;
    if (in_full) say(name, "no trap");
    else sum(&the, 22, &nothing, 4);
    return 0;
  }
  /* what an empty register holds is left over from anything */
  for (unsigned at = 0; at < 2; at++) {
    static const f80 NOTHING;
    unsigned register_number = ((trap.status >> 11) + at) & 7;
    left.stack[at] = ((trap.tag >> (2 * register_number)) & 3) == 3 ? NOTHING : trap.stack[at];
  }
  /* the condition codes of a comparison or remainder that did not take place say nothing; C1 is how it was rounded */
  left.status = trap.status & 0xbaff;
  if (trap.status & 1) left.status &= 0xbdff | (trap.status & 0x40 ? 0x200 : 0);
  left.tag = trap.tag;
  for (unsigned at = 0; at < 3; at++) left.memory[at] = the.memory[at];
  left.code = trap.code << 8 | trap.number;
  left.offset = trap.fip - the.site;
  if (!in_full) {
    left.data = 0;
    sum(&the, 22, &left, sizeof left);
    return 1;
  }
  print(name);
  print(": status ");
  print_hex(left.status, 4);
  print(" tag ");
  print_hex(left.tag, 4);
  print(" code ");
  print_hex(left.code, 4);
  print(" at ");
  print_hex(left.offset, 2);
  print("\n");
  show("  st(0)", &left.stack[0], 10);
  show("  st(1)", &left.stack[1], 10);
  return 1;
}

static void all_operands(unsigned body, u16 control, const char *masks) {
  the.control = control;
  sum_begin();
  for (unsigned a = 0; a < LONG_COUNT; a++)
    for (unsigned b = a % 7; b < LONG_COUNT; b += 7) {
      the.a = LONGS[a];
      the.b = LONGS[b];
      attempt(BODIES[body].name, BODIES[body].body, 0);
    }
  sum_end(labelled(BODIES[body].name, masks, 0));
}

void x87_exceptions(void) {
  /* one by one, in full */
  static const struct {
    const char *name;
    unsigned body;
    u16 control;
    f80 a, b;
  } CASES[] = {
      {"0/0", 5, 0x037e, {0, 0, 0}, {0, 0, 0}},
      {"1/0", 5, 0x037b, {0, 0x80000000, 0x3fff}, {0, 0, 0}},
      {"1/0 into st(1)", 6, 0x037b, {0, 0, 0x8000}, {0, 0x80000000, 0x3fff}},
      {"sqrt -1", 7, 0x037e, {0, 0x80000000, 0xbfff}, {0, 0, 0}},
      {"signalling", 0, 0x037e, {1, 0x80000000, 0x7fff}, {0, 0x80000000, 0x3fff}},
      {"denormal", 0, 0x037d, {1, 0, 0}, {0, 0x80000000, 0x3fff}},
      {"overflow", 3, 0x0377, {0, 0xc0000000, 0x7ffe}, {1, 0xc0000000, 0x7ffe}},
      {"overflow, popped", 4, 0x0377, {0, 0xc0000000, 0x7ffe}, {1, 0xc0000000, 0xfffe}},
      {"overflow to single", 15, 0x0377, {0, 0xc0000000, 0x4100}, {0, 0, 0}},
      {"underflow", 3, 0x036f, {0, 0xc0000000, 0x0001}, {1, 0xc0000000, 0x0002}},
      {"exact underflow", 3, 0x036f, {0, 0xc0000000, 0x0001}, {0, 0x80000000, 0x3ff0}},
      {"underflow of scale", 8, 0x036f, {0, 0xc0000000, 0x0001}, {0, 0xc0000000, 0xc003}},
      {"underflow to double", 16, 0x036f, {0, 0xc0000000, 0x3b00}, {0, 0, 0}},
      {"inexact", 5, 0x035f, {0, 0x80000000, 0x3fff}, {0, 0xc0000000, 0x4000}},
      {"inexact, up", 5, 0x0b5f, {0, 0x80000000, 0x3fff}, {0, 0xc0000000, 0x4000}},
      {"inexact overflow", 3, 0x0357, {0, 0xc0000000, 0x7ffe}, {1, 0xc0000000, 0x7ffe}},
      {"integer too large", 17, 0x037e, {0, 0x80000000, 0x401e}, {0, 0, 0}},
      {"integer inexact", 17, 0x035f, {0, 0xb0000000, 0x4001}, {0, 0, 0}},
      {"decimal too large", 19, 0x037e, {0, 0x80000000, 0x4050}, {0, 0, 0}},
      {"unordered", 12, 0x037e, {0, 0xc0000000, 0x7fff}, {0, 0, 0}},
      {"unordered, popped", 13, 0x037e, {0, 0xc0000000, 0x7fff}, {0, 0, 0}},
      {"exponent of zero", 10, 0x037b, {0, 0, 0}, {0, 0, 0}},
      {"masked", 5, 0x037f, {0, 0, 0}, {0, 0, 0}},
  };
  for (unsigned index = 0; index < COUNT(CASES); index++) {
    the.a = CASES[index].a;
    the.b = CASES[index].b;
    the.control = CASES[index].control;
    attempt(CASES[index].name, BODIES[CASES[index].body].body, 1);
  }
  /* operands in memory: denormal, signalling, and as a 64-bit number denormal */
  static const u32 OPERANDS[][2] = {{0x00000001, 0x3ff00000}, {0x7f800001, 0x7ff00000}, {0x80400000, 0x80000000}, {0xffffffff, 0x7fffffff}};
  the.a = LONGS[0];
  the.b = LONGS[34];
  the.control = 0x0340;
  for (unsigned body = 0; body < COUNT(LOADING); body++)
    for (unsigned index = 0; index < COUNT(OPERANDS); index++) {
      the.memory[0] = OPERANDS[index][0];
      the.memory[1] = OPERANDS[index][1];
      if (attempt(LOADING[body].name, LOADING[body].body, 1)) show_word("  operand", trap.fdp - (u32)the.memory);
    }
  the.memory[0] = the.memory[1] = 0x0340;
  the.a = LONGS[2];
  the.b = LONGS[3];
  for (unsigned body = 0; body < COUNT(STACKED); body++) attempt(STACKED[body].name, STACKED[body].body, 1);

  /* many: everything unmasked, then all but what hides the others */
  for (unsigned body = 0; body < COUNT(BODIES); body++) {
    all_operands(body, 0x0340, "unmasked");
    all_operands(body, 0x0340 | PM, "inexact masked");
    all_operands(body, 0x0340 | PM | DM | IM | ZM, "range unmasked");
    all_operands(body, 0x0840 | PM | DM | IM | ZM, "range unmasked, up, 24");
  }
}
