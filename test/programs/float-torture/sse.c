/* SSE and SSE2: arithmetic, comparisons, conversions, moves; flags and rounding of MXCSR. */
#include "simd.h"

/*
 * A list with X(instruction) becomes functions and a table; X is one of these. RCPPS and RSQRTPS are each processor's
 * own approximations: only how good they are is looked at.
 */
#define SINGLE_SCALAR_LIST(X) X(addss) X(subss) X(mulss) X(divss) X(minss) X(maxss) X(sqrtss)
#define SINGLE_PACKED_LIST(X) X(addps) X(subps) X(mulps) X(divps) X(minps) X(maxps) X(sqrtps)
#define DOUBLE_SCALAR_LIST(X) X(addsd) X(subsd) X(mulsd) X(divsd) X(minsd) X(maxsd) X(sqrtsd)
#define DOUBLE_PACKED_LIST(X) X(addpd) X(subpd) X(mulpd) X(divpd) X(minpd) X(maxpd) X(sqrtpd)
#define SINGLE_COMPARE_LIST(X)                                                                                           \
  X(cmpeqss) X(cmpltss) X(cmpless) X(cmpunordss) X(cmpneqss) X(cmpnltss) X(cmpnless) X(cmpordss)
#define DOUBLE_COMPARE_LIST(X)                                                                                           \
  X(cmpeqsd) X(cmpltsd) X(cmplesd) X(cmpunordsd) X(cmpneqsd) X(cmpnltsd) X(cmpnlesd) X(cmpordsd)
#define SINGLE_COMPARE_PACKED_LIST(X) X(cmpltps) X(cmpunordps) X(cmpnleps) X(cmpneqps)
#define DOUBLE_COMPARE_PACKED_LIST(X) X(cmpltpd) X(cmpunordpd) X(cmpnlepd) X(cmpneqpd)

SINGLE_SCALAR_LIST(XMM)
SINGLE_PACKED_LIST(XMM)
DOUBLE_SCALAR_LIST(XMM)
DOUBLE_PACKED_LIST(XMM)
SINGLE_COMPARE_LIST(XMM)
DOUBLE_COMPARE_LIST(XMM)
SINGLE_COMPARE_PACKED_LIST(XMM)
DOUBLE_COMPARE_PACKED_LIST(XMM)
/* the six flags into the result */
#define TO_FLAGS(instruction) XMM_CODE(run_##instruction, "pushl $0x8d7; popfl; " #instruction " %%xmm5,%%xmm2; pushfl; popl %%eax; andl $0x8d5,%%eax; movl %%eax,%0; movups %0,%%xmm2")
TO_FLAGS(comiss)
TO_FLAGS(ucomiss)
TO_FLAGS(comisd)
TO_FLAGS(ucomisd)

/* Making a number takes longer than what is done with it. */
#define POOL 128
static v128 pool[2][POOL];

static void fill_pool(void) {
  for (unsigned index = 0; index < POOL; index++) {
    union {
      v128 vector;
      float singles[4];
      double doubles[2];
    } it;
    for (unsigned at = 0; at < 4; at++) {
      if ((random_word() & 15) == 0) it.vector.d[at] = SINGLES[random_word() % SINGLE_COUNT];
      else it.singles[at] = random_float();
    }
    pool[0][index] = it.vector;
    for (unsigned at = 0; at < 2; at++) {
      if ((random_word() & 15) == 0) it.vector.q[at] = DOUBLES[random_word() % DOUBLE_COUNT];
      else it.doubles[at] = random_double();
    }
    pool[1][index] = it.vector;
  }
}

static inline v128 random_singles(void) { return pool[0][random_word() % POOL]; }
static inline v128 random_doubles(void) { return pool[1][random_word() % POOL]; }

static void one(const struct vector_operation *operation, u32 mxcsr, const v128 *operands) {
  struct {
    v128 value;
    u32 mxcsr;
  } result;
  result.value = operands[0];
  set_mxcsr(mxcsr);
  operation->run(&result.value, &operands[1]);
  result.mxcsr = get_mxcsr();
  set_mxcsr(MXCSR_DEFAULT);
  sum(operands, 32, &result, 20);
}

/* One in `stride` of the pairs, others each time; then random vectors. */
static void singles(const struct vector_operation *operation, u32 mxcsr, const char *mode, unsigned stride) {
  part++;
  sum_begin();
  for (unsigned a = 0; a < SINGLE_COUNT; a++)
    for (unsigned b = (a + part) % stride; b < SINGLE_COUNT; b += stride) {
      v128 operands[2] = {random_singles(), random_singles()};
      operands[0].d[0] = SINGLES[a];
      operands[1].d[0] = SINGLES[b];
      one(operation, mxcsr, operands);
    }
  for (unsigned index = 0; index < 60; index++) {
    v128 operands[2] = {random_singles(), random_singles()};
    one(operation, mxcsr, operands);
  }
  sum_end(labelled(operation->name, mode, 0));
}

static void doubles(const struct vector_operation *operation, u32 mxcsr, const char *mode, unsigned stride) {
  part++;
  sum_begin();
  for (unsigned a = 0; a < DOUBLE_COUNT; a++)
    for (unsigned b = (a + part) % stride; b < DOUBLE_COUNT; b += stride) {
      v128 operands[2] = {random_doubles(), random_doubles()};
      operands[0].q[0] = DOUBLES[a];
      operands[1].q[0] = DOUBLES[b];
      one(operation, mxcsr, operands);
    }
  for (unsigned index = 0; index < 60; index++) {
    v128 operands[2] = {random_doubles(), random_doubles()};
    one(operation, mxcsr, operands);
  }
  sum_end(labelled(operation->name, mode, 0));
}

typedef void sweep(const struct vector_operation *, u32, const char *, unsigned);

static void all_modes(const struct vector_operation *operations, unsigned count, sweep *run, u32 extra, unsigned stride) {
  for (unsigned index = 0; index < count; index++)
    for (unsigned rounding = 0; rounding < 4; rounding++) run(operations + index, MXCSR_DEFAULT | rounding << 13 | extra, ROUNDING_NAMES[rounding], stride);
}

static void one_mode(const struct vector_operation *operations, unsigned count, sweep *run, u32 extra) {
  for (unsigned index = 0; index < count; index++) run(operations + index, MXCSR_DEFAULT | extra, 0, 3);
}

static const struct vector_operation SINGLE_ARITHMETIC[] = {SINGLE_SCALAR_LIST(ENTRY) SINGLE_PACKED_LIST(ENTRY)},
                                     DOUBLE_ARITHMETIC[] = {DOUBLE_SCALAR_LIST(ENTRY) DOUBLE_PACKED_LIST(ENTRY)},
                                     SINGLE_COMPARE[] = {SINGLE_COMPARE_LIST(ENTRY) SINGLE_COMPARE_PACKED_LIST(ENTRY) ENTRY(comiss) ENTRY(ucomiss)},
                                     DOUBLE_COMPARE[] = {DOUBLE_COMPARE_LIST(ENTRY) DOUBLE_COMPARE_PACKED_LIST(ENTRY) ENTRY(comisd) ENTRY(ucomisd)};

XMM(rcpps)
XMM(rcpss)
XMM(rsqrtps)
XMM(rsqrtss)

/* 1.5 * 2^-12 is what the manual promises. */
static void approximations(void) {
  unsigned bad = 0;
  for (unsigned index = 0; index < 500; index++) {
    union {
      v128 vector;
      float values[4];
    } from, reciprocal, root;
    for (unsigned at = 0; at < 4; at++) from.vector.d[at] = 0x20000000 + (random_word() & 0x3fffffff);
    run_rcpps(&reciprocal.vector, &from.vector);
    run_rsqrtps(&root.vector, &from.vector);
    for (unsigned at = 0; at < 4; at++) {
      double off = (double)from.values[at] * reciprocal.values[at] - 1;
      double off_root = (double)from.values[at] * root.values[at] * root.values[at] - 1;
      bad += off > 0.0003662109375 || off < -0.0003662109375 || off_root > 0.000733 || off_root < -0.000733;
    }
  }
  show_word("approximations off", bad);
  static const u32 SPECIAL[] = {0, 0x80000000, 0x7f800000, 0xff800000, 0x00000001, 0x807fffff, 0x7fc01234, 0x7f801234};
  for (unsigned index = 0; index < COUNT(SPECIAL); index++) {
    v128 from = {.d = {SPECIAL[index], SPECIAL[index], 0x3f800000, 0x3f800000}};
    v128 result = {.d = {1, 2, 3, 4}};
    run_rcpss(&result, &from);
    /* beyond the largest number's reciprocal and for infinities the approximation is exact */
    show("rcpss", &result, 16);
    result = from;
    run_rsqrtss(&result, &from);
    show("rsqrtss", &result, 16);
  }
  show_word("mxcsr after", get_mxcsr());
}

void sse_arithmetic(void) {
  fill_pool();
  all_modes(SINGLE_ARITHMETIC, COUNT(SINGLE_ARITHMETIC), singles, 0, 5);
  one_mode(SINGLE_COMPARE, COUNT(SINGLE_COMPARE), singles, 0);
  approximations();
}
void sse_flush(void) {
  fill_pool();
  all_modes(SINGLE_ARITHMETIC, COUNT(SINGLE_ARITHMETIC), singles, MXCSR_FLUSH, 7);
}
void sse_daz(void) {
  fill_pool();
  all_modes(SINGLE_ARITHMETIC, COUNT(SINGLE_ARITHMETIC), singles, MXCSR_DAZ, 7);
  one_mode(SINGLE_COMPARE, COUNT(SINGLE_COMPARE), singles, MXCSR_DAZ | MXCSR_FLUSH);
}
void sse2_arithmetic(void) {
  fill_pool();
  all_modes(DOUBLE_ARITHMETIC, COUNT(DOUBLE_ARITHMETIC), doubles, 0, 5);
  one_mode(DOUBLE_COMPARE, COUNT(DOUBLE_COMPARE), doubles, 0);
}
void sse2_flush(void) {
  fill_pool();
  all_modes(DOUBLE_ARITHMETIC, COUNT(DOUBLE_ARITHMETIC), doubles, MXCSR_FLUSH, 7);
}
void sse2_daz(void) {
  fill_pool();
  all_modes(DOUBLE_ARITHMETIC, COUNT(DOUBLE_ARITHMETIC), doubles, MXCSR_DAZ, 7);
  one_mode(DOUBLE_COMPARE, COUNT(DOUBLE_COMPARE), doubles, MXCSR_DAZ | MXCSR_FLUSH);
}

/* ── conversions ── */

#define TO_REGISTER(instruction) XMM_CODE(run_##instruction, #instruction " %%xmm5,%%eax; movl %%eax,%0; movups %0,%%xmm2")
#define FROM_REGISTER(instruction) XMM_CODE(run_##instruction, "movl %1,%%eax; " #instruction " %%eax,%%xmm2")
#define TO_MMX(instruction) XMM_CODE(run_##instruction, #instruction " %%xmm5,%%mm1; movq %%mm1,%0; emms; movups %0,%%xmm2")
#define FROM_MMX(instruction) XMM_CODE(run_##instruction, "movq %1,%%mm1; " #instruction " %%mm1,%%xmm2; emms")

#define FROM_SINGLE_LIST(X) X(cvtss2si, TO_REGISTER) X(cvttss2si, TO_REGISTER) X(cvtps2pi, TO_MMX) X(cvttps2pi, TO_MMX)
#define TO_SINGLE_LIST(X) X(cvtsi2ss, FROM_REGISTER) X(cvtpi2ps, FROM_MMX)
#define FROM_SINGLE2_LIST(X) X(cvtps2dq, XMM) X(cvttps2dq, XMM) X(cvtps2pd, XMM) X(cvtss2sd, XMM)
#define FROM_DOUBLE_LIST(X)                                                                                              \
  X(cvtsd2si, TO_REGISTER) X(cvttsd2si, TO_REGISTER) X(cvtpd2pi, TO_MMX) X(cvttpd2pi, TO_MMX) X(cvtpd2dq, XMM)           \
  X(cvttpd2dq, XMM) X(cvtpd2ps, XMM) X(cvtsd2ss, XMM)
#define TO_DOUBLE_LIST(X) X(cvtsi2sd, FROM_REGISTER) X(cvtpi2pd, FROM_MMX) X(cvtdq2pd, XMM) X(cvtdq2ps, XMM)
#define DEFINE(instruction, form) form(instruction)
#define LISTED(instruction, form) ENTRY(instruction)
FROM_SINGLE_LIST(DEFINE)
TO_SINGLE_LIST(DEFINE)
FROM_SINGLE2_LIST(DEFINE)
FROM_DOUBLE_LIST(DEFINE)
TO_DOUBLE_LIST(DEFINE)

static void integers(const struct vector_operation *operation, u32 mxcsr, const char *mode, unsigned stride) {
  sum_begin();
  for (unsigned index = 0; index < 150; index += stride) {
    v128 operands[2] = {random_integers(), random_integers()};
    one(operation, mxcsr, operands);
  }
  sum_end(labelled(operation->name, mode, 0));
}

static const struct vector_operation FROM_SINGLE[] = {FROM_SINGLE_LIST(LISTED)}, TO_SINGLE[] = {TO_SINGLE_LIST(LISTED)}, FROM_SINGLE2[] = {FROM_SINGLE2_LIST(LISTED)},
                                     FROM_DOUBLE[] = {FROM_DOUBLE_LIST(LISTED)}, TO_DOUBLE[] = {TO_DOUBLE_LIST(LISTED)};

void sse_convert(void) {
  fill_pool();
  all_modes(FROM_SINGLE, COUNT(FROM_SINGLE), singles, 0, 9);
  all_modes(TO_SINGLE, COUNT(TO_SINGLE), integers, 0, 1);
}
void sse2_convert(void) {
  fill_pool();
  all_modes(FROM_SINGLE2, COUNT(FROM_SINGLE2), singles, 0, 9);
  all_modes(FROM_DOUBLE, COUNT(FROM_DOUBLE), doubles, 0, 9);
  all_modes(FROM_DOUBLE + 6, 2, doubles, MXCSR_FLUSH, 9);
  all_modes(TO_DOUBLE, COUNT(TO_DOUBLE), integers, 0, 1);
}

/* ── moves and logic ── */

#define MOVE_LIST(X)                                                                                                     \
  X(movaps) X(movss) X(movhlps) X(movlhps) X(unpcklps) X(unpckhps) X(andps) X(andnps) X(orps) X(xorps)
#define SHUFFLE_LIST(X) X(shufps, 0x1b) X(shufps, 0xe4) X(shufps, 0x4e) X(shufps, 0x00)
MOVE_LIST(XMM)
SHUFFLE_LIST(XMM_IMMEDIATE)
XMM_MEMORY(movss, load_single)
XMM_MEMORY(movlps, load_low)
XMM_MEMORY(movhps, load_high)
XMM_CODE(store_low, "movlps %%xmm5,%0; movups %0,%%xmm2")
XMM_CODE(store_high, "movhps %%xmm5,%0; movups %0,%%xmm2")
XMM_CODE(store_single, "movss %%xmm5,%0; movups %0,%%xmm2")
XMM_CODE(store_around, "movntps %%xmm5,%0; sfence; movaps %0,%%xmm2")
XMM_CODE(signs, "movmskps %%xmm5,%%eax; movl %%eax,%0; movups %0,%%xmm2")
XMM_CODE(fetch_early, "prefetchnta %1; prefetcht0 %1; prefetcht1 %1; prefetcht2 %1; sfence")

void sse_move(void) {
#define NAMED(instruction, immediate) {#instruction "/" #immediate, run_##instruction##_##immediate},
  static const struct vector_operation OPERATIONS[] = {MOVE_LIST(ENTRY) SHUFFLE_LIST(NAMED){"movss load", run_load_single},
                                                       {"movlps load", run_load_low},
                                                       {"movhps load", run_load_high},
                                                       {"movlps store", store_low},
                                                       {"movhps store", store_high},
                                                       {"movss store", store_single},
                                                       {"movntps", store_around},
                                                       {"movmskps", signs},
                                                       {"prefetch", fetch_early}};
  integer_operations(OPERATIONS, COUNT(OPERATIONS), 16);
}
