/* Operands of the MMX and SSE sections. */
#include "simd.h"

const u32 SINGLES[] = {
    0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x40000000, 0x3f000000, 0x3eaaaaab, 0xc0490fdb, 0x3f800001, 0x3f7fffff, 0x7f7fffff, 0xff7fffff,
    0x00800000, 0x80800001, 0x00000001, 0x807fffff, 0x00400000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc01234, 0x7f800001, 0xffbfffff, 0x4f000000,
    0xcf000000, 0x4effffff, 0x4b000001, 0xcb000003, 0x3fc00000, 0x40200000, 0x5f000000, 0x1f800000, 0x1f7fffff, 0x20000000,
};
const unsigned SINGLE_COUNT = COUNT(SINGLES);

const u64 DOUBLES[] = {
    0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x4000000000000000, 0x3fe0000000000000, 0x3fd5555555555555,
    0xc00921fb54442d18, 0x3ff0000000000001, 0x3fefffffffffffff, 0x7fefffffffffffff, 0xffefffffffffffff, 0x0010000000000000, 0x8010000000000001,
    0x0000000000000001, 0x800fffffffffffff, 0x0008000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000012345,
    0x7ff0000000000001, 0xfff7ffffffffffff, 0x41e0000000000000, 0xc1e0000000000000, 0x41dfffffffe00000, 0xc1e0000000180000, 0x3ff8000000000000,
    0x4004000000000000, 0x47efffffe0000000, 0x47effffff0000000, 0x3690000000000000, 0x380ffffff0000000, 0x1ff0000000000000, 0x2000000000000000,
};
const unsigned DOUBLE_COUNT = COUNT(DOUBLES);

v128 random_integers(void) {
  static const u32 EDGES[] = {0, 0xffffffff, 0x80008000, 0x7fff7fff, 0x80808080, 0x7f7f7f7f, 0x80000000, 0x7fffffff, 0x00ff00ff, 0x01000100, 0x0000ffff, 0x10203040};
  v128 value;
  for (unsigned at = 0; at < 4; at++) {
    u32 word = random_word();
    value.d[at] = (word & 3) == 0 ? EDGES[(word >> 2) % COUNT(EDGES)] : random_word();
  }
  return value;
}

void integer_operations(const struct vector_operation *operations, unsigned count, unsigned bytes) {
  for (unsigned index = 0; index < count; index++) {
    sum_begin();
    for (unsigned times = 0; times < 250; times++) {
      v128 operands[2] = {random_integers(), random_integers()};
      v128 result = operands[0];
      /* counts of shifts are small more often than not */
      if (times & 1) operands[1].d[0] &= 0x3f, operands[1].d[1] = 0;
      operations[index].run(&result, &operands[1]);
      sum(operands, 32, &result, bytes);
    }
    sum_end(operations[index].name);
  }
}
