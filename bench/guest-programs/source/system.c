/* System calls, processes, page faults and signals. Nothing printed depends on a process number or on a time. */
#include "program.h"

enum {
  SYS_EXIT = 1,
  SYS_FORK = 2,
  SYS_READ = 3,
  SYS_WRITE = 4,
  SYS_OPEN = 5,
  SYS_CLOSE = 6,
  SYS_WAITPID = 7,
  SYS_UNLINK = 10,
  SYS_EXECVE = 11,
  SYS_LSEEK = 19,
  SYS_GETPID = 20,
  SYS_KILL = 37,
  SYS_PIPE = 42,
  SYS_GETPPID = 64,
  SYS_MMAP = 90,
  SYS_MUNMAP = 91,
  SYS_RT_SIGACTION = 174,
  SYS_STAT64 = 195,
};

enum { O_RDWR = 2, O_CREAT = 0100, O_TRUNC = 01000 };
enum { PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 32 };
enum { SIGUSR1 = 10, SA_RESTORER = 0x04000000 };

static u32 must(s32 result, const char *what) {
  if (result < 0) fail(what);
  return (u32)result;
}

u32 run_getppid(void) {
  u32 same = 0, first = (u32)call_kernel(SYS_GETPPID, 0, 0, 0, 0);
  for (u32 round = 0; round < 200000; round++) same += (u32)call_kernel(SYS_GETPPID, 0, 0, 0, 0) == first;
  return same;
}

u32 run_int80(void) {
  u32 same = 0, first = (u32)call_kernel_int80(SYS_GETPPID, 0, 0, 0);
  for (u32 round = 0; round < 200000; round++) same += (u32)call_kernel_int80(SYS_GETPPID, 0, 0, 0) == first;
  return same;
}

static void await_child(u32 child, u32 *sum) {
  u32 status = 0;
  if (call_kernel(SYS_WAITPID, child, (u32)&status, 0, 0) != (s32)child) fail("waitpid");
  *sum = mix(*sum, status);
}

/* A token goes to and fro between two processes: two context switches a round. */
u32 run_pipe(void) {
  enum { ROUNDS = 5000 };
  u32 there[2], back[2], token = 1, sum = 0;
  must(call_kernel(SYS_PIPE, (u32)there, 0, 0, 0), "pipe");
  must(call_kernel(SYS_PIPE, (u32)back, 0, 0, 0), "pipe");
  u32 child = must(call_kernel(SYS_FORK, 0, 0, 0, 0), "fork");
  if (child == 0) {
    for (u32 round = 0; round < ROUNDS; round++) {
      if (call_kernel(SYS_READ, there[0], (u32)&token, 4, 0) != 4) fail("read");
      token = mix(token, round);
      if (call_kernel(SYS_WRITE, back[1], (u32)&token, 4, 0) != 4) fail("write");
    }
    call_kernel(SYS_EXIT, 7, 0, 0, 0);
  }
  for (u32 round = 0; round < ROUNDS; round++) {
    if (call_kernel(SYS_WRITE, there[1], (u32)&token, 4, 0) != 4) fail("write");
    if (call_kernel(SYS_READ, back[0], (u32)&token, 4, 0) != 4) fail("read");
  }
  await_child(child, &sum);
  return mix(sum, token);
}

u32 run_fork(void) {
  u32 sum = 0;
  for (u32 round = 0; round < 400; round++) {
    u32 child = must(call_kernel(SYS_FORK, 0, 0, 0, 0), "fork");
    if (child == 0) call_kernel(SYS_EXIT, round & 127, 0, 0, 0);
    await_child(child, &sum);
  }
  return sum;
}

u32 run_exec(void) {
  static char *const ENVIRONMENT[] = {0};
  u32 sum = 0;
  for (u32 round = 0; round < 150; round++) {
    u32 child = must(call_kernel(SYS_FORK, 0, 0, 0, 0), "fork");
    if (child == 0) {
      char status[3] = {(char)('0' + round / 10 % 10), (char)('0' + round % 10), 0};
      const char *arguments[] = {own_path, "exit", status, 0};
      call_kernel(SYS_EXECVE, (u32)own_path, (u32)arguments, (u32)ENVIRONMENT, 0);
      fail("execve");
    }
    await_child(child, &sum);
  }
  return sum;
}

/* Files in memory: made, written, read again, asked about and removed. */
u32 run_file(void) {
  static const char PATH[] = "/tmp/rivals-file";
  static u8 block[4096], state[128];
  u32 sum = 0;
  for (u32 round = 0; round < 200; round++) {
    u32 file = must(call_kernel(SYS_OPEN, (u32)PATH, O_RDWR | O_CREAT | O_TRUNC, 0600, 0), "open");
    for (u32 part = 0; part < 16; part++) {
      block[part * 100] = (u8)(round + part);
      if (call_kernel(SYS_WRITE, file, (u32)block, sizeof block - part * 8, 0) != (s32)(sizeof block - part * 8)) fail("write");
    }
    must(call_kernel(SYS_LSEEK, file, 0, 0, 0), "lseek");
    for (u32 part = 0; part < 60; part++) {
      u32 count = must(call_kernel(SYS_READ, file, (u32)block, 1000 + part, 0), "read");
      sum = mix(sum, count << 8 | block[part]);
    }
    must(call_kernel(SYS_CLOSE, file, 0, 0, 0), "close");
    for (u32 times = 0; times < 20; times++) must(call_kernel(SYS_STAT64, (u32)PATH, (u32)state, 0, 0), "stat64");
    must(call_kernel(SYS_UNLINK, (u32)PATH, 0, 0, 0), "unlink");
  }
  return sum;
}

/* Memory that comes page by page, one fault each. */
u32 run_pages(void) {
  enum { PAGES = 1024 };
  u32 sum = 0;
  for (u32 round = 0; round < 30; round++) {
    u32 map[6] = {0, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, ~0u, 0};
    u32 start = (u32)call_kernel(SYS_MMAP, (u32)map, 0, 0, 0);
    if (start > 0xfffff000) fail("mmap");
    for (u32 page = 0; page < PAGES; page++) {
      volatile u32 *word = (volatile u32 *)(start + page * 4096);
      sum += *word;
      *word = page;
      sum = mix(sum, word[0] + word[1]);
    }
    must(call_kernel(SYS_MUNMAP, start, PAGES * 4096, 0, 0), "munmap");
  }
  return sum;
}

static volatile u32 signals;

static void on_signal(s32 number) { signals += (u32)number; }

void return_from_signal(void);
/* sigreturn, of the frame without siginfo; the handler's argument is still on the stack */
__asm__(".text\nreturn_from_signal: pop %eax\n mov $119, %eax\n int $0x80\n");

u32 run_signal(void) {
  struct {
    void (*handler)(s32);
    u32 flags;
    void (*restorer)(void);
    u64 mask;
  } __attribute__((packed)) action = {on_signal, SA_RESTORER, return_from_signal, 0};
  must(call_kernel(SYS_RT_SIGACTION, SIGUSR1, (u32)&action, 0, 8), "rt_sigaction");
  u32 self = must(call_kernel(SYS_GETPID, 0, 0, 0, 0), "getpid");
  for (u32 round = 0; round < 30000; round++) must(call_kernel(SYS_KILL, self, SIGUSR1, 0, 0), "kill");
  return signals;
}
