/*
 * Runs instruction cases on the real processor: 32-bit user code, segments from modify_ldt, every end a signal.
 *
 *     gcc -m32 -O1 -no-pie -fno-stack-protector -o capture capture.c && capture < cases > results
 *
 * The signal handler is the whole program: it writes the result of the case that has just ended, reads the next one and
 * returns into it. Code memory is filled with INT3, so a case ends wherever it goes. What lies where is in README.md; both
 * streams are packed little-endian structures, `struct command` and `struct result`.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define DATA 0x20000000u
#define DATA_BYTES 0x10000u
#define READ_ONLY_PAGE 0x8000u
#define CODE 0x21000000u
#define CODE_BYTES 0x2000u
#define WINDOW 512
#define ENTRIES 16
/* reported as the vector of a case that has to be stopped */
#define NEVER_ENDS 255

struct command {
	uint16_t segments[6]; /* ES CS SS DS FS GS */
	uint32_t registers[8]; /* EAX ECX EDX EBX ESP EBP ESI EDI */
	uint32_t eip, eflags;
	uint32_t code_offset, code_length;
	uint8_t code[64];
	uint32_t window[2]; /* where the two halves of the window lie, as offsets in DATA */
	uint8_t memory[WINDOW];
} __attribute__((packed));

struct result {
	uint16_t segments[6];
	uint32_t registers[8];
	uint32_t eip, eflags, vector, error, cr2;
	uint32_t stray; /* something outside the window was written */
	uint8_t memory[WINDOW];
} __attribute__((packed));

static uint8_t *alias;
static uint8_t *code = (uint8_t *)CODE;
static struct command now;
static int running;
static unsigned host_gs;
static const struct itimerval patience = {.it_value.tv_usec = 300000};
static const int register_names[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};
static const int segment_names[6] = {REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS};

static int read_whole(void *to, size_t length)
{
	uint8_t *p = to;
	while (length > 0) {
		ssize_t got = read(0, p, length);
		if (got <= 0)
			return 0;
		p += got;
		length -= got;
	}
	return 1;
}

static void write_whole(const void *from, size_t length)
{
	const uint8_t *p = from;
	while (length > 0) {
		ssize_t put = write(1, p, length);
		if (put <= 0)
			_exit(1);
		p += put;
		length -= put;
	}
}

static int all_zero(const uint8_t *p, size_t length)
{
	return length == 0 || (p[0] == 0 && memcmp(p, p + 1, length - 1) == 0);
}

static void end_case(const ucontext_t *context, int number)
{
	static struct result result;
	const greg_t *g = context->uc_mcontext.gregs;
	for (int i = 0; i < 6; i++)
		result.segments[i] = g[segment_names[i]];
	for (int i = 0; i < 8; i++)
		result.registers[i] = g[register_names[i]];
	result.eip = g[REG_EIP];
	result.eflags = g[REG_EFL];
	result.vector = number == SIGALRM ? NEVER_ENDS : g[REG_TRAPNO];
	result.error = g[REG_ERR];
	result.cr2 = context->uc_mcontext.cr2;
	for (int half = 0; half < 2; half++) {
		memcpy(result.memory + half * WINDOW / 2, alias + now.window[half], WINDOW / 2);
		memset(alias + now.window[half], 0, WINDOW / 2);
	}
	result.stray = !all_zero(alias, DATA_BYTES);
	if (result.stray)
		memset(alias, 0, DATA_BYTES);
	memset(code + now.code_offset, 0xcc, now.code_length);
	write_whole(&result, sizeof result);
}

static void handler(int number, siginfo_t *info, void *opaque)
{
	ucontext_t *context = opaque;
	greg_t *g = context->uc_mcontext.gregs;
	(void)info;
	asm volatile("mov %0, %%gs" : : "r"(host_gs));
	if (running)
		end_case(context, number);
	running = 1;
	if (!read_whole(&now, sizeof now))
		_exit(0);
	if (now.code_length > sizeof now.code || now.code_offset + now.code_length > CODE_BYTES)
		_exit(2);
	for (int half = 0; half < 2; half++) {
		if (now.window[half] + WINDOW / 2 > DATA_BYTES)
			_exit(2);
		memcpy(alias + now.window[half], now.memory + half * WINDOW / 2, WINDOW / 2);
	}
	memcpy(code + now.code_offset, now.code, now.code_length);
	for (int i = 0; i < 6; i++)
		g[segment_names[i]] = now.segments[i];
	for (int i = 0; i < 8; i++)
		g[register_names[i]] = now.registers[i];
	setitimer(ITIMER_REAL, &patience, 0);
	g[REG_EIP] = now.eip;
	g[REG_EFL] = now.eflags;
}

int main(void)
{
	uint64_t descriptors[ENTRIES];
	int file = memfd_create("data", 0);
	struct sigaction action;
	stack_t stack = {.ss_sp = malloc(0x10000), .ss_size = 0x10000};
	static const int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS, SIGALRM};

	asm volatile("mov %%gs, %0" : "=r"(host_gs));
	if (file < 0 || ftruncate(file, DATA_BYTES) != 0)
		return 1;
	alias = mmap(0, DATA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (alias == MAP_FAILED || mmap((void *)DATA, DATA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED)
		return 1;
	if (mprotect((void *)(DATA + READ_ONLY_PAGE), 0x1000, PROT_READ) != 0)
		return 1;
	if (mmap(code, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return 1;
	memset(code, 0xcc, CODE_BYTES);

	/* the descriptors come first on stdin, as they lie in the table */
	if (!read_whole(descriptors, sizeof descriptors))
		return 2;
	for (int i = 0; i < ENTRIES; i++) {
		uint32_t low = descriptors[i], high = descriptors[i] >> 32;
		struct user_desc entry = {
			.entry_number = i,
			.base_addr = (low >> 16) | (high & 0xff) << 16 | (high & 0xff000000),
			.limit = (low & 0xffff) | (high & 0xf0000),
			.seg_32bit = high >> 22 & 1,
			.contents = high >> 10 & 3,
			.read_exec_only = !(high >> 9 & 1),
			.limit_in_pages = high >> 23 & 1,
			.seg_not_present = !(high >> 15 & 1),
			.useable = high >> 20 & 1,
		};
		if (descriptors[i] != 0 && syscall(SYS_modify_ldt, 0x11, &entry, sizeof entry) != 0)
			return 3;
	}

	sigaltstack(&stack, 0);
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handler;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigfillset(&action.sa_mask);
	sigdelset(&action.sa_mask, SIGSEGV);
	for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, 0);
	asm volatile("int3");
	return 0;
}
