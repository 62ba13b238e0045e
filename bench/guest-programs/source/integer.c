/* Integer arithmetic in registers and small tables. */
#include "program.h"

u32 run_alu(void) {
  u32 a = 1, b = 0x9e3779b9, c = 77;
  for (u32 round = 0; round < 45000000; round++) {
    a ^= a << 13;
    a ^= a >> 17;
    a ^= a << 5;
    b += (a << 7 | a >> 25) ^ c;
    c = c * 5 + b;
  }
  return mix(mix(a, b), c);
}

/* Collatz: the branches depend on the data. */
u32 run_branches(void) {
  u32 sum = 0;
  for (u32 start = 1; start < 500000; start++) {
    u32 steps = 0;
    for (u32 n = start; n != 1; steps++) {
      if (n & 1) {
        /* some leave 32 bits on the way; they end there, alike everywhere */
        if (n > 0x55555554) break;
        n = 3 * n + 1;
      } else
        n >>= 1;
    }
    sum = mix(sum, steps);
  }
  return sum;
}

u32 run_sieve(void) {
  enum { SIZE = 200000, ROUNDS = 70 };
  static u8 composite[SIZE];
  u32 sum = 0;
  for (u32 round = 0; round < ROUNDS; round++) {
    u32 primes = 0;
    for (u32 n = 0; n < SIZE; n++) composite[n] = 0;
    for (u32 n = 2; n < SIZE - round; n++) {
      if (composite[n]) continue;
      primes++;
      for (u32 multiple = n + n; multiple < SIZE; multiple += n) composite[multiple] = 1;
    }
    sum = mix(sum, primes);
  }
  return sum;
}

u32 run_crc32(void) {
  static u32 table[256];
  static u8 data[65536];
  for (u32 index = 0; index < 256; index++) {
    u32 value = index;
    for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
    table[index] = value;
  }
  random_seed(4);
  for (u32 index = 0; index < sizeof data; index++) data[index] = (u8)random_word();
  u32 crc = ~0u;
  for (u32 round = 0; round < 500; round++)
    for (u32 index = 0; index < sizeof data; index++) crc = crc >> 8 ^ table[(crc ^ data[index]) & 255];
  return ~crc;
}

/* Powers modulo a number, and quotients, in 64 bits: MUL, DIV, ADC, SHLD. */
u32 run_divide64(void) {
  u32 sum = 0;
  random_seed(5);
  for (u32 round = 0; round < 30000; round++) {
    u32 modulus = random_word() | 0x80000001, exponent = random_word();
    u64 base = random_word() % modulus, power = 1;
    for (; exponent; exponent >>= 1) {
      if (exponent & 1) power = power * base % modulus;
      base = base * base % modulus;
    }
    u64 wide = (u64)random_word() << 32 | modulus, divisor = (u64)(random_word() >> 12) << 32 | exponent | 1 | 1ull << 33;
    sum = mix(sum, (u32)power);
    sum = mix(sum, (u32)(wide / divisor) + (u32)(wide % divisor));
  }
  return sum;
}

static u32 rotate(u32 value, u32 count) { return value >> count | value << (32 - count); }

/* The compression function of FIPS 180-4, over blocks of its own state; constants from square roots of no primes. */
u32 run_sha256(void) {
  static u32 constants[64];
  u32 state[8], words[64];
  random_seed(6);
  for (u32 index = 0; index < 64; index++) constants[index] = random_word();
  for (u32 index = 0; index < 8; index++) state[index] = random_word();
  for (u32 block = 0; block < 60000; block++) {
    for (u32 t = 0; t < 16; t++) words[t] = state[t & 7] + block * t;
    for (u32 t = 16; t < 64; t++) {
      u32 x = words[t - 15], y = words[t - 2];
      words[t] = words[t - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + words[t - 7] + (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
    }
    u32 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (u32 t = 0; t < 64; t++) {
      u32 first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + constants[t] + words[t];
      u32 second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
  u32 sum = 0;
  for (u32 index = 0; index < 8; index++) sum = mix(sum, state[index]);
  return sum;
}
