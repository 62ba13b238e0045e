/*
 * Entry, system calls, output, checksums, operands, SIGFPE.
 * Source: Linux system call numbers and signal frames of i386 (arch/x86/include/uapi/asm/sigcontext.h): offsets below.
 */
#include "torture.h"

enum { SYS_EXIT = 1, SYS_WRITE = 4, SYS_SIGACTION = 174 };
enum { SIGFPE = 8, SA_SIGINFO = 4, SA_NODEFER = 0x40000000 };

static s32 call(u32 number, u32 a, u32 b, u32 c, u32 d) {
  s32 result;
  __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
  return result;
}

/* ── output ── */

static char buffer[4096];
static unsigned filled;

static void flush(void) {
  for (unsigned at = 0; at < filled;) {
    s32 written = call(SYS_WRITE, 1, (u32)buffer + at, filled - at, 0);
    if (written <= 0) call(SYS_EXIT, 2, 0, 0, 0);
    at += written;
  }
  filled = 0;
}

static void put(char letter) {
  if (filled == sizeof buffer) flush();
  buffer[filled++] = letter;
}

void print(const char *text) {
  while (*text) put(*text++);
}

void print_hex(u32 value, unsigned digits) {
  while (digits--) put("0123456789abcdef"[(value >> (4 * digits)) & 15]);
}

void print_decimal(u32 value) {
  if (value >= 10) print_decimal(value / 10);
  put('0' + value % 10);
}

static void head(const char *name) {
  print(name);
  print(": ");
}

void show(const char *name, const void *data, unsigned bytes) {
  head(name);
  while (bytes--) print_hex(((const u8 *)data)[bytes], 2);
  put('\n');
}

void show_of(const char *name, const f80 *number, u32 value) {
  print(name);
  print(" of ");
  print_hex(number->top, 4);
  print_hex(number->high, 8);
  print_hex(number->low, 8);
  print(": ");
  print_hex(value, 4);
  put('\n');
}

void show_word(const char *name, u32 value) { show(name, &value, 4); }
void show_long(const char *name, long double value) { show(name, &value, 10); }
void show_double(const char *name, double value) { show(name, &value, 8); }
void show_float(const char *name, float value) { show(name, &value, 4); }

void say(const char *name, const char *text) {
  head(name);
  print(text);
  put('\n');
}

/* ── checksums ── */

static int verbose;
static u32 checksum, summed;

void sum_begin(void) {
  checksum = 0x811c9dc5;
  summed = 0;
}

/* Any address will do. */
typedef struct {
  u32 value;
} __attribute__((packed, may_alias)) loose_word;

/* The last word may be short. */
static u32 word_at(const u8 *from, unsigned bytes) {
  if (bytes >= 4) return ((const loose_word *)from)->value;
  u32 word = 0;
  while (bytes--) word = word << 8 | from[bytes];
  return word;
}

static void show_words(const u8 *from, unsigned bytes) {
  for (unsigned at = 0; at < bytes; at += 4) {
    put(' ');
    print_hex(word_at(from + at, bytes - at), bytes - at < 4 ? 2 * (bytes - at) : 8);
  }
}

void sum(const void *operands, unsigned operand_bytes, const void *result, unsigned result_bytes) {
  if (verbose) {
    put(' ');
    print_decimal(summed);
    print(":");
    show_words(operands, operand_bytes);
    print(" ->");
    show_words(result, result_bytes);
    put('\n');
  }
  u32 state = checksum;
  for (unsigned at = 0; at < result_bytes; at += 4) state = (((state << 5) | (state >> 27)) ^ word_at((const u8 *)result + at, result_bytes - at)) * 0x9e3779b1;
  checksum = state;
  summed++;
}

void sum_end(const char *name) {
  head(name);
  print_hex(checksum, 8);
  print(" of ");
  print_decimal(summed);
  put('\n');
}

const char *labelled(const char *name, const char *first, const char *second) {
  static char label[64];
  unsigned at = 0;
  const char *const parts[] = {name, first, second};
  for (unsigned part = 0; part < 3; part++) {
    if (!parts[part]) continue;
    if (part > 0) label[at++] = '/';
    for (const char *from = parts[part]; *from && at < sizeof label - 2; from++) label[at++] = *from;
  }
  label[at] = 0;
  return label;
}

/* ── operands ── */

unsigned part;

static u32 random_state = 1;

void random_seed(u32 seed) { random_state = seed; }

u32 random_word(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static u32 random_mantissa(void) {
  u32 kind = random_word() & 7;
  if (kind == 0) return 0;
  if (kind == 1) return -1;
  if (kind == 2) return (u32)-1 << (random_word() & 31);
  if (kind == 3) return (u32)-1 >> (random_word() & 31);
  return random_word();
}

f80 random_long(void) {
  u32 kind = random_word() & 7;
  u32 exponent = random_word() & 0x7fff;
  if (kind < 4) exponent = 0x3fff - 40 + exponent % 80;
  if (kind == 4) exponent = exponent % 140;
  if (kind == 5) exponent = 0x7ffe - exponent % 140;
  f80 value = {random_mantissa(), random_mantissa() | 0x80000000, exponent | (random_word() & 0x8000)};
  return value;
}

double random_double(void) {
  union {
    u64 bits;
    double value;
  } it;
  u32 kind = random_word() & 7;
  u32 exponent = random_word() & 0x7ff;
  if (kind < 4) exponent = 0x3ff - 30 + exponent % 60;
  if (kind == 4) exponent = exponent % 60;
  if (kind == 5) exponent = 0x7fe - exponent % 60;
  u64 high = (exponent << 20) | (random_mantissa() >> 12) | (random_word() & 0x80000000);
  it.bits = high << 32 | random_mantissa();
  return it.value;
}

float random_float(void) {
  union {
    u32 bits;
    float value;
  } it;
  u32 kind = random_word() & 7;
  u32 exponent = random_word() & 0xff;
  if (kind < 4) exponent = 0x7f - 15 + exponent % 30;
  if (kind == 4) exponent = exponent % 28;
  if (kind == 5) exponent = 0xfe - exponent % 28;
  it.bits = (exponent << 23) | (random_mantissa() >> 9) | (random_word() & 0x80000000);
  return it.value;
}

const char *const ROUNDING_NAMES[4] = {"near", "down", "up", "zero"};
const char *const PRECISION_NAMES[3] = {"24", "53", "64"};

u16 control_word(unsigned rounding, unsigned precision) {
  static const u16 PRECISION[3] = {0, 0x200, 0x300};
  return 0x7f | PRECISION[precision] | rounding << 10;
}

/* ── features ── */

static u32 fxsave_area[128] __attribute__((aligned(16)));

static u32 find_features(void) {
  u32 before, after, top, signature, bits, junk;
  /* without CPUID the ID flag does not change */
  __asm__("pushfl; popl %0; movl %0,%1; xorl $0x200000,%1; pushl %1; popfl; pushfl; popl %1; pushl %0; popfl" : "=&r"(before), "=&r"(after));
  if (((before ^ after) & 0x200000) == 0) return 0;
  __asm__ volatile("cpuid" : "=a"(top), "=b"(junk), "=c"(junk), "=d"(bits) : "0"(0));
  if (top == 0) return 0;
  __asm__ volatile("cpuid" : "=a"(signature), "=b"(junk), "=c"(junk), "=d"(bits) : "0"(1));
  u32 found = 0;
  if (bits & 1 << 15) found |= NEEDS_CMOV;
  if (bits & 1 << 23) found |= NEEDS_MMX;
  if (bits & 1 << 24) found |= NEEDS_FXSR;
  if (bits & 1 << 25) found |= NEEDS_SSE;
  if (bits & 1 << 26) found |= NEEDS_SSE2;
  if ((found & NEEDS_FXSR) && (found & NEEDS_SSE)) {
    __asm__ volatile("fxsave %0" : "=m"(fxsave_area));
    if (fxsave_area[7] & 0x40) found |= NEEDS_DAZ;
  }
  return found;
}

u32 features(void) {
  static u32 known, found;
  if (!known) found = find_features();
  known = 1;
  return found;
}

/* ── SIGFPE ── */

struct trap trap;
static void *escape[5];
static int guarded;

enum { INFO_CODE = 2, CONTEXT_TRAP = 17, CONTEXT_EIP = 19, CONTEXT_FPU = 24, FPU_STACK = 7, FPU_STATUS = 27, FPU_MXCSR = 34 };

static void on_signal(int signal, const u32 *info, const u32 *context) {
  (void)signal;
  const u32 *fpu = (const u32 *)context[CONTEXT_FPU];
  if (!guarded) {
    print("SIGFPE outside of a trap\n");
    flush();
    call(SYS_EXIT, 3, 0, 0, 0);
  }
  trap.number = context[CONTEXT_TRAP];
  trap.code = info[INFO_CODE];
  trap.eip = context[CONTEXT_EIP];
  trap.control = fpu[0] & 0xffff;
  trap.status = fpu[1] & 0xffff;
  trap.tag = fpu[2] & 0xffff;
  trap.fip = fpu[3];
  trap.fcs = fpu[4];
  trap.fdp = fpu[5];
  trap.fds = fpu[6];
  for (unsigned index = 0; index < 8; index++) trap.stack[index] = ((const f80 *)(fpu + FPU_STACK))[index];
  /* the high half says whether an FXSAVE image follows */
  trap.mxcsr = (fpu[FPU_STATUS] >> 16) == 0 ? fpu[FPU_MXCSR] : 0;
  __builtin_longjmp(escape, 1);
}

static __attribute__((noinline)) void run_guarded(void (*body)(void *), void *argument) { body(argument); }

__attribute__((noinline)) int trapped(void (*body)(void *), void *argument) {
  static volatile int caught;
  caught = 0;
  guarded = 1;
  if (__builtin_setjmp(escape)) caught = 1;
  else run_guarded(body, argument);
  guarded = 0;
  __asm__ volatile("fninit");
  if (features() & NEEDS_SSE) {
    static const u32 mxcsr = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
  }
  return caught;
}

/* ── entry ── */

struct section {
  const char *name;
  void (*run)(void);
  u32 needs;
};

static const struct section SECTIONS[] = {
    {"x87-arithmetic", x87_arithmetic, 0},
    {"x87-remainder", x87_remainder, 0},
    {"x87-unary", x87_unary, 0},
    {"x87-compare", x87_compare, 0},
    {"x87-compare-flags", x87_compare_flags, NEEDS_CMOV},
    {"x87-load-store", x87_load_store, 0},
    {"x87-integer", x87_integer, 0},
    {"x87-decimal", x87_decimal, 0},
    {"x87-environment", x87_environment, 0},
    {"x87-stack", x87_stack, 0},
    {"x87-exceptions", x87_exceptions, 0},
    {"x87-transcendental", x87_transcendental, 0},
    {"x87-fxsave", x87_fxsave, NEEDS_FXSR},
    {"mmx-integer", mmx_integer, NEEDS_MMX},
    {"sse-integer", sse_integer, NEEDS_SSE | NEEDS_MMX},
    {"sse-arithmetic", sse_arithmetic, NEEDS_SSE},
    {"sse-flush", sse_flush, NEEDS_SSE},
    {"sse-daz", sse_daz, NEEDS_SSE | NEEDS_DAZ},
    {"sse-convert", sse_convert, NEEDS_SSE | NEEDS_MMX},
    {"sse-move", sse_move, NEEDS_SSE},
    {"sse-exceptions", sse_exceptions, NEEDS_SSE},
    {"sse2-arithmetic", sse2_arithmetic, NEEDS_SSE2},
    {"sse2-flush", sse2_flush, NEEDS_SSE2},
    {"sse2-daz", sse2_daz, NEEDS_SSE2 | NEEDS_DAZ},
    {"sse2-convert", sse2_convert, NEEDS_SSE2 | NEEDS_MMX},
    {"sse2-integer", sse2_integer, NEEDS_SSE2},
    {"sse2-exceptions", sse2_exceptions, NEEDS_SSE2},
    {"paranoia-x87", paranoia_x87, 0},
    {"paranoia-sse", paranoia_sse, NEEDS_SSE2},
    {"numerics-x87", numerics_x87, 0},
    {"numerics-sse", numerics_sse, NEEDS_SSE2},
};

static const char *const NEED_NAMES[] = {"CMOV", "MMX", "SSE", "SSE2", "DAZ", "FXSR"};

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static void name_needs(u32 needs) {
  for (unsigned need = 0; need < COUNT(NEED_NAMES); need++) {
    if ((needs & 1u << need) == 0) continue;
    put(' ');
    print(NEED_NAMES[need]);
  }
  put('\n');
}

static void run_section(const struct section *section) {
  print("== ");
  print(section->name);
  name_needs(section->needs);
  u32 missing = section->needs & ~features();
  if (missing == 0) {
    random_seed(0x2545f491);
    part = 0;
    /* nothing is left from another section, not even in empty registers */
    __asm__ volatile("fninit; fldz; fldz; fldz; fldz; fldz; fldz; fldz; fldz; fninit");
    section->run();
  } else {
    print("skipped, the processor has no");
    name_needs(missing);
  }
  flush();
}

/* float-torture [-v] [SECTION...] */
__attribute__((used, noreturn)) void start(s32 *stack) {
  char **arguments = (char **)(stack + 1);
  char **end = arguments + stack[0];
  u32 action[5] = {(u32)on_signal, SA_SIGINFO | SA_NODEFER, 0, 0, 0};
  call(SYS_SIGACTION, SIGFPE, (u32)action, 0, 8);
  char **chosen = arguments + 1;
  if (chosen < end && same(*chosen, "-v")) {
    verbose = 1;
    chosen++;
  }
  s32 status = 0;
  if (chosen >= end)
    for (unsigned index = 0; index < COUNT(SECTIONS); index++) run_section(SECTIONS + index);
  for (; chosen < end; chosen++) {
    unsigned index = 0;
    while (index < COUNT(SECTIONS) && !same(*chosen, SECTIONS[index].name)) index++;
    if (index < COUNT(SECTIONS)) run_section(SECTIONS + index);
    else {
      say("no such section", *chosen);
      status = 1;
    }
  }
  flush();
  call(SYS_EXIT, status, 0, 0, 0);
  for (;;)
    ;
}

__asm__(".globl _start\n_start: xorl %ebp,%ebp\n movl %esp,%eax\n andl $-16,%esp\n subl $12,%esp\n pushl %eax\n call start\n");
