/* Floating point on the x87. Variables are doubles, so what the compiler keeps in registers is the same for all who run it. */
#include "program.h"

static u32 mix_double(u32 sum, double value) {
  union {
    double value;
    u32 words[2];
  } bits = {value};
  return mix(mix(sum, bits.words[0]), bits.words[1]);
}

static double root(double x) {
  __asm__("fsqrt" : "+t"(x));
  return x;
}

u32 run_mandelbrot(void) {
  enum { WIDTH = 160, HEIGHT = 100, MOST = 200 };
  u32 sum = 0;
  for (u32 y = 0; y < HEIGHT; y++)
    for (u32 x = 0; x < WIDTH; x++) {
      double cr = 3.0 * x / WIDTH - 2.25, ci = 2.4 * y / HEIGHT - 1.2, zr = 0, zi = 0;
      u32 count = 0;
      for (; count < MOST; count++) {
        double rr = zr * zr, ii = zi * zi;
        if (rr + ii > 4) break;
        zi = 2 * zr * zi + ci;
        zr = rr - ii + cr;
      }
      sum = mix(sum, count);
    }
  return sum;
}

u32 run_bodies(void) {
  enum { N = 5, STEPS = 20000 };
  static double mass[N], at[N][3], speed[N][3];
  random_seed(9);
  for (u32 i = 0; i < N; i++) {
    mass[i] = i == 0 ? 30 : (random_word() & 255) / 4096.0 + 0.01;
    for (u32 k = 0; k < 3; k++) {
      at[i][k] = i == 0 ? 0 : 3.0 * i + (random_word() & 255) / 256.0;
      speed[i][k] = i == 0 ? 0 : (random_word() & 255) / 128.0 - 1;
    }
  }
  for (u32 step = 0; step < STEPS; step++) {
    for (u32 i = 0; i < N; i++)
      for (u32 j = i + 1; j < N; j++) {
        double x = at[i][0] - at[j][0], y = at[i][1] - at[j][1], z = at[i][2] - at[j][2];
        double square = x * x + y * y + z * z + 0.01, pull = 0.001 / (square * root(square));
        double toJ = mass[j] * pull, toI = mass[i] * pull;
        speed[i][0] -= x * toJ, speed[i][1] -= y * toJ, speed[i][2] -= z * toJ;
        speed[j][0] += x * toI, speed[j][1] += y * toI, speed[j][2] += z * toI;
      }
    for (u32 i = 0; i < N; i++)
      for (u32 k = 0; k < 3; k++) at[i][k] += 0.001 * speed[i][k];
  }
  u32 sum = 0;
  for (u32 i = 0; i < N; i++)
    for (u32 k = 0; k < 3; k++) sum = mix_double(sum, at[i][k]);
  return sum;
}

u32 run_matrix(void) {
  enum { N = 96, ROUNDS = 4 };
  static double a[N][N], b[N][N], c[N][N];
  random_seed(10);
  for (u32 i = 0; i < N; i++)
    for (u32 j = 0; j < N; j++) {
      a[i][j] = (random_word() & 1023) / 1024.0;
      b[i][j] = (random_word() & 1023) / 1024.0;
    }
  for (u32 round = 0; round < ROUNDS; round++) {
    for (u32 i = 0; i < N; i++)
      for (u32 j = 0; j < N; j++) {
        double dot = 0;
        for (u32 k = 0; k < N; k++) dot += a[i][k] * b[k][j];
        c[i][j] = dot / N;
      }
    for (u32 i = 0; i < N; i++)
      for (u32 j = 0; j < N; j++) a[i][j] = a[i][j] / 2 + c[j][i];
  }
  u32 sum = 0;
  for (u32 i = 0; i < N; i++)
    for (u32 j = 0; j < N; j++) sum = mix_double(sum, a[i][j]);
  return sum;
}

/* Last bits of these functions are the processor's own affair: the result is compared to six digits. */
u32 run_trigonometry(void) {
  double total = 0;
  for (u32 round = 0; round < 200000; round++) {
    double x = round * 0.0001 - 10, sine, cosine, angle, logarithm;
    __asm__("fsincos" : "=t"(cosine), "=u"(sine) : "0"(x));
    __asm__("fpatan" : "=t"(angle) : "0"(cosine + 2), "u"(sine) : "st(1)");
    __asm__("fyl2x" : "=t"(logarithm) : "0"(cosine + 3), "u"(1.0) : "st(1)");
    total += sine * sine + cosine * 0.5 + angle * 0.25 + logarithm;
  }
  return (u32)(s32)(total * 16 + 0.5);
}
