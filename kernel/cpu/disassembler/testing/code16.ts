/** Bytes and text of instructions in 16-bit code, at address 1000h, compared with objdump (binutils 2.40, -M intel); strings, XLAT and LGDT are written shorter here. */
export const CODE16 = `
# Memory operands of 16-bit addresses
8b00 mov ax,WORD PTR [bx+si]
8b01 mov ax,WORD PTR [bx+di]
8b02 mov ax,WORD PTR [bp+si]
8b03 mov ax,WORD PTR [bp+di]
8b04 mov ax,WORD PTR [si]
8b05 mov ax,WORD PTR [di]
8b06cdab mov ax,WORD PTR ds:0xabcd
8b07 mov ax,WORD PTR [bx]
8b4600 mov ax,WORD PTR [bp+0x0]
8b46fe mov ax,WORD PTR [bp-0x2]
8b4710 mov ax,WORD PTR [bx+0x10]
8b80ff7f mov ax,WORD PTR [bx+si+0x7fff]
8b810080 mov ax,WORD PTR [bx+di-0x8000]
8b82f0ff mov ax,WORD PTR [bp+si-0x10]
8b4201 mov ax,WORD PTR [bp+si+0x1]
8b430f mov ax,WORD PTR [bp+di+0xf]
268b07 mov ax,WORD PTR es:[bx]
2e8b16feff mov dx,WORD PTR cs:0xfffe
3e8b4604 mov ax,WORD PTR ds:[bp+0x4]
368b04 mov ax,WORD PTR ss:[si]
65c606341256 mov BYTE PTR gs:0x1234,0x56
a1cdab mov ax,ds:0xabcd
64a20010 mov fs:0x1000,al
8d5efc lea bx,[bp-0x4]
ff361234 push WORD PTR ds:0x3412
668b07 mov eax,DWORD PTR [bx]
# The other address size
678b00 mov ax,WORD PTR [eax]
678b0488 mov ax,WORD PTR [eax+ecx*4]
678b0534120000 addr32 mov ax,WORD PTR ds:0x1234
67668b4424f0 mov eax,DWORD PTR [esp-0x10]
67a178563412 addr32 mov ax,ds:0x12345678
67c60012 mov BYTE PTR [eax],0x12
# Sizes of operands
0000 add BYTE PTR [bx+si],al
01c8 add ax,cx
6601c8 add eax,ecx
b8ffff mov ax,0xffff
66b8ffffffff mov eax,0xffffffff
83c0ff add ax,0xffff
6683c0ff add eax,0xffffffff
6aff push 0xffff
68ff00 push 0xff
6bd8fe imul bx,ax,0xfffe
666bd8fe imul ebx,eax,0xfffffffe
81c30080 add bx,0x8000
d1e0 shl ax,1
660fb6c0 movzx eax,al
0fb7c0 movzx ax,ax
98 cbw
6698 cwde
99 cwd
6699 cdq
40 inc ax
6640 inc eax
93 xchg bx,ax
6693 xchg ebx,eax
c51f lds bx,DWORD PTR [bx]
66c41f les ebx,FWORD PTR [bx]
8cd8 mov ax,ds
668cd8 mov eax,ds
0f00c0 sldt ax
0f01e0 smsw ax
620f bound cx,DWORD PTR [bx]
66620f bound ecx,QWORD PTR [bx]
0fc70f cmpxchg8b QWORD PTR [bx]
0fb21f lss bx,DWORD PTR [bx]
# Names by size
60 pusha
6660 pushad
61 popa
6661 popad
9c pushf
669c pushfd
9d popf
669d popfd
cf iret
66cf iretd
c3 ret
66c3 retd
c20800 ret 0x8
66c20800 retd 0x8
cb retf
66cb retfd
ca0800 retf 0x8
66ca0800 retfd 0x8
c9 leave
66c9 leaved
c8100001 enter 0x10,0x1
66c8100001 enterd 0x10,0x1
6a01 push 0x1
666a01 pushd 0x1
686400 push 0x64
1e push ds
661e pushd ds
0fa0 push fs
660fa9 popd gs
50 push ax
6650 push eax
ff30 push WORD PTR [bx+si]
66ff30 push DWORD PTR [bx+si]
8f00 pop WORD PTR [bx+si]
668f00 pop DWORD PTR [bx+si]
e3fe jcxz 0x1000
67e3fe jecxz 0x1001
a4 movsb
a5 movsw
66a5 movsd
6c insb
6d insw
666d insd
6e outsb
6f outsw
666f outsd
aa stosb
ab stosw
66ab stosd
ac lodsb
ad lodsw
66ad lodsd
ae scasb
af scasw
66af scasd
a6 cmpsb
a7 cmpsw
66a7 cmpsd
0f0110 lgdt [bx+si]
660f0118 lidtd [bx+si]
0f0100 sgdt [bx+si]
660f0108 sidtd [bx+si]
d920 fldenv [bx+si]
66d920 fldenvd [bx+si]
d930 fnstenv [bx+si]
dd20 frstor [bx+si]
66dd30 fnsaved [bx+si]
dd30 fnsave [bx+si]
# Branches
74fe je 0x1000
7580 jne 0xf82
0f840000 je 0x1004
0f84fcef je 0x0
660f84ffffffff je 0x1006
ebfe jmp 0x1000
e9fdff jmp 0x1000
66e9faffffff jmpd 0x1000
e80000 call 0x1003
e8fcef call 0xffff
e2fe loop 0x1000
67e2fe addr32 loop 0x1001
e3fc jcxz 0xffe
67e3fc jecxz 0xfff
ffe0 jmp ax
66ffe0 jmp eax
ff27 jmp WORD PTR [bx]
ff17 call WORD PTR [bx]
66ff17 call DWORD PTR [bx]
ff1f call DWORD PTR [bx]
66ff1f call FWORD PTR [bx]
ff2e3412 jmp DWORD PTR ds:0x1234
ea341200f0 jmp 0xf000:0x1234
66ea785634120800 jmp 0x8:0x12345678
9a00100020 call 0x2000:0x1000
# Prefixes
f3a5 rep movsw
66f3a5 rep movsd
67a5 addr32 movsw
2ea5 cs movsw
f390 pause
6690 xchg eax,eax
6790 addr32 nop
66670107 add DWORD PTR [edi],eax
f00107 lock add WORD PTR [bx],ax
# Every other shape of operands
0059d4 add BYTE PTR [bx+di-0x2c],bl
00c2 add dl,al
015394 add WORD PTR [bp+di-0x6c],dx
01e8 add ax,bp
026903 add ch,BYTE PTR [bx+di+0x3]
02f1 add dh,cl
037b78 add di,WORD PTR [bp+di+0x78]
03e7 add sp,di
0400 add al,0x0
0533b8 add ax,0xb833
06 push es
0e push cs
16 push ss
27 daa
45 inc bp
62587e bound bx,DWORD PTR [bx+si+0x7e]
637b65 arpl WORD PTR [bp+di+0x65],di
63c2 arpl dx,ax
68e669 push 0x69e6
695b282a5b imul bx,WORD PTR [bp+di+0x28],0x5b2a
69fa88e5 imul di,dx,0xe588
6a4b push 0x4b
6b5ec933 imul bx,WORD PTR [bp-0x37],0x33
6bc2ab imul ax,dx,0xffab
7354 jae 0x1056
8047b882 add BYTE PTR [bx-0x48],0x82
80c779 add bh,0x79
81407e4a40 add WORD PTR [bx+si+0x7e],0x404a
81c7224f add di,0x4f22
83425b29 add WORD PTR [bp+si+0x5b],0x29
83c119 add cx,0x19
8c4bca mov WORD PTR [bp+di-0x36],cs
8cc7 mov di,es
8d5a61 lea bx,[bp+si+0x61]
8e469e mov es,WORD PTR [bp-0x62]
8ed0 mov ss,ax
8f4727 pop WORD PTR [bx+0x27]
8fc2 pop dx
91 xchg cx,ax
9ab8a4ae58 call 0x58ae:0xa4b8
a0dab7 mov al,ds:0xb7da
a11577 mov ax,ds:0x7715
a29228 mov ds:0x2892,al
a37854 mov ds:0x5478,ax
b367 mov bl,0x67
bd3b95 mov bp,0x953b
c1411dba rol WORD PTR [bx+di+0x1d],0xba
c1c3a1 rol bx,0xa1
c2be13 ret 0x13be
c867525f enter 0x5267,0x5f
cdba int 0xba
d046b5 rol BYTE PTR [bp-0x4b],1
d0c6 rol dh,1
d1461e rol WORD PTR [bp+0x1e],1
d1c3 rol bx,1
d2410c rol BYTE PTR [bx+di+0xc],cl
d2c0 rol al,cl
d342d9 rol WORD PTR [bp+si-0x27],cl
d3c1 rol cx,cl
e529 in ax,0x29
e66c out 0x6c,al
e7ad out 0xad,ax
e84980 call 0x904c
ec in al,dx
ed in ax,dx
ee out dx,al
ef out dx,ax
f65793 not BYTE PTR [bx-0x6d]
f6d7 not bh
ff584b call DWORD PTR [bx+si+0x4b]
0f0041ad sldt WORD PTR [bx+di-0x53]
0f00c2 sldt dx
0f0051b0 lldt WORD PTR [bx+di-0x50]
0f00d7 lldt di
0f02667e lar sp,WORD PTR [bp+0x7e]
0f02ee lar bp,si
0f2063 mov ebx,cr4
0f20e8 mov eax,cr5
0f2172 mov edx,dr6
0f21d3 mov ebx,dr2
0f2263 mov cr4,ebx
0f22c9 mov cr1,ecx
0f2348 mov dr1,eax
0f23cf mov dr1,edi
0fa467f2a1 shld WORD PTR [bx-0xe],sp,0xa1
0fa4ea3d shld dx,bp,0x3d
0fa566b7 shld WORD PTR [bp-0x49],sp,cl
0fa5cb shld bx,cx,cl
0fa8 push gs
0fb6675f movzx sp,BYTE PTR [bx+0x5f]
0fb6ee movzx bp,dh
0fb7766c movzx si,WORD PTR [bp+0x6c]
0fb7ca movzx cx,dx
`;
