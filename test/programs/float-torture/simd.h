/* What the MMX and SSE sections share: an instruction as a function, and operands for it. */
#ifndef SIMD_H
#define SIMD_H
#include "torture.h"

/* to: first operand and result; from: second operand */
typedef void vector_run(v128 *to, const v128 *from);

struct vector_operation {
  const char *name;
  vector_run *run;
};

/* The registers need no announcing: the compiler is told of no SIMD unit, so it keeps nothing there. */
#define XMM_CODE(name, text)                                                                                             \
  static void name(v128 *to, const v128 *from) {                                                                         \
    __asm__ volatile("movups %1,%%xmm5; movups %0,%%xmm2; " text "; movups %%xmm2,%0" : "+m"(*to) : "m"(*from) : "cc", "eax", "memory"); \
  }
#define XMM(instruction) XMM_CODE(run_##instruction, #instruction " %%xmm5,%%xmm2")
#define XMM_MEMORY(instruction, name) XMM_CODE(run_##name, #instruction " %1,%%xmm2")
#define XMM_IMMEDIATE(instruction, immediate) XMM_CODE(run_##instruction##_##immediate, #instruction " $" #immediate ",%%xmm5,%%xmm2")
#define XMM_SHIFT(instruction, immediate) XMM_CODE(run_##instruction##_##immediate, #instruction " $" #immediate ",%%xmm2")

#define MMX_CODE(name, text)                                                                                             \
  static void name(v128 *to, const v128 *from) {                                                                         \
    __asm__ volatile("movq %1,%%mm5; movq %0,%%mm2; " text "; movq %%mm2,%0; emms" : "+m"(*to) : "m"(*from) : "cc", "eax", "memory"); \
  }
#define MMX(instruction) MMX_CODE(run_##instruction, #instruction " %%mm5,%%mm2")
#define MMX_IMMEDIATE(instruction, immediate) MMX_CODE(run_##instruction##_##immediate, #instruction " $" #immediate ",%%mm5,%%mm2")
#define MMX_SHIFT(instruction, immediate) MMX_CODE(run_##instruction##_##immediate, #instruction " $" #immediate ",%%mm2")

#define ENTRY(instruction) {#instruction, run_##instruction},

#define MXCSR_DEFAULT 0x1f80
#define MXCSR_FLUSH 0x8000
#define MXCSR_DAZ 0x0040

static inline void set_mxcsr(u32 value) { __asm__ volatile("ldmxcsr %0" : : "m"(value)); }
static inline u32 get_mxcsr(void) {
  u32 value;
  __asm__ volatile("stmxcsr %0" : "=m"(value));
  return value;
}

/* Integers with the values at which saturation and signs matter. */
v128 random_integers(void);
void integer_operations(const struct vector_operation *operations, unsigned count, unsigned bytes);

extern const u32 SINGLES[];
extern const unsigned SINGLE_COUNT;
extern const u64 DOUBLES[];
extern const unsigned DOUBLE_COUNT;
#endif
