/*
 * x87: the registers as a stack, the environment in memory in both layouts, FXSAVE.
 *
 * Not looked at: instruction and operand pointers without an exception (processors keep them or not), the selectors next
 * to them (the kernel's choice, and later processors have none), the upper halves of 32-bit images, which are reserved.
 */
#include "torture.h"

struct environment {
  u32 words[7];
  f80 registers[8];
};

static struct environment image;
static const u16 CONTROL = CONTROL_DEFAULT;

static void show_image(const char *name) {
  print(name);
  print(": control ");
  print_hex(image.words[0] & 0xffff, 4);
  print(" status ");
  print_hex(image.words[1] & 0xffff, 4);
  print(" tag ");
  print_hex(image.words[2] & 0xffff, 4);
  print("\n");
}

static void show_all(const char *name) {
  __asm__ volatile("fnsave %0" : "=m"(image));
  show_image(name);
  show("  st(0)", &image.registers[0], 10);
  sum_begin();
  for (unsigned index = 0; index < 8; index++) sum(&index, 4, &image.registers[index], 10);
  sum_end("  registers");
}

static void fill(unsigned count) {
  __asm__ volatile("fninit");
  for (unsigned index = 0; index < count; index++) __asm__ volatile("fldt %0" : : "m"(LONGS[(index * 7 + 2) % LONG_COUNT]));
}

void x87_stack(void) {
  for (unsigned count = 0; count <= 9; count++) {
    fill(count);
    show_all("loads");
  }
  /* each with one register in use, then with none, then with all */
  static const unsigned DEPTHS[] = {1, 0, 8};
#define ON_DEPTHS(text)                                                                                                  \
  for (unsigned depth = 0; depth < COUNT(DEPTHS); depth++) {                                                             \
    fill(DEPTHS[depth]);                                                                                                 \
    __asm__ volatile(text : : "m"(CONTROL) : "ax", "cc", "memory");                                                      \
    show_all(text);                                                                                                      \
  }
  ON_DEPTHS("fadd %%st(1),%%st")
  ON_DEPTHS("faddp")
  ON_DEPTHS("fsub %%st,%%st(3)")
  ON_DEPTHS("fxch %%st(2)")
  ON_DEPTHS("fld %%st(1)")
  ON_DEPTHS("fst %%st(5)")
  ON_DEPTHS("fstp %%st(1)")
  ON_DEPTHS("ffree %%st(0)")
  ON_DEPTHS("ffree %%st(3)")
  ON_DEPTHS("fincstp")
  ON_DEPTHS("fdecstp")
  ON_DEPTHS("fsqrt")
  ON_DEPTHS("fchs")
  ON_DEPTHS("fcompp")
  ON_DEPTHS("fxtract")
  ON_DEPTHS("fsub %%st,%%st; fsincos")
  ON_DEPTHS("fsub %%st,%%st; fptan")
  ON_DEPTHS("fldpi")
  ON_DEPTHS("fnclex")
  ON_DEPTHS("fxam")
  ON_DEPTHS("ftst")
  ON_DEPTHS(".byte 0xdf,0xc1")

  /* what a store leaves in memory when there is nothing to store */
  u32 memory[3];
#define STORE_NOTHING(text)                                                                                              \
  memory[0] = memory[1] = memory[2] = 0x5aa5a55a;                                                                        \
  __asm__ volatile("fninit; " text " %0" : "=m"(memory));                                                                \
  show(text, memory, 12);
  STORE_NOTHING("fsts")
  STORE_NOTHING("fstpl")
  STORE_NOTHING("fstpt")
  STORE_NOTHING("fists")
  STORE_NOTHING("fistpl")
  STORE_NOTHING("fistpll")
  STORE_NOTHING("fbstp")
  show_all("after stores of nothing");
}

static u16 short_image[7 + 40];

static void show_short(const char *name) {
  print(name);
  print(": control ");
  print_hex(short_image[0], 4);
  print(" status ");
  print_hex(short_image[1], 4);
  print(" tag ");
  print_hex(short_image[2], 4);
  print("\n");
}

void x87_environment(void) {
  fill(3);
  __asm__ volatile("fld1; fldz; fdivrp; fnstenv %0" : "=m"(*(struct { u32 words[7]; } *)image.words));
  show_image("fnstenv");
  __asm__ volatile("fnstcw %0" : "=m"(short_image[0]));
  show_word("control word after", short_image[0]);

  fill(5);
  __asm__ volatile("fnstenv %0" : "=m"(*(struct { u32 words[7]; } *)image.words));
  /* every tag anew: a register tagged empty is empty, of any other tag only that it is not counts */
  static const u16 TAGS[] = {0xffff, 0x0000, 0xfffc, 0x3fff, 0x5555, 0xaaaa, 0xc3c3};
  for (unsigned index = 0; index < COUNT(TAGS); index++) {
    fill(5);
    image.words[0] = control_word(index & 3, index % 3);
    image.words[1] = (index & 7) << 11 | (index & 3 ? 0 : 0x4700);
    image.words[2] = TAGS[index];
    __asm__ volatile("fldenv %0" : : "m"(*(struct { u32 words[7]; } *)image.words));
    show_all("fldenv");
  }

  fill(4);
  __asm__ volatile("data16 fnstenv %0" : "=m"(short_image));
  show_short("16-bit fnstenv");
  short_image[1] = 0x2000;
  short_image[2] = 0x0ff0;
  __asm__ volatile("data16 fldenv %0" : : "m"(short_image));
  show_all("16-bit fldenv");

  fill(6);
  __asm__ volatile("data16 fnsave %0" : "=m"(short_image));
  show_short("16-bit fnsave");
  show("registers", short_image + 7, 80);
  short_image[1] = 0x0800;
  __asm__ volatile("data16 frstor %0" : : "m"(short_image));
  show_all("16-bit frstor");

  fill(7);
  __asm__ volatile("fnsave %0" : "=m"(image));
  __asm__ volatile("fnstcw %0" : "=m"(short_image[0]));
  show_word("control word after fnsave", short_image[0]);
  image.words[1] = 0x3100;
  __asm__ volatile("frstor %0; fld1; fstp %%st(4)" : : "m"(image));
  show_all("frstor");

  /* with exceptions pending that the control word does not mask: the flags come back, and with them ES and B */
  __asm__ volatile("fninit; fnstenv %0" : "=m"(*(struct { u32 words[7]; } *)image.words));
  image.words[0] = 0x0340;
  image.words[1] = 0x0005;
  u16 status;
  __asm__ volatile("fldenv %1; fnstsw %0; fninit" : "=m"(status) : "m"(*(struct { u32 words[7]; } *)image.words));
  show_word("pending after fldenv", status);
  image.words[0] = 0x037f;
  image.words[1] = 0x8080;
  __asm__ volatile("fldenv %1; fnstsw %0; fninit" : "=m"(status) : "m"(*(struct { u32 words[7]; } *)image.words));
  show_word("nothing pending after fldenv", status);
  static const u16 UNMASKED = 0x0340;
  __asm__ volatile("fninit; fld1; fldz; fdivrp; fldcw %1; fnstsw %0; fninit" : "=m"(status) : "m"(UNMASKED));
  show_word("pending after fldcw", status);
  /* bits of the control word that do not exist */
  static const u16 CONTROLS[] = {0x0000, 0xffff, 0x1f3f};
  for (unsigned index = 0; index < COUNT(CONTROLS); index++) {
    u16 back;
    __asm__ volatile("fninit; fldcw %1; fnstcw %0; fninit" : "=m"(back) : "m"(CONTROLS[index]));
    show_word("control word", back);
  }
  show_all("fninit");
}

/* The tag of FXSAVE has a bit per register; what FRSTOR and FNSAVE make of it comes from the numbers. */
static struct {
  u16 control, status;
  u8 tag, reserved;
  u16 opcode;
  u32 pointers[4];
  u32 mxcsr, mxcsr_mask;
  v128 stack[8], vectors[8];
  u8 rest[224];
} area __attribute__((aligned(16)));

static void show_area(const char *name) {
  print(name);
  print(": control ");
  print_hex(area.control, 4);
  print(" status ");
  print_hex(area.status, 4);
  print(" tag ");
  print_hex(area.tag, 2);
  print("\n");
  sum_begin();
  for (unsigned index = 0; index < 8; index++) sum(&index, 4, &area.stack[index], 10);
  sum_end("  registers");
}

void x87_fxsave(void) {
  for (unsigned count = 0; count <= 8; count += 2) {
    fill(count);
    __asm__ volatile("fxsave %0" : "=m"(area));
    show_area("fxsave");
    show_all("registers after");
  }
  static const u8 TAGS[] = {0xff, 0x00, 0xa5};
  for (unsigned index = 0; index < COUNT(TAGS); index++)
    for (unsigned start = 0; start < LONG_COUNT; start += 8) {
      fill(2);
      __asm__ volatile("fxsave %0" : "=m"(area));
      for (unsigned at = 0; at < 8; at++) *(f80 *)&area.stack[at] = LONGS[(start + at) % LONG_COUNT];
      area.tag = TAGS[index];
      area.status = (start & 0x38) << 8;
      __asm__ volatile("fxrstor %0" : : "m"(area));
      /* tags made from the numbers */
      __asm__ volatile("fnsave %0" : "=m"(image));
      show_image("fxrstor");
    }
}
