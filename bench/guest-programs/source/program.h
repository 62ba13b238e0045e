/*
 * What the programs of the comparison share: no library, Linux system calls, one checksum each.
 * A program takes about half a second on a JavaScript PC emulator; its work is fixed, so its checksum is, too.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOINLINE __attribute__((noinline))

/* By the way the kernel recommends (SYSENTER where the processor has it), as C libraries do. */
s32 call_kernel(u32 number, u32 a, u32 b, u32 c, u32 d);
/* By INT 80h. */
s32 call_kernel_int80(u32 number, u32 a, u32 b, u32 c);
/* Ends the process with a line on standard error; what must not happen. */
void fail(const char *what) __attribute__((noreturn));

/* The same numbers for every program that begins with the same seed. */
void random_seed(u32 seed);
u32 random_word(void);

/* Mixes a word into a checksum. */
static inline u32 mix(u32 sum, u32 word) {
  sum = (sum ^ word) * 0x01000193u;
  return sum ^ (sum >> 15);
}

/* The path this program was started by. */
extern const char *own_path;

u32 run_alu(void), run_branches(void), run_sieve(void), run_crc32(void), run_divide64(void), run_sha256(void);
u32 run_fib(void), run_virtual(void), run_bytecode(void), run_queens(void);
u32 run_mandelbrot(void), run_bodies(void), run_matrix(void), run_trigonometry(void);
u32 run_chase(void), run_copy(void), run_unaligned(void), run_quicksort(void), run_search(void), run_hash(void);
u32 run_getppid(void), run_int80(void), run_pipe(void), run_fork(void), run_exec(void), run_file(void), run_pages(void), run_signal(void);

#endif
