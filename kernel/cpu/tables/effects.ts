/**
 * What an operation does beside its operands: EFLAGS it reads, writes and leaves undefined, exceptions of its own, cost.
 *
 * A line is `names ; reads writes undefined ; exceptions ; cost`; a name is a mnemonic with what stands behind its dot.
 * Flags: o d i t s z a p c, n for NT, v for VIF, `*` for all the instruction can reach, `cc` for those of the condition.
 * Operations without a line touch no flags. Exceptions of memory operands (#GP #SS #PF #AC) and of LOCK (#UD) go without
 * saying; `cpl` is #GP unless CPL is 0, `iopl` #GP as IOPL and the I/O permission bitmap decide. Cost is a weight, 1 for a
 * register addition, after the latencies of a Pentium III; code generators and reports use it.
 * Sources: Intel SDM volume 1, appendix A; volume 2, "Flags Affected" and the exception sections.
 */
export const EFFECTS = `
ADD SUB CMP NEG ; - oszapc - ; - ; 1
XADD CMPXCHG ; - oszapc - ; - ; 4
ADC SBB ; c oszapc - ; - ; 2
INC DEC ; - oszap - ; - ; 1
AND OR XOR TEST ; - oszapc a ; - ; 1
SHL SHR SAR ; - oszapc oa ; - ; 1
SHLD SHRD ; - oszapc oa ; - ; 4
ROL ROR ; - oc o ; - ; 1
RCL RCR ; c oc o ; - ; 4
MUL IMUL IMUL2 IMUL3 ; - oszapc szap ; - ; 4
DIV IDIV ; - oszapc oszapc ; DE ; 24
BSF BSR ; - oszapc osapc ; - ; 2
BT BTS BTR BTC ; - osapc osap ; - ; 2
DAA DAS ; ac oszapc o ; - ; 3
AAA AAS ; a oszapc oszp ; - ; 3
AAM ; - oszapc oac ; DE ; 15
AAD ; - oszapc oac ; - ; 4
CLC STC ; - c - ; - ; 1
CMC ; c c - ; - ; 1
CLD STD ; - d - ; - ; 1
CLI STI ; - iv - ; iopl ; 2
SALC ; c - - ; - ; 1
LAHF ; szapc - - ; - ; 1
SAHF ; - szapc - ; - ; 1
PUSHF ; * - - ; iopl ; 5
POPF ; - * - ; iopl ; 10
IRET ; n * - ; iopl GP NP SS TS ; 60
JCC ; cc - - ; GP ; 1
SETCC CMOV ; cc - - ; - ; 1
INTO ; o itn - ; OF GP NP SS TS ; 4
LOOPE LOOPNE ; z - - ; GP ; 5
ARPL LAR LSL VERR VERW ; - z - ; UD ; 8
CMPXCHG8B ; - z - ; - ; 8
MOVSB MOVSV LODSB LODSV STOSB STOSV ; d - - ; - ; 3
CMPSB CMPSV SCASB SCASV ; d oszapc - ; - ; 4
INSB INSV OUTSB OUTSV ; d - - ; iopl ; 40
IN OUT INDX OUTDX ; - - - ; iopl ; 40
CALL RET RETN JMP JMPE CALLE LOOP JCXZ ; - - - ; GP ; 2
CALLF CALLFE JMPF JMPFE RETF RETFN ; - - - ; GP NP SS TS ; 40
INT ; - itn - ; iopl GP NP SS TS ; 60
INT3 ICEBP ; - itn - ; GP NP SS TS ; 60
BOUND ; - - - ; BR ; 6
UD2 ; - - - ; UD ; 1
MOVTOSEG ; - - - ; UD GP NP SS ; 8
POPSEG LES LDS LSS LFS LGS ; - - - ; GP NP SS ; 8
LLDT LTR ; - - - ; cpl UD GP NP ; 20
SLDT STR ; - - - ; UD ; 4
LGDT LIDT LMSW CLTS INVD WBINVD INVLPG HLT ; - - - ; cpl ; 20
MOVFROMCR ; - oszapc oszapc ; cpl UD ; 20
MOVTOCR ; - oszapc oszapc ; cpl UD GP ; 20
MOVFROMDR MOVTODR ; - oszapc oszapc ; cpl UD DB ; 20
RDMSR WRMSR RDPMC ; - - - ; cpl GP ; 30
RDTSC ; - - - ; cpl ; 20
SYSENTER ; - i - ; GP ; 20
SYSEXIT ; - - - ; cpl GP ; 20
CPUID ; - - - ; - ; 40
ENTER ; - - - ; - ; 10
PUSHA POPA ; - - - ; - ; 8
XCHG XCHGA ; - - - ; - ; 3
FCOMI FUCOMI FCOMIP FUCOMIP ; - oszapc - ; NM MF ; 2
FCMOVB FCMOVNB FCMOVE FCMOVNE FCMOVBE FCMOVNBE FCMOVU FCMOVNU ; zpc - - ; NM MF ; 2
FDIV FDIVR FDIVP FDIVRP FIDIV FIDIVR FSQRT ; - - - ; NM MF ; 38
FSIN FCOS FSINCOS FPTAN FPATAN F2XM1 FYL2X FYL2XP1 ; - - - ; NM MF ; 100
FPREM FPREM1 FSCALE FXTRACT FRNDINT FBLD FBSTP ; - - - ; NM MF ; 40
FRSTOR FLDENV ; - - - ; NM MF ; 80
FNSAVE FNSTENV ; - - - ; NM ; 80
FNINIT FNCLEX FNSTCW FNSTSW FNENI FNDISI FNSETPM ; - - - ; NM ; 3
FXSAVE FXRSTOR ; - - - ; NM GP ; 80
FWAIT ; - - - ; NM MF ; 1
COMISS COMISD UCOMISS UCOMISD ; - oszapc - ; NM UD XM ; 2
DIVPS DIVSS DIVPD DIVSD SQRTPS SQRTSS SQRTPD SQRTSD ; - - - ; NM UD XM ; 20
LDMXCSR ; - - - ; UD NM GP ; 3
MOVNTI PREFETCHNTA PREFETCHT0 PREFETCHT1 PREFETCHT2 LFENCE MFENCE SFENCE CLFLUSH ; - - - ; - ; 3
`;
