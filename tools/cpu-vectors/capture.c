/*
 * Runs instruction cases on the real processor: 32-bit user code, segments from modify_ldt, every end a signal.
 *
 *     gcc -m32 -O1 -no-pie -fno-stack-protector -o capture capture.c && capture < cases > results
 *
 * The signal handler is the whole program: it writes the result of the case that has just ended, reads the next one and
 * returns into it. Code memory is filled with INT3, so a case ends wherever it goes. What lies where is in README.md; both
 * streams are packed little-endian structures: `struct command`, its code, and `struct units` where it asks for them;
 * `struct result`, and `struct units` for such a case. The units pass through the signal frame.
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
#define CODE_MOST 255
#define WINDOW 512
#define ENTRIES 16
#define BUFFER 0x10000
/* reported as the vector of a case that has to be stopped */
#define NEVER_ENDS 255
/* AC and ID: a return to the case leaves ID alone, so it would pass to the next one */
#define STICKY_FLAGS 0x240000
/* of the frame: the FXSAVE image behind the legacy one, the mark of an XSAVE image, its components in use */
#define LEGACY_BYTES 112
#define EXTENDED_MARK 464
#define EXTENDED_MAGIC 0x46505853u
#define IN_USE 512

struct command {
	uint16_t segments[6]; /* ES CS SS DS FS GS */
	uint32_t registers[8]; /* EAX ECX EDX EBX ESP EBP ESI EDI */
	uint32_t eip, eflags;
	uint32_t code_offset, code_length;
	uint32_t window[2]; /* where the two halves of the window lie, as offsets in DATA */
	uint32_t with_units;
	uint8_t memory[WINDOW];
} __attribute__((packed));

struct result {
	uint16_t segments[6];
	uint32_t registers[8];
	uint32_t eip, eflags, vector, error, cr2;
	uint32_t stray; /* something outside the window was written */
	uint8_t memory[WINDOW];
} __attribute__((packed));

/* as in an FXSAVE image, the x87 registers in physical order */
struct units {
	uint16_t control, status;
	uint8_t in_use, reserved;
	uint8_t pointers[18];
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[8][16];
} __attribute__((packed));

static uint8_t *alias;
static uint8_t *code = (uint8_t *)CODE;
static struct command now;
static uint8_t now_code[CODE_MOST];
static struct units units;
static int running;
static unsigned host_gs;
static uint8_t input[BUFFER], output[BUFFER];
static size_t input_at, input_end, output_end;
static const struct itimerval patience = {.it_value.tv_usec = 40000};
static const int register_names[8] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI};
static const int segment_names[6] = {REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS};

static void flush(void)
{
	size_t at = 0;
	while (at < output_end) {
		ssize_t put = write(1, output + at, output_end - at);
		if (put <= 0)
			_exit(1);
		at += put;
	}
	output_end = 0;
}

static int take(void *to, size_t length)
{
	uint8_t *p = to;
	while (length > 0) {
		if (input_at == input_end) {
			ssize_t got = read(0, input, sizeof input);
			if (got <= 0)
				return 0;
			input_at = 0;
			input_end = got;
		}
		size_t part = input_end - input_at < length ? input_end - input_at : length;
		memcpy(p, input + input_at, part);
		input_at += part;
		p += part;
		length -= part;
	}
	return 1;
}

static void give(const void *from, size_t length)
{
	if (output_end + length > sizeof output)
		flush();
	memcpy(output + output_end, from, length);
	output_end += length;
}

static int all_zero(const uint8_t *p, size_t length)
{
	return length == 0 || (p[0] == 0 && memcmp(p, p + 1, length - 1) == 0);
}

static void read_units(const ucontext_t *context)
{
	const struct _libc_fpstate *legacy = context->uc_mcontext.fpregs;
	const uint8_t *extended = (const uint8_t *)legacy + LEGACY_BYTES;
	memcpy(&units, extended, sizeof units);
	unsigned top = units.status >> 11 & 7;
	for (unsigned i = 0; i < 8; i++)
		memcpy(units.st[(top + i) & 7], extended + 32 + 16 * i, 16);
}

static void write_units(const ucontext_t *context)
{
	struct _libc_fpstate *legacy = context->uc_mcontext.fpregs;
	uint8_t *extended = (uint8_t *)legacy + LEGACY_BYTES;
	unsigned top = units.status >> 11 & 7;
	uint32_t magic;
	/* the kernel takes the x87 from the legacy image and the rest from the extended one */
	legacy->cw = 0xffff0000 | units.control;
	legacy->sw = 0xffff0000 | units.status;
	legacy->tag = 0xffff0000;
	legacy->ipoff = legacy->cssel = legacy->dataoff = legacy->datasel = 0;
	for (unsigned i = 0; i < 8; i++) {
		if (!(units.in_use >> i & 1))
			legacy->tag |= 3u << (2 * i);
		memcpy(&legacy->_st[i], units.st[(top + i) & 7], 10);
	}
	memcpy(extended + 24, &units.mxcsr, 4);
	memcpy(extended + 160, units.xmm, sizeof units.xmm);
	memcpy(&magic, extended + EXTENDED_MARK, 4);
	if (magic == EXTENDED_MAGIC)
		extended[IN_USE] |= 3;
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
	result.vector = number == SIGVTALRM ? NEVER_ENDS : g[REG_TRAPNO];
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
	give(&result, sizeof result);
	if (now.with_units) {
		read_units(context);
		give(&units, sizeof units);
	}
}

static void handler(int number, siginfo_t *info, void *opaque)
{
	ucontext_t *context = opaque;
	greg_t *g = context->uc_mcontext.gregs;
	(void)info;
	/* the case's own are still in force */
	asm volatile("pushfl; andl %0, (%%esp); popfl" : : "i"(~STICKY_FLAGS) : "cc", "memory");
	asm volatile("mov %0, %%gs" : : "r"(host_gs));
	if (running)
		end_case(context, number);
	running = 1;
	if (!take(&now, sizeof now)) {
		flush();
		_exit(0);
	}
	if (now.code_length > CODE_MOST || now.code_offset + now.code_length > CODE_BYTES || !take(now_code, now.code_length))
		_exit(2);
	if (now.with_units) {
		if (!take(&units, sizeof units))
			_exit(2);
		write_units(context);
	}
	for (int half = 0; half < 2; half++) {
		if (now.window[half] + WINDOW / 2 > DATA_BYTES)
			_exit(2);
		memcpy(alias + now.window[half], now.memory + half * WINDOW / 2, WINDOW / 2);
	}
	memcpy(code + now.code_offset, now_code, now.code_length);
	for (int i = 0; i < 6; i++)
		g[segment_names[i]] = now.segments[i];
	for (int i = 0; i < 8; i++)
		g[register_names[i]] = now.registers[i];
	setitimer(ITIMER_VIRTUAL, &patience, 0);
	g[REG_EIP] = now.eip;
	g[REG_EFL] = now.eflags;
}

int main(void)
{
	uint64_t descriptors[ENTRIES];
	int file = memfd_create("data", 0);
	struct sigaction action;
	stack_t stack = {.ss_sp = malloc(0x10000), .ss_size = 0x10000};
	static const int signals[] = {SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS, SIGVTALRM};

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
	/* present from the beginning, as page faults say whether they are */
	for (unsigned page = 0; page < DATA_BYTES; page += 0x1000)
		(void)*(volatile uint8_t *)(DATA + page);

	/* the descriptors come first on stdin, as they lie in the table */
	if (!take(descriptors, sizeof descriptors))
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
