/*
 * x87: functions whose last bits are each processor's own. Results are rounded to 48 bits before they are printed, so
 * that a unit or two in the last of 64 places does not show; of special operands the exact result is.
 */
#include "torture.h"

#define KEPT_BITS 48

static f80 shorten(f80 value) {
  u32 exponent = value.top & 0x7fff;
  if (exponent == 0 || exponent == 0x7fff) return value;
  u32 step = 1u << (64 - KEPT_BITS);
  u32 low = value.low + step / 2;
  if (low < value.low && ++value.high == 0) {
    value.high = 0x80000000;
    value.top++;
  }
  value.low = low & -step;
  return value;
}

struct function {
  f80 a, b;
  f80 first, second;
  u16 status;
};

typedef void function(struct function *);

#define FUNCTION(name, text)                                                                                             \
  static void name(struct function *it) {                                                                                \
    __asm__ volatile("fninit; fldt %4; fldt %3; " text "; fnstsw %2; fstpt %0; fstpt %1"                                 \
                     : "=m"(it->first), "=m"(it->second), "=m"(it->status)                                               \
                     : "m"(it->a), "m"(it->b));                                                                          \
  }

FUNCTION(sine, "fsin")
FUNCTION(cosine, "fcos")
FUNCTION(both, "fsincos")
FUNCTION(tangent, "fptan")
FUNCTION(power, "f2xm1")
/* ST(1) is x or y, ST(0) the other, as each has it; a second result is what lay below */
FUNCTION(arctangent, "fpatan; fldz; fxch")
FUNCTION(logarithm, "fyl2x; fldz; fxch")
FUNCTION(logarithm_near_one, "fyl2xp1; fldz; fxch")

/* Invalid, zero divide, stack fault and C2: reduction incomplete. */
#define FUNCTION_STATUS 0x0445

static void note(struct function *it) {
  struct {
    f80 first, second;
    u16 status;
  } __attribute__((packed)) result = {shorten(it->first), shorten(it->second), it->status & FUNCTION_STATUS};
  sum(&it->a, 20, &result, sizeof result);
}

static f80 in_range(int lowest, unsigned count) {
  f80 value = random_long();
  value.top = (value.top & 0x8000) | (0x3fff + lowest + (int)(random_word() % count));
  return value;
}

static void sampled(const char *name, function *run, int lowest, unsigned count, int positive) {
  struct function it;
  sum_begin();
  for (unsigned index = 0; index < 400; index++) {
    it.a = in_range(lowest, count);
    it.b = in_range(-10, 20);
    if (positive) it.a.top &= 0x7fff;
    run(&it);
    note(&it);
  }
  sum_end(name);
}

static void special(const char *name, function *run, const u8 *which, unsigned count, int pairs) {
  struct function it;
  for (unsigned a = 0; a < count; a++)
    for (unsigned b = 0; b < (pairs ? count : 1); b++) {
      it.a = LONGS[which[a]];
      it.b = LONGS[pairs ? which[b] : 2];
      run(&it);
      f80 first = shorten(it.first);
      print(name);
      print(" ");
      print_decimal(which[a]);
      print(" ");
      print_decimal(pairs ? which[b] : 2);
      show("", &first, 10);
      if (it.status & FUNCTION_STATUS) show_word("  status", it.status & FUNCTION_STATUS);
    }
}

void x87_transcendental(void) {
  sampled("fsin", sine, -20, 23, 0);
  sampled("fcos", cosine, -20, 23, 0);
  sampled("fsincos", both, -20, 23, 0);
  sampled("fptan", tangent, -20, 23, 0);
  sampled("f2xm1", power, -30, 30, 0);
  sampled("fpatan", arctangent, -20, 40, 0);
  sampled("fyl2x", logarithm, -30, 60, 1);
  sampled("fyl2xp1", logarithm_near_one, -30, 28, 0);
  /* zeros, infinities, what is not a number or not supported, and an argument too large to be reduced */
  static const u8 SPECIAL[] = {0, 1, 2, 32, 41, 42, 43, 46, 48};
  special("fsin", sine, SPECIAL, sizeof SPECIAL, 0);
  special("fcos", cosine, SPECIAL, sizeof SPECIAL, 0);
  special("fptan", tangent, SPECIAL, sizeof SPECIAL, 0);
  special("fpatan", arctangent, SPECIAL, sizeof SPECIAL, 1);
  special("fyl2x", logarithm, SPECIAL, sizeof SPECIAL, 1);
  static const u8 POWERS[] = {0, 1, 2, 3, 43, 46, 48};
  special("f2xm1", power, POWERS, sizeof POWERS, 0);
}
