/* Start, system calls, random numbers, and the functions the compiler may call. */
#include "program.h"

enum { AT_SYSINFO = 32 };

void kernel_by_int80(void);
/* The kernel's entry for this processor, from the auxiliary vector. */
static void (*kernel_entry)(void) = kernel_by_int80;

__asm__(".text\nkernel_by_int80: int $0x80\n ret\n");

s32 call_kernel(u32 number, u32 a, u32 b, u32 c, u32 d) {
  s32 result;
  __asm__ volatile("call *%[entry]" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), [entry] "m"(kernel_entry) : "memory", "cc");
  return result;
}

s32 call_kernel_int80(u32 number, u32 a, u32 b, u32 c) {
  s32 result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "cc");
  return result;
}

enum { SYS_EXIT = 1, SYS_WRITE = 4 };

static u32 length_of(const char *text) {
  u32 length = 0;
  while (text[length]) length++;
  return length;
}

void fail(const char *what) {
  call_kernel(SYS_WRITE, 2, (u32)what, length_of(what), 0);
  call_kernel(SYS_WRITE, 2, (u32) "\n", 1, 0);
  for (;;) call_kernel(SYS_EXIT, 1, 0, 0, 0);
}

static u32 random_state;

void random_seed(u32 seed) { random_state = seed * 2654435761u + 1; }

/* G. Marsaglia, "Xorshift RNGs", 2003. */
u32 random_word(void) {
  u32 x = random_state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return random_state = x;
}

void *memcpy(void *to, const void *from, u32 count) {
  void *start = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
  return start;
}

void *memset(void *to, int value, u32 count) {
  void *start = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
  return start;
}

/* 64 by 64 bits, for the compiler: two divisions where the divisor has 32 bits, bit by bit where it has more. */
u64 __udivmoddi4(u64 dividend, u64 divisor, u64 *remainder) {
  u64 quotient = 0;
  u32 high = (u32)(dividend >> 32), low = (u32)dividend, by = (u32)divisor;
  if (divisor >> 32 == 0) {
    u32 q, r = high % by;
    quotient = (u64)(high / by) << 32;
    __asm__("divl %4" : "=a"(q), "=d"(r) : "0"(low), "1"(r), "rm"(by) : "cc");
    *remainder = r;
    return quotient | q;
  }
  /* the divisor is above 2^32, so the quotient has 32 bits at most */
  u64 rest = high;
  for (int bit = 31; bit >= 0; bit--) {
    rest = rest << 1 | (low >> bit & 1);
    quotient <<= 1;
    if (rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
  }
  *remainder = rest;
  return quotient;
}

u64 __udivdi3(u64 dividend, u64 divisor) {
  u64 remainder;
  return __udivmoddi4(dividend, divisor, &remainder);
}

u64 __umoddi3(u64 dividend, u64 divisor) {
  u64 remainder;
  __udivmoddi4(dividend, divisor, &remainder);
  return remainder;
}

const char *own_path;
int run(int count, char **arguments);

__attribute__((used)) static void begin(u32 *stack) {
  u32 count = *stack;
  char **arguments = (char **)(stack + 1);
  u32 *word = stack + count + 2;
  while (*word) word++;
  for (word++; word[0]; word += 2)
    if (word[0] == AT_SYSINFO) kernel_entry = (void (*)(void))word[1];
  own_path = arguments[0];
  u32 status = (u32)run((int)count, arguments);
  for (;;) call_kernel(SYS_EXIT, status, 0, 0, 0);
}

__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call begin\n");
