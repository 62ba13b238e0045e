/*
 * What arithmetic this is, found out with arithmetic alone, in the manner of W. Kahan's "Paranoia" (its ideas as told
 * by R. Karpinski, BYTE, February 1985). For one type: REAL, ROOT, SHOW, NAME as in numerics.h; DIGITS, its precision.
 */

static int NAME(failures);

static void NAME(check)(int holds, const char *what) {
  if (holds) return;
  NAME(failures)++;
  say("FAILS", what);
}

static void NAME(paranoia)(const char *type) {
  /* volatile: rounded to the type at each assignment, and nothing known to the compiler */
  volatile REAL one = 1, two = 2, three = 3, half = one / two, zero = 0, x, y, z, t;
  say("type", type);
  NAME(failures) = 0;

  /* small integers are exact */
  for (int i = -50; i <= 50; i++) {
    x = i;
    y = i + 1;
    x = x + one;
    NAME(check)(x == y, "i + 1");
    z = x * x;
    t = (i + 1) * (i + 1);
    NAME(check)(z == t, "i * i");
    if (i != -1) {
      z = z / x;
      NAME(check)(z == x, "i * i / i");
    }
  }

  /* radix: the least power of two to which one can be added without effect, and what then is the next number */
  volatile REAL wide = one;
  do {
    wide = wide + wide;
    y = wide + one;
    z = y - wide;
    y = z - one;
  } while (y == zero);
  y = one;
  volatile REAL radix;
  do {
    radix = wide + y;
    y = y + y;
    radix = radix - wide;
  } while (radix == zero);
  SHOW("radix", radix);
  u32 digits = 0;
  volatile REAL power = one;
  do {
    digits++;
    power = power * radix;
    y = power + one;
    z = y - power;
  } while (z == one);
  show_word("digits", digits);
  NAME(check)(digits == DIGITS, "digits");
  volatile REAL ulp = one / power;
  volatile REAL ulp_below = ulp;
  ulp = ulp * radix;
  SHOW("distance above one", ulp);
  SHOW("distance below one", ulp_below);

  /* guard digits: subtraction, multiplication and division lose nothing next to one */
  x = one - ulp_below;
  NAME(check)(x < one, "1 - u < 1");
  y = one - x;
  NAME(check)(y == ulp_below, "1 - (1 - u)");
  y = one + ulp;
  z = y - one;
  NAME(check)(z == ulp, "(1 + u) - 1");
  z = y * one;
  NAME(check)(z == y, "(1 + u) * 1");
  z = y / one;
  NAME(check)(z == y, "(1 + u) / 1");
  z = x / x;
  NAME(check)(z == one, "x / x");
  z = y / x;
  t = one + ulp;
  t = t + ulp_below;
  NAME(check)(z >= t, "(1 + u) / (1 - u)");
  z = one / three;
  t = z * three;
  t = t - one;
  SHOW("1 / 3 * 3 - 1", t);
  t = 4 * one / three - one;
  t = t * three - one;
  SHOW("(4 / 3 - 1) * 3 - 1", t);

  /* rounding: to the nearest, halfway to even; a sticky bit below the guard digits */
  x = one + ulp_below;
  NAME(check)(x == one, "halfway goes to even, down");
  x = one + ulp;
  x = x + ulp_below;
  y = one + ulp;
  y = y + ulp;
  NAME(check)(x == y, "halfway goes to even, up");
  x = ulp_below * (one + ulp);
  x = one + x;
  y = one + ulp;
  SHOW("above halfway", x);
  x = ulp_below * (one - ulp_below);
  x = one + x;
  NAME(check)(x == one, "below halfway");
  x = (one + ulp) * (one - ulp_below);
  SHOW("(1 + u) * (1 - u/2)", x);
  x = one - ulp * ulp;
  NAME(check)(x == one, "sticky subtraction");

  /* commutation, square roots of squares, monotony */
  random_seed(1234567);
  u32 sticky = 0;
  for (int i = 0; i < 200; i++) {
    x = (REAL)(random_word() >> 1) / (random_word() | 1);
    y = (REAL)(random_word() >> 1) / (random_word() | 1);
    z = x * y;
    t = y * x;
    NAME(check)(z == t, "x * y == y * x");
    z = x - y;
    t = y - x;
    t = -t;
    NAME(check)(z == t, "x - y == -(y - x)");
    t = x / y;
    t = t * y;
    sticky = sticky * 3 + (t == x);
    z = random_word() >> 21;
    t = z * z;
    t = ROOT(t);
    NAME(check)(t == z, "root of a square");
    t = ROOT(x);
    z = x + x * ulp;
    z = ROOT(z);
    NAME(check)(z >= t, "roots rise");
  }
  show_word("x / y * y == x", sticky);
  x = 2;
  x = ROOT(x);
  SHOW("root of 2", x);
  z = x * x;
  SHOW("its square", z);
  x = one - ulp_below;
  x = ROOT(x);
  SHOW("root below one", x);
  x = one + ulp;
  x = ROOT(x);
  SHOW("root above one", x);

  /* the smallest numbers: do they fade away, and is a difference zero only between equals? */
  x = one;
  do {
    y = x;
    x = x * half;
    z = x + x;
  } while (z == y && x > zero);
  volatile REAL tiny = y;
  SHOW("smallest", tiny);
  x = one;
  do {
    y = x;
    x = x * half;
    t = x * (one + ulp);
    z = t - x;
  } while (z != zero);
  SHOW("smallest at full precision", y);
  z = y * (one + ulp);
  t = z - y;
  SHOW("difference there", t);
  x = tiny + tiny;
  x = x + tiny;
  z = x * half;
  SHOW("half of three times the smallest", z);
  z = tiny / two;
  NAME(check)(z == zero, "half of the smallest");
  z = -tiny;
  z = z / two;
  SHOW("its negative", z);
  t = one / z;
  SHOW("its reciprocal", t);

  /* the largest, and beyond */
  x = one;
  do {
    y = x;
    x = x * radix;
    z = x / radix;
  } while (z == y);
  SHOW("beyond the largest", x);
  t = one - ulp_below;
  t = y * t;
  t = t * radix;
  SHOW("largest", t);
  z = t + t * ulp;
  SHOW("largest and a bit", z);
  x = -x;
  SHOW("negative", x);
  z = x + one;
  NAME(check)(z == x, "infinity and one");
  z = one / x;
  SHOW("its reciprocal", z);
  z = x - x;
  SHOW("infinity - infinity", z);
  NAME(check)(!(z == z), "what is not a number equals nothing");
  NAME(check)(!(z < one) && !(z > one), "and is not ordered");
  z = zero / zero;
  SHOW("0 / 0", z);
  z = ROOT(-one);
  SHOW("root of -1", z);
  z = -zero;
  z = ROOT(z);
  SHOW("root of -0", z);
  z = one / zero;
  SHOW("1 / 0", z);
  z = zero - zero;
  SHOW("0 - 0", z);
  show_word("failures", NAME(failures));
}
