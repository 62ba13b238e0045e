/* The programs of numerics.h and paranoia.h with SSE2 arithmetic. The compiler is told so for this file alone. */
#pragma GCC target("sse2,fpmath=sse")
#include "torture.h"

#define REAL float
#define REAL_BYTES 4
#define DIGITS 24
#define ROOT(x) __builtin_sqrtf(x)
#define SHOW(name, value) show_float(name, value)
#define NAME(name) float_##name
#include "numerics.h"
#include "paranoia.h"
#undef REAL
#undef REAL_BYTES
#undef DIGITS
#undef ROOT
#undef SHOW
#undef NAME

#define REAL double
#define REAL_BYTES 8
#define DIGITS 53
#define ROOT(x) __builtin_sqrt(x)
#define SHOW(name, value) show_double(name, value)
#define NAME(name) double_##name
#include "numerics.h"
#include "paranoia.h"

void numerics_sse(void) {
  float_numerics("float");
  double_numerics("double");
}

void paranoia_sse(void) {
  float_paranoia("float");
  double_paranoia("double");
}
