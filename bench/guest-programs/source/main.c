/* `programs NAME`: runs one and prints its checksum. `list`: their names. `text BYTES SEED`: words, for the tools of BusyBox. */
#include "program.h"

enum { SYS_WRITE = 4 };

static const struct {
  const char *name;
  u32 (*run)(void);
} PROGRAMS[] = {
    {"alu", run_alu}, {"branches", run_branches}, {"sieve", run_sieve}, {"crc32", run_crc32},
    {"divide64", run_divide64}, {"sha256", run_sha256}, {"fib", run_fib}, {"virtual", run_virtual},
    {"bytecode", run_bytecode}, {"queens", run_queens}, {"mandelbrot", run_mandelbrot}, {"bodies", run_bodies},
    {"matrix", run_matrix}, {"trigonometry", run_trigonometry}, {"chase", run_chase}, {"copy", run_copy},
    {"unaligned", run_unaligned}, {"quicksort", run_quicksort}, {"search", run_search}, {"hash", run_hash},
    {"getppid", run_getppid}, {"int80", run_int80}, {"pipe", run_pipe}, {"fork", run_fork},
    {"exec", run_exec}, {"file", run_file}, {"pages", run_pages}, {"signal", run_signal},
};

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static u32 number_of(const char *text) {
  u32 value = 0;
  for (; *text; text++) value = value * 10 + (u32)(*text - '0');
  return value;
}

static void say(const char *text) {
  u32 length = 0;
  while (text[length]) length++;
  call_kernel(SYS_WRITE, 1, (u32)text, length, 0);
  call_kernel(SYS_WRITE, 1, (u32) "\n", 1, 0);
}

static void print(u32 value) {
  char line[9] = {0};
  for (int digit = 0; digit < 8; digit++) line[digit] = "0123456789abcdef"[value >> (28 - 4 * digit) & 15];
  say(line);
}

/* Words of a small vocabulary, some numbers, eight to a line. */
static void text(u32 bytes, u32 seed) {
  static char buffer[4096];
  u32 used = 0, words = 0;
  random_seed(seed);
  while (bytes > 0) {
    char word[12];
    u32 length = 0, which = random_word() & 1023, draw = which * 2654435761u;
    if (which < 100) {
      word[length++] = (char)('0' + which / 10);
      word[length++] = (char)('0' + which % 10);
    } else
      for (u32 letters = 2 + (draw >> 29); length < letters; length++, draw = draw * 1103515245u + 12345) word[length] = "etaoinshrdlucmfw"[draw >> 27 & 15];
    word[length++] = (++words & 7) == 0 ? '\n' : ' ';
    for (u32 at = 0; at < length && bytes > 0; at++, bytes--) {
      buffer[used++] = word[at];
      if (used < sizeof buffer && bytes > 1) continue;
      call_kernel(SYS_WRITE, 1, (u32)buffer, used, 0);
      used = 0;
    }
  }
}

int run(int count, char **arguments) {
  if (count == 4 && same(arguments[1], "text")) {
    text(number_of(arguments[2]), number_of(arguments[3]));
    return 0;
  }
  /* what `exec` starts */
  if (count == 3 && same(arguments[1], "exit")) return (int)number_of(arguments[2]);
  const int list = count == 2 && same(arguments[1], "list");
  for (u32 index = 0; count == 2 && index < COUNT(PROGRAMS); index++) {
    if (list) say(PROGRAMS[index].name);
    if (!same(arguments[1], PROGRAMS[index].name)) continue;
    print(PROGRAMS[index].run());
    return 0;
  }
  if (!list) fail("programs NAME | list | text BYTES SEED");
  return 0;
}
