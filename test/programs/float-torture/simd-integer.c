/* Integers in MMX and XMM registers. */
#include "simd.h"

/* The instructions that both register files have, from MMX on. */
#define MMX_LIST(X)                                                                                                      \
  X(paddb) X(paddw) X(paddd) X(paddsb) X(paddsw) X(paddusb) X(paddusw) X(psubb) X(psubw) X(psubd) X(psubsb) X(psubsw)    \
  X(psubusb) X(psubusw) X(pmullw) X(pmulhw) X(pmaddwd) X(pand) X(pandn) X(por) X(pxor) X(pcmpeqb) X(pcmpeqw) X(pcmpeqd)  \
  X(pcmpgtb) X(pcmpgtw) X(pcmpgtd) X(packsswb) X(packssdw) X(packuswb) X(punpcklbw) X(punpcklwd) X(punpckldq)            \
  X(punpckhbw) X(punpckhwd) X(punpckhdq) X(psllw) X(pslld) X(psllq) X(psrlw) X(psrld) X(psrlq) X(psraw) X(psrad)
/* From SSE on. */
#define SSE_LIST(X) X(pavgb) X(pavgw) X(pmaxsw) X(pmaxub) X(pminsw) X(pminub) X(pmulhuw) X(psadbw)
/* From SSE2 on. */
#define SSE2_LIST(X) X(paddq) X(psubq) X(pmuludq)
#define SHIFT_LIST(X)                                                                                                    \
  X(psllw, 0) X(psllw, 5) X(psllw, 16) X(pslld, 9) X(pslld, 32) X(psllq, 37) X(psllq, 64) X(psrlw, 3) X(psrlw, 15)       \
  X(psrld, 31) X(psrld, 200) X(psrlq, 1) X(psrlq, 63) X(psraw, 7) X(psraw, 99) X(psrad, 13) X(psrad, 32)

#define NAMED(instruction, immediate) {#instruction "/" #immediate, run_##instruction##_##immediate},

MMX_LIST(MMX)
SHIFT_LIST(MMX_SHIFT)
MMX_CODE(move_doubleword, "movd %%mm5,%%eax; movd %%eax,%%mm2")
MMX_CODE(add_memory, "paddw %1,%%mm2")

static void show_x87(const char *name) {
  struct {
    u32 words[7];
    f80 stack[8];
  } image;
  __asm__ volatile("fnsave %0" : "=m"(image));
  print(name);
  print(": status ");
  print_hex(image.words[1] & 0xffff, 4);
  print(" tag ");
  print_hex(image.words[2] & 0xffff, 4);
  print("\n");
  sum_begin();
  for (unsigned index = 0; index < 8; index++) sum(&index, 4, &image.stack[index], 10);
  sum_end("  registers");
}

/* MMX registers are the x87's mantissas. */
static void aliases(void) {
  static const u32 PATTERN[2] = {0x89abcdef, 0x01234567};
  __asm__ volatile("fninit; fld1; fldpi; fldz");
  show_x87("numbers");
  __asm__ volatile("fninit; fld1; fldpi; fldz; movq %0,%%mm6" : : "m"(PATTERN));
  show_x87("movq to mm6");
  __asm__ volatile("fninit; fld1; fldpi; fldz; movq %%mm6,%%mm1" : :);
  show_x87("movq mm6 to mm1");
  u32 memory[2];
  __asm__ volatile("fninit; fld1; fldpi; fldz; movq %%mm6,%0" : "=m"(memory));
  show("mm6", memory, 8);
  show_x87("movq from mm6");
  __asm__ volatile("fninit; fld1; fldpi; fldz; emms");
  show_x87("emms");
  __asm__ volatile("fninit; fld1; paddb %%mm7,%%mm7" : :);
  show_x87("paddb");
  for (unsigned index = 0; index < 8; index++) {
    /* a number after a vector: the x87 sees what the vector left */
    __asm__ volatile("fninit; movq %0,%%mm0; movq %0,%%mm7; emms; fincstp; fldt %1" : : "m"(PATTERN), "m"(LONGS[index * 5]));
    show_x87("fld after emms");
  }
}

void mmx_integer(void) {
  static const struct vector_operation OPERATIONS[] = {MMX_LIST(ENTRY) SHIFT_LIST(NAMED){"movd", move_doubleword}, {"paddw memory", add_memory}};
  integer_operations(OPERATIONS, COUNT(OPERATIONS), 8);
  aliases();
}

#define SHUFFLE_LIST(X) X(pshufw, 0x1b) X(pshufw, 0x00) X(pshufw, 0xe4) X(pshufw, 0x93)

SSE_LIST(MMX)
SHUFFLE_LIST(MMX_IMMEDIATE)
MMX_CODE(insert_word, "movd %%mm5,%%eax; pinsrw $2,%%eax,%%mm2; pinsrw $7,%%eax,%%mm2")
MMX_CODE(extract_word, "pextrw $3,%%mm5,%%eax; movd %%eax,%%mm2")
MMX_CODE(byte_signs, "pmovmskb %%mm5,%%eax; movd %%eax,%%mm2")
MMX_CODE(move_masked, "movq %%mm5,%0; pushl %%edi; leal %0,%%edi; maskmovq %%mm5,%%mm2; movq (%%edi),%%mm2; popl %%edi")
MMX_CODE(move_around, "movntq %%mm5,%0; sfence; movq %0,%%mm2")

void sse_integer(void) {
  static const struct vector_operation OPERATIONS[] = {SSE_LIST(ENTRY) SHUFFLE_LIST(NAMED){"pinsrw", insert_word},
                                                       {"pextrw", extract_word},
                                                       {"pmovmskb", byte_signs},
                                                       {"maskmovq", move_masked},
                                                       {"movntq", move_around}};
  integer_operations(OPERATIONS, COUNT(OPERATIONS), 8);
}

#define X(instruction) XMM_CODE(wide_##instruction, #instruction " %%xmm5,%%xmm2")
MMX_LIST(X)
SSE_LIST(X)
SSE2_LIST(X)
X(punpcklqdq)
X(punpckhqdq)
#undef X
#define X(instruction, immediate) XMM_CODE(wide_##instruction##_##immediate, #instruction " $" #immediate ",%%xmm2")
SHIFT_LIST(X)
#define BYTE_SHIFT_LIST(X) X(pslldq, 1) X(pslldq, 15) X(pslldq, 16) X(psrldq, 3) X(psrldq, 8) X(psrldq, 255)
BYTE_SHIFT_LIST(X)
#undef X
#define X(instruction, immediate) XMM_CODE(wide_##instruction##_##immediate, #instruction " $" #immediate ",%%xmm5,%%xmm2")
#define WIDE_SHUFFLE_LIST(X) X(pshufd, 0x1b) X(pshufd, 0x4e) X(pshuflw, 0x1b) X(pshuflw, 0xff) X(pshufhw, 0x93) X(pshufhw, 0x00)
WIDE_SHUFFLE_LIST(X)
#undef X
SSE2_LIST(MMX)
XMM_CODE(wide_add_memory, "paddd %1,%%xmm2")
XMM_CODE(wide_insert_word, "movd %%xmm5,%%eax; pinsrw $2,%%eax,%%xmm2; pinsrw $13,%%eax,%%xmm2")
XMM_CODE(wide_extract_word, "pextrw $6,%%xmm5,%%eax; movd %%eax,%%xmm2")
XMM_CODE(wide_byte_signs, "pmovmskb %%xmm5,%%eax; movd %%eax,%%xmm2")
XMM_CODE(wide_move_masked, "movups %%xmm5,%0; pushl %%edi; leal %0,%%edi; maskmovdqu %%xmm5,%%xmm2; movups (%%edi),%%xmm2; popl %%edi")
XMM_CODE(wide_move_half, "movq %%xmm5,%%xmm2")
XMM_CODE(wide_move_aligned, "movdqa %%xmm5,%0; movdqa %0,%%xmm2; mfence; lfence")
XMM_CODE(wide_move_unaligned, "movdqu %1,%%xmm2")
XMM_CODE(wide_move_around, "movntdq %%xmm5,%0; movl %1,%%eax; movnti %%eax,%0; movdqa %0,%%xmm2")
XMM_CODE(to_mmx, "movdq2q %%xmm5,%%mm3; movq2dq %%mm3,%%xmm2; emms")

#define WIDE(instruction) {#instruction " xmm", wide_##instruction},
#define WIDE_NAMED(instruction, immediate) {#instruction "/" #immediate " xmm", wide_##instruction##_##immediate},

void sse2_integer(void) {
  static const struct vector_operation OPERATIONS[] = {
      MMX_LIST(WIDE) SSE_LIST(WIDE) SSE2_LIST(WIDE) WIDE(punpcklqdq) WIDE(punpckhqdq) SHIFT_LIST(WIDE_NAMED) BYTE_SHIFT_LIST(WIDE_NAMED) WIDE_SHUFFLE_LIST(WIDE_NAMED){
          "paddd memory", wide_add_memory},
      {"pinsrw xmm", wide_insert_word},
      {"pextrw xmm", wide_extract_word},
      {"pmovmskb xmm", wide_byte_signs},
      {"maskmovdqu", wide_move_masked},
      {"movq xmm", wide_move_half},
      {"movdqa", wide_move_aligned},
      {"movntdq, movnti", wide_move_around},
      {"movdq2q, movq2dq", to_mmx},
  };
  integer_operations(OPERATIONS, COUNT(OPERATIONS), 16);
  v128 pair[2] = {random_integers(), random_integers()};
  v128 result;
  wide_move_unaligned(&result, pair);
  show("movdqu", &result, 16);
  static const struct vector_operation NARROW[] = {SSE2_LIST(ENTRY)};
  integer_operations(NARROW, COUNT(NARROW), 8);
}
