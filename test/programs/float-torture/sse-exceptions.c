/* SSE and SSE2: exceptions that are not masked. The operation does nothing but set flags in MXCSR. */
#include "simd.h"

static struct {
  v128 to, from;
  u32 mxcsr, site;
} the;
static v128 after;

#define BODY(instruction)                                                                                                \
  static void body_##instruction(void *unused) {                                                                         \
    (void)unused;                                                                                                        \
    __asm__ volatile("movups %2,%%xmm2; movups %3,%%xmm5; movl $1f,%0; ldmxcsr %4; 1: " #instruction " %%xmm5,%%xmm2; stmxcsr %1" \
                     : "=m"(the.site), "=m"(the.mxcsr)                                                                   \
                     : "m"(the.to), "m"(the.from), "m"(the.mxcsr)                                                        \
                     : "cc");                                                                                            \
  }
#define LISTED(instruction) {#instruction, body_##instruction},

#define SINGLE_LIST(X) X(addps) X(subss) X(mulps) X(divps) X(divss) X(sqrtps) X(minps) X(cmpltps) X(cmpeqss) X(comiss) X(ucomiss)
#define DOUBLE_LIST(X)                                                                                                   \
  X(addpd) X(subsd) X(mulpd) X(divpd) X(divsd) X(sqrtpd) X(maxpd) X(cmplepd) X(comisd) X(ucomisd) X(cvtpd2ps) X(cvtsd2ss) X(cvtpd2dq) X(cvttpd2dq)
SINGLE_LIST(BODY)
DOUBLE_LIST(BODY)

struct body {
  const char *name;
  void (*run)(void *);
};

static void sweep(const struct body *body, int wide, u32 masks, const char *name) {
  sum_begin();
  for (unsigned index = 0; index < 160; index++) {
    for (unsigned at = 0; at < 4; at++) {
      the.to.d[at] = SINGLES[random_word() % SINGLE_COUNT];
      the.from.d[at] = SINGLES[random_word() % SINGLE_COUNT];
    }
    for (unsigned at = 0; wide && at < 2; at++) {
      the.to.q[at] = DOUBLES[random_word() % DOUBLE_COUNT];
      the.from.q[at] = DOUBLES[random_word() % DOUBLE_COUNT];
    }
    v128 operands[2] = {the.to, the.from};
    struct {
      v128 value;
      u32 mxcsr, trapped;
    } result;
    the.mxcsr = masks;
    int caught = trapped(body->run, 0);
    __asm__ volatile("movups %%xmm2,%0" : "=m"(after));
    result.value = after;
    result.mxcsr = caught ? trap.mxcsr : the.mxcsr;
    result.trapped = caught ? trap.number << 16 | trap.code << 8 | (trap.eip - the.site) : 0;
    /* the signal has put the vectors away: they are in its frame */
    if (caught) result.value.q[0] = result.value.q[1] = 0;
    sum(operands, 32, &result, 24);
  }
  sum_end(labelled(body->name, name, 0));
}

static void sweeps(const struct body *bodies, unsigned count, int wide) {
  for (unsigned index = 0; index < count; index++) {
    sweep(bodies + index, wide, 0x0000, "unmasked");
    sweep(bodies + index, wide, 0x1000, "inexact masked");
    sweep(bodies + index, wide, 0x1380, "range unmasked");
    sweep(bodies + index, wide, 0x9180, "zero, range unmasked, flush");
  }
}

void sse_exceptions(void) {
  static const struct body BODIES[] = {SINGLE_LIST(LISTED)};
  sweeps(BODIES, COUNT(BODIES), 0);
}

void sse2_exceptions(void) {
  static const struct body BODIES[] = {DOUBLE_LIST(LISTED)};
  sweeps(BODIES, COUNT(BODIES), 1);
}
