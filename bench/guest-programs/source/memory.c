/* Loads and stores: latency, bulk, every alignment. */
#include "program.h"

/* One pointer after another through 1 MiB, more pages than a small TLB holds. */
u32 run_chase(void) {
  enum { ENTRIES = 1 << 18 };
  static u32 next[ENTRIES];
  for (u32 index = 0; index < ENTRIES; index++) next[index] = index;
  random_seed(11);
  /* S. Sattolo's shuffle: one cycle through all */
  for (u32 index = ENTRIES - 1; index > 0; index--) {
    u32 other = random_word() % index, kept = next[index];
    next[index] = next[other];
    next[other] = kept;
  }
  u32 at = 0;
  for (u32 step = 0; step < 8000000; step++) at = next[at];
  return at;
}

static u8 from_area[1 << 18], to_area[1 << 18];

static void move_bytes(u8 *to, const u8 *from, u32 count) { __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory"); }
static void move_words(u8 *to, const u8 *from, u32 count) { __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory"); }
static void fill_words(u8 *to, u32 value, u32 count) { __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(value) : "memory"); }

/* MOVS and STOS, of short runs and long ones. */
u32 run_copy(void) {
  u32 sum = 0;
  random_seed(12);
  for (u32 index = 0; index < sizeof from_area; index++) from_area[index] = (u8)random_word();
  for (u32 round = 0; round < 1000; round++) {
    move_words(to_area, from_area, sizeof to_area / 4);
    move_bytes(to_area + 1, from_area + 4099, 20000);
    fill_words(to_area + 65536, round, 16384);
    for (u32 index = 0; index < 500; index++) {
      u32 draw = random_word();
      move_bytes(to_area + (draw & 0x3ffff & ~127u), from_area + (draw >> 14), draw & 127);
    }
    sum = mix(sum, to_area[round * 131] | (u32)to_area[round * 17 + 65535] << 8);
  }
  return sum;
}

struct __attribute__((packed)) unaligned {
  u32 word;
};

/* Words off their boundaries, some across pages. */
u32 run_unaligned(void) {
  u32 sum = 0;
  for (u32 index = 0; index < sizeof from_area; index++) from_area[index] = (u8)(index * 7);
  for (u32 round = 0; round < 500; round++) {
    u32 shift = 1 + (round & 3);
    for (u32 index = 0; index + 8 < sizeof from_area; index += 4) {
      u32 word = ((const struct unaligned *)(from_area + index + shift))->word;
      ((struct unaligned *)(to_area + index + 3))->word = word + round;
      sum += word;
    }
    sum = mix(sum, to_area[round * 500 + 3]);
  }
  return sum;
}

static NOINLINE void quicksort(u32 *first, u32 *last) {
  while (last - first > 12) {
    u32 pivot = first[(last - first) / 2], *left = first, *right = last;
    do {
      while (*left < pivot) left++;
      while (pivot < *right) right--;
      if (left <= right) {
        u32 kept = *left;
        *left++ = *right;
        *right-- = kept;
      }
    } while (left <= right);
    quicksort(first, right);
    first = left;
  }
  for (u32 *place = first + 1; place <= last; place++) {
    u32 value = *place, *hole = place;
    for (; hole > first && value < hole[-1]; hole--) *hole = hole[-1];
    *hole = value;
  }
}

u32 run_quicksort(void) {
  enum { SIZE = 100000, ROUNDS = 6 };
  static u32 values[SIZE];
  u32 sum = 0;
  random_seed(13);
  for (u32 round = 0; round < ROUNDS; round++) {
    for (u32 index = 0; index < SIZE; index++) values[index] = random_word();
    quicksort(values, values + SIZE - 1);
    for (u32 index = 1; index < SIZE; index++) {
      if (values[index - 1] > values[index]) fail("not sorted");
      sum = mix(sum, values[index]);
    }
  }
  return sum;
}

/* Where short strings are in a long one: byte loads and compares. */
u32 run_search(void) {
  static u8 text[1 << 18];
  u32 sum = 0;
  random_seed(14);
  for (u32 index = 0; index < sizeof text; index++) text[index] = "etaoinshrdlu    "[random_word() >> 28];
  for (u32 round = 0; round < 60; round++) {
    u8 wanted[6];
    u32 length = 3 + round % 3;
    for (u32 index = 0; index < length; index++) wanted[index] = text[round * 997 + index];
    for (u32 at = 0; at + length <= sizeof text; at++) {
      u32 equal = 0;
      while (equal < length && text[at + equal] == wanted[equal]) equal++;
      if (equal == length) sum = mix(sum, at);
    }
  }
  return sum;
}

/* A table of 4 MiB, met at random: most accesses to another page. */
u32 run_hash(void) {
  enum { SLOTS = 1 << 19, KEYS = 200000 };
  static struct {
    u32 key, count;
  } slots[SLOTS];
  u32 sum = 0;
  random_seed(15);
  for (u32 round = 0; round < 8 * KEYS; round++) {
    u32 key = random_word() % KEYS + 1, at = key * 2654435761u >> 13;
    while (slots[at].key != 0 && slots[at].key != key) at = (at + 1) & (SLOTS - 1);
    slots[at].key = key;
    sum += ++slots[at].count;
  }
  return sum;
}
