/* Calls, returns and indirect jumps. */
#include "program.h"

static NOINLINE u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

u32 run_fib(void) {
  u32 sum = 0;
  for (u32 n = 10; n <= 33; n++) sum = mix(sum, fib(n));
  return sum;
}

/* Objects of several classes in one list: what a virtual call compiles to. */
struct shape;
struct methods {
  u32 (*area)(const struct shape *);
  void (*grow)(struct shape *, u32);
};
struct shape {
  const struct methods *methods;
  u32 width, height;
};

static u32 area_of_box(const struct shape *shape) { return shape->width * shape->height; }
static u32 area_of_triangle(const struct shape *shape) { return shape->width * shape->height / 2; }
static u32 area_of_ring(const struct shape *shape) { return 3 * (shape->width * shape->width - shape->height * shape->height); }
static u32 area_of_point(const struct shape *shape) { return shape->width ^ shape->height; }
static void grow_wider(struct shape *shape, u32 by) { shape->width += by; }
static void grow_higher(struct shape *shape, u32 by) { shape->height += by; }
static void grow_both(struct shape *shape, u32 by) {
  shape->width += by;
  shape->height += by >> 1;
}

u32 run_virtual(void) {
  static const struct methods CLASSES[] = {
      {area_of_box, grow_wider}, {area_of_triangle, grow_higher}, {area_of_ring, grow_both}, {area_of_point, grow_wider}, {area_of_box, grow_both}};
  static struct shape shapes[256];
  random_seed(8);
  for (u32 index = 0; index < COUNT(shapes); index++) shapes[index] = (struct shape){&CLASSES[random_word() % COUNT(CLASSES)], random_word() & 255, random_word() & 255};
  u32 sum = 0;
  for (u32 round = 0; round < 28000; round++) {
    struct shape *shape = shapes;
    for (u32 index = 0; index < COUNT(shapes); index++, shape++) {
      sum += shape->methods->area(shape);
      if ((index ^ round) & 1) shape->methods->grow(shape, sum & 15);
    }
  }
  return sum;
}

/* A machine with a stack: one indirect jump for each of its instructions. */
enum { PUSH, LOAD, STORE, ADD, SUB, MUL, XOR, SHIFT, LESS, JUMP_IF, JUMP, END };

u32 run_bytecode(void) {
  /* i = 0; do { s = (s ^ i) + (s >> 3) * 5 - i * s; i++ } while (i < n); */
  static const s32 CODE[] = {LOAD, 1, LOAD, 0, XOR, LOAD, 1, PUSH, 3, SHIFT, PUSH, 5, MUL, ADD, LOAD, 0, LOAD, 1, MUL, SUB, STORE, 1,
                             LOAD, 0, PUSH, 1, ADD, STORE, 0, LOAD, 0, LOAD, 2, LESS, JUMP_IF, 0, JUMP, 38, END};
  u32 sum = 0;
  for (u32 round = 0; round < 4; round++) {
    u32 stack[16], variables[3] = {0, round + 1, 300000}, top = 0, at = 0;
    for (;;) {
      switch (CODE[at++]) {
        case PUSH: stack[top++] = (u32)CODE[at++]; continue;
        case LOAD: stack[top++] = variables[CODE[at++]]; continue;
        case STORE: variables[CODE[at++]] = stack[--top]; continue;
        case ADD: top--; stack[top - 1] += stack[top]; continue;
        case SUB: top--; stack[top - 1] -= stack[top]; continue;
        case MUL: top--; stack[top - 1] *= stack[top]; continue;
        case XOR: top--; stack[top - 1] ^= stack[top]; continue;
        case SHIFT: top--; stack[top - 1] >>= stack[top] & 31; continue;
        case LESS: top--; stack[top - 1] = stack[top - 1] < stack[top]; continue;
        case JUMP_IF: at = stack[--top] ? (u32)CODE[at] : at + 1; continue;
        case JUMP: at = (u32)CODE[at]; continue;
        case END: break;
      }
      break;
    }
    sum = mix(sum, variables[1]);
  }
  return sum;
}

/* Queens on a board: recursion with a loop at each level. */
static NOINLINE u32 queens(u32 full, u32 columns, u32 left, u32 right) {
  if (columns == full) return 1;
  u32 solutions = 0;
  for (u32 free = full & ~(columns | left | right); free;) {
    u32 place = free & -free;
    free ^= place;
    solutions += queens(full, columns | place, (left | place) << 1, (right | place) >> 1);
  }
  return solutions;
}

u32 run_queens(void) {
  u32 sum = 0;
  for (u32 round = 0; round < 3; round++)
    for (u32 size = 4; size <= 12; size++) sum = mix(sum, queens((1u << size) - 1, 0, 0, 0));
  return sum;
}
