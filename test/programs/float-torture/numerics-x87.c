/* The programs of numerics.h and paranoia.h as the x87 runs them, in three types. */
#include "torture.h"

/* the instruction itself: the compiler would have a library's function for the shorter types */
static inline long double root(long double value) {
  __asm__("fsqrt" : "+t"(value));
  return value;
}

#define REAL float
#define REAL_BYTES 4
#define DIGITS 24
#define ROOT(x) ((float)root(x))
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
#define ROOT(x) ((double)root(x))
#define SHOW(name, value) show_double(name, value)
#define NAME(name) double_##name
#include "numerics.h"
#include "paranoia.h"
#undef REAL
#undef REAL_BYTES
#undef DIGITS
#undef ROOT
#undef SHOW
#undef NAME

#define REAL long double
#define REAL_BYTES 10
#define DIGITS 64
#define ROOT(x) root(x)
#define SHOW(name, value) show_long(name, value)
#define NAME(name) long_##name
#include "numerics.h"
#include "paranoia.h"

void numerics_x87(void) {
  float_numerics("float");
  double_numerics("double");
  long_numerics("long double");
}

/* With the unit's precision set to the type's: what lies between assignments has a wider exponent and nothing else. */
void paranoia_x87(void) {
  u16 control = control_word(0, 0);
  __asm__ volatile("fldcw %0" : : "m"(control));
  float_paranoia("float");
  control = control_word(0, 1);
  __asm__ volatile("fldcw %0" : : "m"(control));
  double_paranoia("double");
  __asm__ volatile("fninit");
  long_paranoia("long double");
  float_paranoia("float, extended precision");
  double_paranoia("double, extended precision");
}
