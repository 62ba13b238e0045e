/**
 * Encodings of the integer and system instructions: the one place where each is written down.
 *
 * A line is `opcode mnemonic operands ; marks`.
 *
 * Opcode: hexadecimal bytes; `/n` for the reg field of ModR/M, `m` or `r` behind it for memory or register forms only;
 * `:xx` for a whole ModR/M byte; `+` for eight opcodes (or ModR/M bytes) that name a register in their low three bits. A
 * mandatory prefix stands in front: `np.` (none of 66, F2, F3), `66.`, `f3.`, `f2.`; `mm.` stands for two lines, an MMX form
 * without a prefix and an XMM form with 66.
 *
 * Mnemonic: as Intel writes it; behind a dot what tells its operation from others of the name.
 *
 * Operands use the letters of the opcode map in Intel's SDM, volume 2, appendix A: E ModR/M register or memory, G ModR/M
 * register, I immediate, J relative, M memory only, O offset, R register only, S segment, C control, D debug; P and V the
 * MMX or XMM register of the reg field, Q and W of the r/m field or memory, N and U of the r/m field only; b byte, w word,
 * v word or doubleword, vw and dw are v and d in a register but a word in memory, z = v for immediates, s sign-extended byte, p far
 * pointer, a pair of v, d doubleword, q quadword, dq 16 bytes, t 10 bytes, ss sd single and double, ps pd packed. `Z` is the
 * register in the opcode's low three bits, `Si` likewise ST(i); other names are fixed registers.
 *
 * Marks: `end` control may leave the straight line or the mode may change; `lock` LOCK is allowed with a memory operand;
 * `rep` a string instruction that repeats; `any` a 16-byte memory operand need not be aligned; `@feature` what CPUID must
 * claim for the encoding to exist (`a/b`: of the MMX and of the XMM form).
 *
 * Sources: Intel 64 and IA-32 SDM volume 2; undocumented but used forms: SALC, ICEBP, 82h group, C0-D3/6, F6-F7/1.
 */
export const INTEGER = `
00 ADD Eb Gb ; lock
01 ADD Ev Gv ; lock
02 ADD Gb Eb
03 ADD Gv Ev
04 ADD AL Ib
05 ADD eAX Iz
06 PUSH.SEG ES
07 POP.SEG ES ; end
08 OR Eb Gb ; lock
09 OR Ev Gv ; lock
0A OR Gb Eb
0B OR Gv Ev
0C OR AL Ib
0D OR eAX Iz
0E PUSH.SEG CS
10 ADC Eb Gb ; lock
11 ADC Ev Gv ; lock
12 ADC Gb Eb
13 ADC Gv Ev
14 ADC AL Ib
15 ADC eAX Iz
16 PUSH.SEG SS
17 POP.SEG SS ; end
18 SBB Eb Gb ; lock
19 SBB Ev Gv ; lock
1A SBB Gb Eb
1B SBB Gv Ev
1C SBB AL Ib
1D SBB eAX Iz
1E PUSH.SEG DS
1F POP.SEG DS ; end
20 AND Eb Gb ; lock
21 AND Ev Gv ; lock
22 AND Gb Eb
23 AND Gv Ev
24 AND AL Ib
25 AND eAX Iz
27 DAA
28 SUB Eb Gb ; lock
29 SUB Ev Gv ; lock
2A SUB Gb Eb
2B SUB Gv Ev
2C SUB AL Ib
2D SUB eAX Iz
2F DAS
30 XOR Eb Gb ; lock
31 XOR Ev Gv ; lock
32 XOR Gb Eb
33 XOR Gv Ev
34 XOR AL Ib
35 XOR eAX Iz
37 AAA
38 CMP Eb Gb
39 CMP Ev Gv
3A CMP Gb Eb
3B CMP Gv Ev
3C CMP AL Ib
3D CMP eAX Iz
3F AAS
40+ INC Zv
48+ DEC Zv
50+ PUSH Zv
58+ POP Zv
60 PUSHA
61 POPA
62 BOUND Gv Ma
63 ARPL Ew Gw
68 PUSH.I Iz
69 IMUL.3 Gv Ev Iz
6A PUSH.I Is
6B IMUL.3 Gv Ev Is
6C INSB ; end rep
6D INSV ; end rep
6E OUTSB ; end rep
6F OUTSV ; end rep
70+ JCC Jb
78+ JCC Jb
80/0 ADD Eb Ib ; lock
80/1 OR Eb Ib ; lock
80/2 ADC Eb Ib ; lock
80/3 SBB Eb Ib ; lock
80/4 AND Eb Ib ; lock
80/5 SUB Eb Ib ; lock
80/6 XOR Eb Ib ; lock
80/7 CMP Eb Ib
81/0 ADD Ev Iz ; lock
81/1 OR Ev Iz ; lock
81/2 ADC Ev Iz ; lock
81/3 SBB Ev Iz ; lock
81/4 AND Ev Iz ; lock
81/5 SUB Ev Iz ; lock
81/6 XOR Ev Iz ; lock
81/7 CMP Ev Iz
82/0 ADD Eb Ib ; lock
82/1 OR Eb Ib ; lock
82/2 ADC Eb Ib ; lock
82/3 SBB Eb Ib ; lock
82/4 AND Eb Ib ; lock
82/5 SUB Eb Ib ; lock
82/6 XOR Eb Ib ; lock
82/7 CMP Eb Ib
83/0 ADD Ev Is ; lock
83/1 OR Ev Is ; lock
83/2 ADC Ev Is ; lock
83/3 SBB Ev Is ; lock
83/4 AND Ev Is ; lock
83/5 SUB Ev Is ; lock
83/6 XOR Ev Is ; lock
83/7 CMP Ev Is
84 TEST Eb Gb
85 TEST Ev Gv
86 XCHG Eb Gb ; lock
87 XCHG Ev Gv ; lock
88 MOV Eb Gb
89 MOV Ev Gv
8A MOV Gb Eb
8B MOV Gv Ev
8C MOV.FROMSEG Evw Sw
8D LEA Gv M
8E MOV.TOSEG Sw Ew ; end
8F/0 POP.E Ev
90 NOP
91 XCHG.A Zv eAX
92 XCHG.A Zv eAX
93 XCHG.A Zv eAX
94 XCHG.A Zv eAX
95 XCHG.A Zv eAX
96 XCHG.A Zv eAX
97 XCHG.A Zv eAX
98 CBW
99 CWD
9A CALL.F Ap ; end
9C PUSHF
9D POPF ; end
9E SAHF
9F LAHF
A0 MOV AL Ob
A1 MOV eAX Ov
A2 MOV Ob AL
A3 MOV Ov eAX
A4 MOVSB ; rep
A5 MOVSV ; rep
A6 CMPSB ; rep
A7 CMPSV ; rep
A8 TEST AL Ib
A9 TEST eAX Iz
AA STOSB ; rep
AB STOSV ; rep
AC LODSB ; rep
AD LODSV ; rep
AE SCASB ; rep
AF SCASV ; rep
B0+ MOV Zb Ib
B8+ MOV Zv Iz
C0/0 ROL Eb Ib
C0/1 ROR Eb Ib
C0/2 RCL Eb Ib
C0/3 RCR Eb Ib
C0/4 SHL Eb Ib
C0/5 SHR Eb Ib
C0/6 SHL Eb Ib
C0/7 SAR Eb Ib
C1/0 ROL Ev Ib
C1/1 ROR Ev Ib
C1/2 RCL Ev Ib
C1/3 RCR Ev Ib
C1/4 SHL Ev Ib
C1/5 SHR Ev Ib
C1/6 SHL Ev Ib
C1/7 SAR Ev Ib
C2 RET.N Iw ; end
C3 RET ; end
C4 LES Gv Mp ; end
C5 LDS Gv Mp ; end
C6/0 MOV Eb Ib
C7/0 MOV Ev Iz
C8 ENTER Iw Ib
C9 LEAVE
CA RETF.N Iw ; end
CB RETF ; end
CC INT3 ; end
CD INT Ib ; end
CE INTO ; end
CF IRET ; end
D0/0 ROL Eb 1
D0/1 ROR Eb 1
D0/2 RCL Eb 1
D0/3 RCR Eb 1
D0/4 SHL Eb 1
D0/5 SHR Eb 1
D0/6 SHL Eb 1
D0/7 SAR Eb 1
D1/0 ROL Ev 1
D1/1 ROR Ev 1
D1/2 RCL Ev 1
D1/3 RCR Ev 1
D1/4 SHL Ev 1
D1/5 SHR Ev 1
D1/6 SHL Ev 1
D1/7 SAR Ev 1
D2/0 ROL Eb CL
D2/1 ROR Eb CL
D2/2 RCL Eb CL
D2/3 RCR Eb CL
D2/4 SHL Eb CL
D2/5 SHR Eb CL
D2/6 SHL Eb CL
D2/7 SAR Eb CL
D3/0 ROL Ev CL
D3/1 ROR Ev CL
D3/2 RCL Ev CL
D3/3 RCR Ev CL
D3/4 SHL Ev CL
D3/5 SHR Ev CL
D3/6 SHL Ev CL
D3/7 SAR Ev CL
D4 AAM Ib
D5 AAD Ib
D6 SALC
D7 XLAT
E0 LOOPNE Jb ; end
E1 LOOPE Jb ; end
E2 LOOP Jb ; end
E3 JCXZ Jb ; end
E4 IN AL Ib ; end
E5 IN eAX Ib ; end
E6 OUT Ib AL ; end
E7 OUT Ib eAX ; end
E8 CALL Jz ; end
E9 JMP Jz ; end
EA JMP.F Ap ; end
EB JMP Jb ; end
EC IN.DX AL DX ; end
ED IN.DX eAX DX ; end
EE OUT.DX DX AL ; end
EF OUT.DX DX eAX ; end
F1 ICEBP ; end
F4 HLT ; end
F5 CMC
F6/0 TEST Eb Ib
F6/1 TEST Eb Ib
F6/2 NOT Eb ; lock
F6/3 NEG Eb ; lock
F6/4 MUL Eb
F6/5 IMUL Eb
F6/6 DIV Eb
F6/7 IDIV Eb
F7/0 TEST Ev Iz
F7/1 TEST Ev Iz
F7/2 NOT Ev ; lock
F7/3 NEG Ev ; lock
F7/4 MUL Ev
F7/5 IMUL Ev
F7/6 DIV Ev
F7/7 IDIV Ev
F8 CLC
F9 STC
FA CLI ; end
FB STI ; end
FC CLD
FD STD
FE/0 INC Eb ; lock
FE/1 DEC Eb ; lock
FF/0 INC Ev ; lock
FF/1 DEC Ev ; lock
FF/2 CALL.E Ev ; end
FF/3 CALL.FE Mp ; end
FF/4 JMP.E Ev ; end
FF/5 JMP.FE Mp ; end
FF/6 PUSH.E Ev
0F00/0 SLDT Evw
0F00/1 STR Evw
0F00/2 LLDT Ew
0F00/3 LTR Ew
0F00/4 VERR Ew
0F00/5 VERW Ew
0F01/0 SGDT M
0F01/1 SIDT M
0F01/2 LGDT M
0F01/3 LIDT M
0F01/4 SMSW Evw
0F01/6 LMSW Ew ; end
0F01/7 INVLPG Mb ; end
0F02 LAR Gv Evw
0F03 LSL Gv Evw
0F06 CLTS
0F08 INVD
0F09 WBINVD
0F0B UD2 ; end
0F0D NOP.E Ev ; @p6
0F18r NOP.E Ev ; @p6
0F18/4 NOP.E Ev ; @p6
0F18/5 NOP.E Ev ; @p6
0F18/6 NOP.E Ev ; @p6
0F18/7 NOP.E Ev ; @p6
0F19 NOP.E Ev ; @p6
0F1A NOP.E Ev ; @p6
0F1B NOP.E Ev ; @p6
0F1C NOP.E Ev ; @p6
0F1D NOP.E Ev ; @p6
0F1E NOP.E Ev ; @p6
0F1F NOP.E Ev ; @p6
0F20 MOV.FROMCR Rd Cd
0F21 MOV.FROMDR Rd Dd
0F22 MOV.TOCR Cd Rd ; end
0F23 MOV.TODR Dd Rd ; end
0F30 WRMSR ; end @msr
0F31 RDTSC ; end @tsc
0F32 RDMSR ; end @msr
0F33 RDPMC ; @p6
0F34 SYSENTER ; end @sep
0F35 SYSEXIT ; end @sep
0F40+ CMOV Gv Ev ; @cmov
0F48+ CMOV Gv Ev ; @cmov
0F80+ JCC Jz
0F88+ JCC Jz
0F90+ SETCC Eb
0F98+ SETCC Eb
0FA0 PUSH.SEG FS
0FA1 POP.SEG FS ; end
0FA2 CPUID
0FA3 BT Ev Gv
0FA4 SHLD Ev Gv Ib
0FA5 SHLD Ev Gv CL
0FA8 PUSH.SEG GS
0FA9 POP.SEG GS ; end
0FAB BTS Ev Gv ; lock
0FAC SHRD Ev Gv Ib
0FAD SHRD Ev Gv CL
0FAF IMUL.2 Gv Ev
0FB0 CMPXCHG Eb Gb ; lock
0FB1 CMPXCHG Ev Gv ; lock
0FB2 LSS Gv Mp ; end
0FB3 BTR Ev Gv ; lock
0FB4 LFS Gv Mp ; end
0FB5 LGS Gv Mp ; end
0FB6 MOVZX.B Gv Eb
0FB7 MOVZX.W Gv Ew
0FBA/4 BT Ev Ib
0FBA/5 BTS Ev Ib ; lock
0FBA/6 BTR Ev Ib ; lock
0FBA/7 BTC Ev Ib ; lock
0FBB BTC Ev Gv ; lock
0FBC BSF Gv Ev
0FBD BSR Gv Ev
0FBE MOVSX.B Gv Eb
0FBF MOVSX.W Gv Ew
0FC0 XADD Eb Gb ; lock
0FC1 XADD Ev Gv ; lock
0FC7/1 CMPXCHG8B Mq ; lock @cx8
0FC8+ BSWAP Zv
`;
