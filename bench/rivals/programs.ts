/**
 * What the contenders run: programs of `bench/guest-programs` and tools of BusyBox, in six classes. Each takes a quarter of
 * a second to two on a JavaScript PC emulator, so that warming up counts as it does in use.
 */

export const CLASSES = ["integer", "call/indirect", "x87", "memory", "system-call/process", "busybox"] as const;
export type ProgramClass = (typeof CLASSES)[number];

export interface GuestProgram {
  readonly name: string;
  readonly class: ProgramClass;
  /** Shell: its output is the checksum. */
  readonly command: string;
}

/** Where they are in the guest. */
export const HOME = "rivals";
export const PROGRAMS_FILE = `${HOME}/programs`;
export const SCRIPT_FILE = `${HOME}/run`;

/** Files in memory the tools work on; made before the first of them. */
const SETUP = `/${PROGRAMS_FILE} text 500000 1 > text
/${PROGRAMS_FILE} text 150000 2 > short
mkdir tree
for a in 0 1 2 3 4 5; do
  for b in 0 1 2 3 4 5 6 7; do
    mkdir -p tree/d$a/e$b
    /${PROGRAMS_FILE} text 2000 $a$b > tree/d$a/e$b/words
  done
done`;

const DIGEST = "| md5sum | cut -c1-8";

const compiled = (kind: ProgramClass, names: string): GuestProgram[] => names.split(" ").map((name) => ({ name, class: kind, command: `/${PROGRAMS_FILE} ${name}` }));

const tool = (name: string, command: string): GuestProgram => ({ name, class: "busybox", command });

export const GUEST_PROGRAMS: readonly GuestProgram[] = [
  ...compiled("integer", "alu branches sieve crc32 divide64 sha256"),
  ...compiled("call/indirect", "fib virtual bytecode queens"),
  ...compiled("x87", "mandelbrot bodies matrix trigonometry"),
  ...compiled("memory", "chase copy unaligned quicksort search hash"),
  ...compiled("system-call/process", "getppid int80 pipe fork exec file pages signal"),
  tool("gzip", `gzip -c text | gunzip ${DIGEST}`),
  tool("digests", `cat text text | sha256sum - ${DIGEST}; cat text text text | md5sum - | cut -c1-8`),
  tool("sort", `tr ' ' '\\n' < short | sort | uniq -c ${DIGEST}`),
  tool(
    "awk",
    `awk '{ for (i = 1; i <= NF; i++) { seen[$i]++; letters += length($i) } } END { for (word in seen) squares += seen[word] * seen[word]; print letters "-" squares }' short`,
  ),
  tool("grep", `{ grep -c 'th.*e[aeiou]t' text; grep -v -i 'ea' text | sed -e 's/\\([a-z]*\\) \\([a-z]*\\)/\\2 \\1/' -e 's/o/0/g' ${DIGEST}; }`),
  tool("shell", "i=0 s=1; while [ $i -lt 6000 ]; do s=$(((s * 31 + i) & 65535)); case $s in *7) s=$((s + 3)) ;; esac; i=$((i + 1)); done; echo $s"),
  tool("files", `{ for n in 1 2; do cp -r tree copy$n; find copy$n -type f -name words | sort; tar cf - copy$n | tar tf - | wc -l; rm -r copy$n; done; } ${DIGEST}`),
  tool("commands", `{ for n in 0 1 2 3 4 5 6 7 8 9; do for d in tree/d*; do /bin/busybox wc -c $d/e$((n & 7))/words; done; done; } ${DIGEST}`),
];

/** Marks of the script on the serial port: `@begin NAME`, `@end NAME CHECKSUM`, and `@done`. */
export const MARKS = /@(begin|end) (\S+) ?(\S*)|@(done)/;

/** A program's checksum is what its command prints, without the line ends. */
export const guestScript = (programs: readonly GuestProgram[]): string =>
  [
    "#!/bin/sh",
    "mkdir -p /tmp/rivals",
    "cd /tmp/rivals",
    ...(programs.some((program) => program.class === "busybox") ? [SETUP] : []),
    ...programs.flatMap(({ name, command }) => [`echo "@begin ${name}"`, `result=$(${command})`, `echo "@end ${name} "$(echo $result | tr ' ' -)`]),
    "echo @done",
    "",
  ].join("\n");
