/** Bytes and text of instructions in 32-bit code, at address 1000h, compared with objdump (binutils 2.40, -M intel); strings, XLAT and LGDT are written shorter here. */
export const CODE32 = `
# Memory operands of 32-bit addresses
8b00 mov eax,DWORD PTR [eax]
8b01 mov eax,DWORD PTR [ecx]
8b02 mov eax,DWORD PTR [edx]
8b03 mov eax,DWORD PTR [ebx]
8b06 mov eax,DWORD PTR [esi]
8b07 mov eax,DWORD PTR [edi]
8b0424 mov eax,DWORD PTR [esp]
8b0578563412 mov eax,DWORD PTR ds:0x12345678
8b4500 mov eax,DWORD PTR [ebp+0x0]
8b4510 mov eax,DWORD PTR [ebp+0x10]
8b45f0 mov eax,DWORD PTR [ebp-0x10]
8b80ffffff7f mov eax,DWORD PTR [eax+0x7fffffff]
8b8000000080 mov eax,DWORD PTR [eax-0x80000000]
8b8100f0ffff mov eax,DWORD PTR [ecx-0x1000]
8b442410 mov eax,DWORD PTR [esp+0x10]
8b842480000000 mov eax,DWORD PTR [esp+0x80]
8b0408 mov eax,DWORD PTR [eax+ecx*1]
8b044d00000000 mov eax,DWORD PTR [ecx*2+0x0]
8b04cd78563412 mov eax,DWORD PTR [ecx*8+0x12345678]
8b04cdf0ffffff mov eax,DWORD PTR [ecx*8-0x10]
8b448810 mov eax,DWORD PTR [eax+ecx*4+0x10]
8b448d00 mov eax,DWORD PTR [ebp+ecx*4+0x0]
8b4485f0 mov eax,DWORD PTR [ebp+eax*4-0x10]
8b04a0 mov eax,DWORD PTR [eax+eiz*4]
8b0420 mov eax,DWORD PTR [eax+eiz*1]
8b042500100000 mov eax,DWORD PTR [eiz*1+0x1000]
8b0465000010f0 mov eax,DWORD PTR [eiz*2-0xff00000]
8b44e500 mov eax,DWORD PTR [ebp+eiz*8+0x0]
8b0c9a mov ecx,DWORD PTR [edx+ebx*4]
8bbc9f00010000 mov edi,DWORD PTR [edi+ebx*4+0x100]
2e8b00 mov eax,DWORD PTR cs:[eax]
368b4500 mov eax,DWORD PTR ss:[ebp+0x0]
3e8b00 mov eax,DWORD PTR ds:[eax]
648b0500000000 mov eax,DWORD PTR fs:0x0
658b0d14000000 mov ecx,DWORD PTR gs:0x14
268b0425aabb0000 mov eax,DWORD PTR es:[eiz*1+0xbbaa]
8a00 mov al,BYTE PTR [eax]
668b00 mov ax,WORD PTR [eax]
a100104000 mov eax,ds:0x401000
64a318000000 mov fs:0x18,eax
a000000080 mov al,ds:0x80000000
8d742600 lea esi,[esi+eiz*1+0x0]
8dbc2700000000 lea edi,[edi+eiz*1+0x0]
c604240a mov BYTE PTR [esp],0xa
66c705001000003412 mov WORD PTR ds:0x1000,0x1234
# The other address size
678b00 mov eax,DWORD PTR [bx+si]
678b4610 mov eax,DWORD PTR [bp+0x10]
678b063412 mov eax,DWORD PTR ds:0x1234
67a13412 addr16 mov eax,ds:0x1234
67c7073412cdab mov DWORD PTR [bx],0xabcd1234
6764a11800 addr16 mov eax,fs:0x18
# Sizes of operands
0000 add BYTE PTR [eax],al
6601c8 add ax,cx
01c8 add eax,ecx
88e0 mov al,ah
8af9 mov bh,cl
6689d8 mov ax,bx
b07f mov al,0x7f
b8ffffffff mov eax,0xffffffff
66b8ffff mov ax,0xffff
04ff add al,0xff
0580000000 add eax,0x80
66050080 add ax,0x8000
83c0ff add eax,0xffffffff
6683c0ff add ax,0xffff
83e0f0 and eax,0xfffffff0
80c3ff add bl,0xff
82c3ff add bl,0xff
81c300000080 add ebx,0x80000000
6681c30080 add bx,0x8000
6aff push 0xffffffff
6a10 push 0x10
68ffff0000 push 0xffff
6bd8fe imul ebx,eax,0xfffffffe
666bd8fe imul bx,ax,0xfffe
69c000010000 imul eax,eax,0x100
d1e0 shl eax,1
d0e8 shr al,1
c1f81f sar eax,0x1f
d3c0 rol eax,cl
66d3c8 ror ax,cl
c0f1ff shl cl,0xff
0fb6c0 movzx eax,al
660fb6c0 movzx ax,al
0fb7c0 movzx eax,ax
0fbe00 movsx eax,BYTE PTR [eax]
660fbe00 movsx ax,BYTE PTR [eax]
0fbf00 movsx eax,WORD PTR [eax]
f7d8 neg eax
66f710 not WORD PTR [eax]
f600ff test BYTE PTR [eax],0xff
f70578000000ffffffff test DWORD PTR ds:0x78,0xffffffff
fe00 inc BYTE PTR [eax]
ff08 dec DWORD PTR [eax]
66ff00 inc WORD PTR [eax]
40 inc eax
664f dec di
0fc8 bswap eax
87d9 xchg ecx,ebx
93 xchg ebx,eax
6693 xchg bx,ax
85c0 test eax,eax
0fa3c8 bt eax,ecx
0fba2007 bt DWORD PTR [eax],0x7
0fabc8 bts eax,ecx
0fa4c208 shld edx,eax,0x8
0fadd0 shrd eax,edx,cl
0fb00b cmpxchg BYTE PTR [ebx],cl
0fb10b cmpxchg DWORD PTR [ebx],ecx
0fc1d8 xadd eax,ebx
0fc70e cmpxchg8b QWORD PTR [esi]
6206 bound eax,QWORD PTR [esi]
633b arpl WORD PTR [ebx],di
8cd8 mov eax,ds
668cd8 mov ax,ds
8c18 mov WORD PTR [eax],ds
8ed0 mov ss,ax
8e18 mov ds,WORD PTR [eax]
0f00c0 sldt eax
660f00c0 sldt ax
0f0000 sldt WORD PTR [eax]
0f00d8 ltr ax
0f01e0 smsw eax
660f01e0 smsw ax
0f0120 smsw WORD PTR [eax]
0f01f0 lmsw ax
0f0130 lmsw WORD PTR [eax]
0f02c1 lar eax,ecx
0f0201 lar eax,WORD PTR [ecx]
660f03c2 lsl ax,dx
c518 lds ebx,FWORD PTR [eax]
66c418 les bx,DWORD PTR [eax]
0fb538 lgs edi,FWORD PTR [eax]
# Names by size
98 cwde
6698 cbw
99 cdq
6699 cwd
60 pusha
6660 pushaw
61 popa
6661 popaw
9c pushf
669c pushfw
9d popf
669d popfw
cf iret
66cf iretw
c3 ret
66c3 retw
c20800 ret 0x8
66c20800 retw 0x8
cb retf
66cb retfw
ca0800 retf 0x8
66ca0800 retfw 0x8
c9 leave
66c9 leavew
c8100001 enter 0x10,0x1
66c8100001 enterw 0x10,0x1
6a01 push 0x1
666a01 pushw 0x1
6668ffff pushw 0xffff
1e push ds
661e pushw ds
0fa0 push fs
660fa9 popw gs
50 push eax
6650 push ax
ff30 push DWORD PTR [eax]
66ff30 push WORD PTR [eax]
8f00 pop DWORD PTR [eax]
668f00 pop WORD PTR [eax]
e3fe jecxz 0x1000
67e3fe jcxz 0x1001
a4 movsb
a5 movsd
66a5 movsw
6c insb
6d insd
666d insw
6e outsb
6f outsd
666f outsw
aa stosb
ab stosd
66ab stosw
ac lodsb
ad lodsd
66ad lodsw
ae scasb
af scasd
66af scasw
a6 cmpsb
a7 cmpsd
66a7 cmpsw
0f0110 lgdt [eax]
660f0118 lidtw [eax]
0f0100 sgdt [eax]
660f0108 sidtw [eax]
d920 fldenv [eax]
66d920 fldenvw [eax]
d930 fnstenv [eax]
dd20 frstor [eax]
66dd30 fnsavew [eax]
dd30 fnsave [eax]
# Branches
74fe je 0x1000
7400 je 0x1002
757f jne 0x1081
7680 jbe 0xf82
0f8400000000 je 0x1006
0f8ffaefffff jg 0x0
660f8400f0 je 0x5
6674fe data16 je 0x1001
ebfe jmp 0x1000
eb10 jmp 0x1012
66ebfe data16 jmp 0x1001
e9fbffffff jmp 0x1000
66e90010 jmpw 0x2004
e800000000 call 0x1005
66e8fcef callw 0x0
e2fe loop 0x1000
67e2fc addr16 loop 0xfff
e000 loopne 0x1002
e180 loope 0xf82
ffe0 jmp eax
66ffe0 jmp ax
ff20 jmp DWORD PTR [eax]
ff24850010c000 jmp DWORD PTR [eax*4+0xc01000]
ff15aabbcc00 call DWORD PTR ds:0xccbbaa
ffd3 call ebx
66ffd3 call bx
66ff10 call WORD PTR [eax]
ff1d78563412 call FWORD PTR ds:0x12345678
66ff18 call DWORD PTR [eax]
ff28 jmp FWORD PTR [eax]
ea785634120800 jmp 0x8:0x12345678
66ea34120800 jmp 0x8:0x1234
9a785634121b00 call 0x1b:0x12345678
669acdab1b00 call 0x1b:0xabcd
# Conditions
7010 jo 0x1012
0f90c0 seto al
0f4003 cmovo eax,DWORD PTR [ebx]
7110 jno 0x1012
0f91c1 setno cl
0f4103 cmovno eax,DWORD PTR [ebx]
7210 jb 0x1012
0f92c2 setb dl
0f4203 cmovb eax,DWORD PTR [ebx]
7310 jae 0x1012
0f93c3 setae bl
0f4303 cmovae eax,DWORD PTR [ebx]
7410 je 0x1012
0f94c4 sete ah
0f4403 cmove eax,DWORD PTR [ebx]
7510 jne 0x1012
0f95c5 setne ch
0f4503 cmovne eax,DWORD PTR [ebx]
7610 jbe 0x1012
0f96c6 setbe dh
0f4603 cmovbe eax,DWORD PTR [ebx]
7710 ja 0x1012
0f97c7 seta bh
0f4703 cmova eax,DWORD PTR [ebx]
7810 js 0x1012
0f98c0 sets al
0f4803 cmovs eax,DWORD PTR [ebx]
7910 jns 0x1012
0f99c1 setns cl
0f4903 cmovns eax,DWORD PTR [ebx]
7a10 jp 0x1012
0f9ac2 setp dl
0f4a03 cmovp eax,DWORD PTR [ebx]
7b10 jnp 0x1012
0f9bc3 setnp bl
0f4b03 cmovnp eax,DWORD PTR [ebx]
7c10 jl 0x1012
0f9cc4 setl ah
0f4c03 cmovl eax,DWORD PTR [ebx]
7d10 jge 0x1012
0f9dc5 setge ch
0f4d03 cmovge eax,DWORD PTR [ebx]
7e10 jle 0x1012
0f9ec6 setle dh
0f4e03 cmovle eax,DWORD PTR [ebx]
7f10 jg 0x1012
0f9fc7 setg bh
0f4f03 cmovg eax,DWORD PTR [ebx]
# Prefixes
f00108 lock add DWORD PTR [eax],ecx
f00fb10b lock cmpxchg DWORD PTR [ebx],ecx
f08703 lock xchg DWORD PTR [ebx],eax
f0ff00 lock inc DWORD PTR [eax]
f3a4 rep movsb
f3a5 rep movsd
f2a5 repnz movsd
f3a6 repz cmpsb
f2a6 repnz cmpsb
f3ae repz scasb
f2af repnz scasd
f3ab rep stosd
f3ac rep lodsb
f36c rep insb
f36f rep outsd
26a5 es movsd
2e67a4 cs addr16 movsb
64f3a5 fs rep movsd
65ac gs lodsb
66f3ab rep stosw
f36667a5 rep addr16 movsw
d7 xlat
26d7 es xlat
67d7 addr16 xlat
f390 pause
90 nop
6690 xchg ax,ax
666690 data16 xchg ax,ax
f290 repnz nop
3e90 ds nop
2e90 cs nop
f3c3 repz ret
f2c3 repnz ret
f3f00108 repz lock add DWORD PTR [eax],ecx
2e7400 cs je 0x1003
3e7500 ds jne 0x1003
2e2e8b00 cs mov eax,DWORD PTR cs:[eax]
26648b00 es mov eax,DWORD PTR fs:[eax]
6666b80100 data16 mov ax,0x1
67676790 addr16 addr16 addr16 nop
f0f3a4 lock rep movsb
660f1f440000 nop WORD PTR [eax+eax*1+0x0]
662e0f1f840000000000 nop WORD PTR cs:[eax+eax*1+0x0]
2e8d742600 lea esi,cs:[esi+eiz*1+0x0]
64f20f1000 movsd xmm0,QWORD PTR fs:[eax]
66f20f10c1 data16 movsd xmm0,xmm1
f3660f10c1 data16 movss xmm0,xmm1
f2f30f10c1 repnz movss xmm0,xmm1
f3f20f10c1 repz movsd xmm0,xmm1
669b data16 fwait
# System
f4 hlt
fa cli
fb sti
fc cld
fd std
f5 cmc
f8 clc
f9 stc
9e sahf
9f lahf
cc int3
cd80 int 0x80
ce into
f1 icebp
d6 salc
27 daa
2f das
37 aaa
3f aas
d40a aam 0xa
d50a aad 0xa
d410 aam 0x10
e460 in al,0x60
e643 out 0x43,al
e570 in eax,0x70
e7ff out 0xff,eax
ec in al,dx
ed in eax,dx
ee out dx,al
ef out dx,eax
66ed in ax,dx
0f06 clts
0f08 invd
0f09 wbinvd
0f0b ud2
0f20c0 mov eax,cr0
0f22d8 mov cr3,eax
0f20e0 mov eax,cr4
0f21f8 mov eax,dr7
0f23c0 mov dr0,eax
0f2013 mov ebx,cr2
0f30 wrmsr
0f31 rdtsc
0f32 rdmsr
0f33 rdpmc
0f34 sysenter
0f35 sysexit
0fa2 cpuid
0f0138 invlpg BYTE PTR [eax]
0f0010 lldt WORD PTR [eax]
0f0018 ltr WORD PTR [eax]
0f0020 verr WORD PTR [eax]
0f0028 verw WORD PTR [eax]
0f1f00 nop DWORD PTR [eax]
0f1f4000 nop DWORD PTR [eax+0x0]
0f18c0 nop eax
0f1800 prefetchnta BYTE PTR [eax]
0f1808 prefetcht0 BYTE PTR [eax]
0f1810 prefetcht1 BYTE PTR [eax]
0f1818 prefetcht2 BYTE PTR [eax]
0f0d00 nop DWORD PTR [eax]
07 pop es
17 pop ss
1f pop ds
06 push es
0e push cs
16 push ss
0fa1 pop fs
0fa9 pop gs
8ec8 mov cs,ax
8ef0 mov ?,ax
# Every other shape of operands
0016 add BYTE PTR [esi],dl
00f8 add al,bh
014fd5 add DWORD PTR [edi-0x2b],ecx
01ea add edx,ebp
02abace1dcda add ch,BYTE PTR [ebx-0x25231e54]
02e2 add ah,dl
0330 add esi,DWORD PTR [eax]
03e6 add esp,esi
0403 add al,0x3
0568bf8b82 add eax,0x828bbf68
46 inc esi
6203 bound eax,QWORD PTR [ebx]
63b05d3b775d arpl WORD PTR [eax+0x5d773b5d],si
63c9 arpl cx,cx
68bf1601eb push 0xeb0116bf
697e6779721abe imul edi,DWORD PTR [esi+0x67],0xbe1a7279
69d671e8700f imul edx,esi,0xf70e871
6a31 push 0x31
6b9b8bee02ef0a imul ebx,DWORD PTR [ebx-0x10fd1175],0xa
6bf7d0 imul esi,edi,0xffffffd0
70c3 jo 0xfc5
80477563 add BYTE PTR [edi+0x75],0x63
80c2a2 add dl,0xa2
814369ca89f609 add DWORD PTR [ebx+0x69],0x9f689ca
81c1199a1693 add ecx,0x93169a19
8306e5 add DWORD PTR [esi],0xffffffe5
83c2dd add edx,0xffffffdd
8c836c7f4fdb mov WORD PTR [ebx-0x24b08094],es
8cca mov edx,cs
8d00 lea eax,[eax]
8e59fa mov ds,WORD PTR [ecx-0x6]
8ecf mov cs,di
8f838bbde7c7 pop DWORD PTR [ebx-0x38184275]
8fc3 pop ebx
91 xchg ecx,eax
9a844c8dd7a906 call 0x6a9:0xd78d4c84
a0bd0d096c mov al,ds:0x6c090dbd
a1719ae664 mov eax,ds:0x64e69a71
a2c14f1137 mov ds:0x37114fc1,al
a3874ed5cb mov ds:0xcbd54e87,eax
b3f7 mov bl,0xf7
b80c1fd045 mov eax,0x45d01f0c
c1404c6b rol DWORD PTR [eax+0x4c],0x6b
c1c2b1 rol edx,0xb1
c23905 ret 0x539
c89d01c8 enter 0x19d,0xc8
cd84 int 0x84
d04727 rol BYTE PTR [edi+0x27],1
d0c2 rol dl,1
d18699d30c60 rol DWORD PTR [esi+0x600cd399],1
d1c3 rol ebx,1
d2802e92899f rol BYTE PTR [eax-0x60766dd2],cl
d2c3 rol bl,cl
d300 rol DWORD PTR [eax],cl
e585 in eax,0x85
e6c4 out 0xc4,al
e78d out 0x8d,eax
e845f413d9 call 0xd914044a
f616 not BYTE PTR [esi]
f6d6 not dh
ff9a7e278366 call FWORD PTR [edx+0x6683277e]
0f0082ad6d4ae6 sldt WORD PTR [edx-0x19b59253]
0f00c7 sldt edi
0f005696 lldt WORD PTR [esi-0x6a]
0f00d6 lldt si
0f0221 lar esp,WORD PTR [ecx]
0f02d8 lar ebx,eax
0f2089 mov ecx,cr1
0f21b3 mov ebx,dr6
0f21f9 mov ecx,dr7
0f227f mov cr7,edi
0f22d0 mov cr2,eax
0f23a1 mov dr4,ecx
0f23c8 mov dr1,eax
0fa440156b shld DWORD PTR [eax+0x15],eax,0x6b
0fa4ff01 shld edi,edi,0x1
0fa5a0a3d8e387 shld DWORD PTR [eax-0x781c275d],esp,cl
0fa5f2 shld edx,esi,cl
0fa8 push gs
0fb6a83b231470 movzx ebp,BYTE PTR [eax+0x7014233b]
0fb6c7 movzx eax,bh
0fb747d9 movzx eax,WORD PTR [edi-0x27]
0fb7cf movzx ecx,di
`;
