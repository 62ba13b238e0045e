/** Bytes and text of x87, MMX and SSE instructions in 32-bit code, compared with objdump (binutils 2.40, -M intel); strings, XLAT and LGDT are written shorter here. */
export const VECTOR = `
# x87
9b fwait
d882632fc8ce fadd DWORD PTR [edx-0x3137d09d]
d80e fmul DWORD PTR [esi]
d85108 fcom DWORD PTR [ecx+0x8]
d8605d fsub DWORD PTR [eax+0x5d]
d8b62db9890a fdiv DWORD PTR [esi+0xa89b92d]
d8c5 fadd st,st(5)
d8cd fmul st,st(5)
d8d5 fcom st(5)
d8e2 fsub st,st(2)
d8f3 fdiv st,st(3)
d902 fld DWORD PTR [edx]
d916 fst DWORD PTR [esi]
d99a0d1abb4b fstp DWORD PTR [edx+0x4bbb1a0d]
d9621b fldenv [edx+0x1b]
d96f61 fldcw WORD PTR [edi+0x61]
d931 fnstenv [ecx]
d93e fnstcw WORD PTR [esi]
d9c4 fld st(4)
d9cc fxch st(4)
d9d0 fnop
d9dd fstp st(5)
d9e0 fchs
d9e1 fabs
d9e4 ftst
d9e5 fxam
d9e8 fld1
d9e9 fldl2t
d9ea fldl2e
d9eb fldpi
d9ec fldlg2
d9ed fldln2
d9ee fldz
d9f0 f2xm1
d9f1 fyl2x
d9f2 fptan
d9f3 fpatan
d9f4 fxtract
d9f5 fprem1
d9f6 fdecstp
d9f7 fincstp
d9f8 fprem
d9f9 fyl2xp1
d9fa fsqrt
d9fb fsincos
d9fc frndint
d9fd fscale
d9fe fsin
d9ff fcos
da07 fiadd DWORD PTR [edi]
da8f04a42e6b fimul DWORD PTR [edi+0x6b2ea404]
da928b0e28bb ficom DWORD PTR [edx-0x44d7f175]
daa2f42b11e7 fisub DWORD PTR [edx-0x18eed40c]
da32 fidiv DWORD PTR [edx]
dac0 fcmovb st,st(0)
dae9 fucompp
db802ec7dc50 fild DWORD PTR [eax+0x50dcc72e]
db48ba fisttp DWORD PTR [eax-0x46]
db29 fld TBYTE PTR [ecx]
db39 fstp TBYTE PTR [ecx]
dbe0 fneni
dbe1 fndisi
dbe2 fnclex
dbe3 fninit
dbe4 fnsetpm
dbea fucomi st,st(2)
dbf5 fcomi st,st(5)
dc87f5b34861 fadd QWORD PTR [edi+0x6148b3f5]
dc4917 fmul QWORD PTR [ecx+0x17]
dc10 fcom QWORD PTR [eax]
dca7971ccc13 fsub QWORD PTR [edi+0x13cc1c97]
dc73c8 fdiv QWORD PTR [ebx-0x38]
dcc2 fadd st(2),st
dccb fmul st(3),st
dce5 fsubr st(5),st
dcf1 fdivr st(1),st
dd818144e656 fld QWORD PTR [ecx+0x56e64481]
dd89044d7591 fisttp QWORD PTR [ecx-0x6e8ab2fc]
dd52ff fst QWORD PTR [edx-0x1]
dd9ee84c28ad fstp QWORD PTR [esi-0x52d7b318]
dda3a7caf5ec frstor [ebx-0x130a3559]
dd7330 fnsave [ebx+0x30]
ddc5 ffree st(5)
ddd4 fst st(4)
dde3 fucom st(3)
de81f564ed82 fiadd WORD PTR [ecx-0x7d129b0b]
de09 fimul WORD PTR [ecx]
de523d ficom WORD PTR [edx+0x3d]
de67fc fisub WORD PTR [edi-0x4]
de36 fidiv WORD PTR [esi]
ded9 fcompp
df86e12c1183 fild WORD PTR [esi-0x7ceed31f]
df8adb334aa7 fisttp WORD PTR [edx-0x58b5cc25]
df627e fbld TBYTE PTR [edx+0x7e]
df6972 fild QWORD PTR [ecx+0x72]
dfb319d98773 fbstp TBYTE PTR [ebx+0x7387d919]
dfe0 fnstsw ax
# SSE
0f1023 movups xmm4,XMMWORD PTR [ebx]
0f10de movups xmm3,xmm6
660f1086336b5ce4 movupd xmm0,XMMWORD PTR [esi-0x1ba394cd]
660f10e8 movupd xmm5,xmm0
f30f1092f05f78d4 movss xmm2,DWORD PTR [edx-0x2b87a010]
f30f10da movss xmm3,xmm2
f20f106197 movsd xmm4,QWORD PTR [ecx-0x69]
f20f10e0 movsd xmm4,xmm0
0f1107 movups XMMWORD PTR [edi],xmm0
0f11ca movups xmm2,xmm1
660f110b movupd XMMWORD PTR [ebx],xmm1
660f11ea movupd xmm2,xmm5
f30f11468b movss DWORD PTR [esi-0x75],xmm0
f30f11ee movss xmm6,xmm5
f20f1187b9e47b6d movsd QWORD PTR [edi+0x6d7be4b9],xmm0
f20f11db movsd xmm3,xmm3
0f1222 movlps xmm4,QWORD PTR [edx]
0f12ca movhlps xmm1,xmm2
660f12b04372f3d2 movlpd xmm6,QWORD PTR [eax-0x2d0c8dbd]
f30f1246f3 movsldup xmm0,XMMWORD PTR [esi-0xd]
f30f12c9 movsldup xmm1,xmm1
f20f1296396a9be7 movddup xmm2,QWORD PTR [esi-0x186495c7]
f20f12e8 movddup xmm5,xmm0
0f1337 movlps QWORD PTR [edi],xmm6
660f131e movlpd QWORD PTR [esi],xmm3
0f188156b42c90 prefetchnta BYTE PTR [ecx-0x6fd34baa]
0f2a9618a8a10d cvtpi2ps xmm2,QWORD PTR [esi+0xda1a818]
0f2ace cvtpi2ps xmm1,mm6
660f2a10 cvtpi2pd xmm2,QWORD PTR [eax]
660f2af1 cvtpi2pd xmm6,mm1
f30f2a0f cvtsi2ss xmm1,DWORD PTR [edi]
f30f2afe cvtsi2ss xmm7,esi
f20f2a39 cvtsi2sd xmm7,DWORD PTR [ecx]
f20f2ace cvtsi2sd xmm1,esi
0f2b47e4 movntps XMMWORD PTR [edi-0x1c],xmm0
660f2b9292083ff3 movntpd XMMWORD PTR [edx-0xcc0f76e],xmm2
0f2c8264b0c987 cvttps2pi mm0,QWORD PTR [edx-0x78364f9c]
0f2cea cvttps2pi mm5,xmm2
660f2c00 cvttpd2pi mm0,XMMWORD PTR [eax]
660f2cdb cvttpd2pi mm3,xmm3
f30f2cb78b59fb76 cvttss2si esi,DWORD PTR [edi+0x76fb598b]
f30f2cda cvttss2si ebx,xmm2
f20f2c0a cvttsd2si ecx,QWORD PTR [edx]
f20f2cc7 cvttsd2si eax,xmm7
0f2eb144deea34 ucomiss xmm6,DWORD PTR [ecx+0x34eade44]
0f2ede ucomiss xmm3,xmm6
660f2e7a51 ucomisd xmm7,QWORD PTR [edx+0x51]
660f2efb ucomisd xmm7,xmm3
660f380029 pshufb xmm5,XMMWORD PTR [ecx]
660f3800d7 pshufb xmm2,xmm7
660f3a0fab24545c1a1a palignr xmm5,XMMWORD PTR [ebx+0x1a5c5424],0x1a
660f3a0fc121 palignr xmm0,xmm1,0x21
0f50c2 movmskps eax,xmm2
660f50f2 movmskpd esi,xmm2
0f5a8869107804 cvtps2pd xmm1,QWORD PTR [eax+0x4781069]
0f5af1 cvtps2pd xmm6,xmm1
660f5a59c8 cvtpd2ps xmm3,XMMWORD PTR [ecx-0x38]
660f5ae6 cvtpd2ps xmm4,xmm6
f30f5ab85c240758 cvtss2sd xmm7,DWORD PTR [eax+0x5807245c]
f30f5afe cvtss2sd xmm7,xmm6
f20f5a46ad cvtsd2ss xmm0,QWORD PTR [esi-0x53]
f20f5afe cvtsd2ss xmm7,xmm6
0f5b61f9 cvtdq2ps xmm4,XMMWORD PTR [ecx-0x7]
0f5be3 cvtdq2ps xmm4,xmm3
660f5b820955e355 cvtps2dq xmm0,XMMWORD PTR [edx+0x55e35509]
660f5bd3 cvtps2dq xmm2,xmm3
f30f5b8f6991329f cvttps2dq xmm1,XMMWORD PTR [edi-0x60cd6e97]
f30f5bf9 cvttps2dq xmm7,xmm1
660f6e5f60 movd xmm3,DWORD PTR [edi+0x60]
660f6ec9 movd xmm1,ecx
f30f6f7893 movdqu xmm7,XMMWORD PTR [eax-0x6d]
f30f6fe8 movdqu xmm5,xmm0
f30f701ab7 pshufhw xmm3,XMMWORD PTR [edx],0xb7
f30f70f39a pshufhw xmm6,xmm3,0x9a
f20f7060fff7 pshuflw xmm4,XMMWORD PTR [eax-0x1],0xf7
f20f70d948 pshuflw xmm3,xmm1,0x48
660f71d1d0 psrlw xmm1,0xd0
f20f7c9bce8b3e10 haddps xmm3,XMMWORD PTR [ebx+0x103e8bce]
f20f7cee haddps xmm5,xmm6
660f7e7e77 movd DWORD PTR [esi+0x77],xmm7
660f7ee8 movd eax,xmm5
f30f7e68fb movq xmm5,QWORD PTR [eax-0x5]
f30f7ef6 movq xmm6,xmm6
660f7f784e movdqa XMMWORD PTR [eax+0x4e],xmm7
660f7ffa movdqa xmm2,xmm7
f30f7f3f movdqu XMMWORD PTR [edi],xmm7
f30f7fdf movdqu xmm7,xmm3
0fae06 fxsave [esi]
0fae10 ldmxcsr DWORD PTR [eax]
0faeef lfence
0faebb91f0281f clflush BYTE PTR [ebx+0x1f28f091]
0fc27f8d04 cmpneqps xmm7,XMMWORD PTR [edi-0x73]
0fc2c974 cmpps xmm1,xmm1,0x74
660fc21035 cmppd xmm2,XMMWORD PTR [eax],0x35
660fc2c7e1 cmppd xmm0,xmm7,0xe1
f30fc242302a cmpss xmm0,DWORD PTR [edx+0x30],0x2a
f30fc2d93b cmpss xmm3,xmm1,0x3b
f20fc2a00f280e5160 cmpsd xmm4,QWORD PTR [eax+0x510e280f],0x60
f20fc2cb44 cmpsd xmm1,xmm3,0x44
0fc382b09e6ee6 movnti DWORD PTR [edx-0x19916150],eax
660fc4bbd843b6edb1 pinsrw xmm7,WORD PTR [ebx-0x1249bc28],0xb1
660fc4f19c pinsrw xmm6,ecx,0x9c
660fc5dabe pextrw ebx,xmm2,0xbe
660fd610 movq QWORD PTR [eax],xmm2
660fd6d9 movq xmm1,xmm3
f30fd6f3 movq2dq xmm6,mm3
f20fd6d2 movdq2q mm2,xmm2
660fd7c3 pmovmskb eax,xmm3
660fe638 cvttpd2dq xmm7,XMMWORD PTR [eax]
660fe6d6 cvttpd2dq xmm2,xmm6
f30fe67b38 cvtdq2pd xmm7,QWORD PTR [ebx+0x38]
f30fe6c8 cvtdq2pd xmm1,xmm0
f20fe683634e7d27 cvtpd2dq xmm0,XMMWORD PTR [ebx+0x277d4e63]
f20fe6d8 cvtpd2dq xmm3,xmm0
660fe78b5f703daf movntdq XMMWORD PTR [ebx-0x50c28fa1],xmm1
f20ff0b91e659480 lddqu xmm7,XMMWORD PTR [ecx-0x7f6b9ae2]
660ff7e8 maskmovdqu xmm5,xmm0
# MMX
0f38005045 pshufb mm2,QWORD PTR [eax+0x45]
0f3800fe pshufb mm7,mm6
0f3a0f00b8 palignr mm0,QWORD PTR [eax],0xb8
0f3a0fe227 palignr mm4,mm2,0x27
0f6020 punpcklbw mm4,DWORD PTR [eax]
0f60fe punpcklbw mm7,mm6
0f6e36 movd mm6,DWORD PTR [esi]
0f6eff movd mm7,edi
0f71d1b3 psrlw mm1,0xb3
0f77 emms
0f7e36 movd DWORD PTR [esi],mm6
0f7ec9 movd ecx,mm1
0f7fb208fb9ced movq QWORD PTR [edx-0x126304f8],mm6
0f7fe8 movq mm0,mm5
0fc476feed pinsrw mm6,WORD PTR [esi-0x2],0xed
0fc4da5b pinsrw mm3,edx,0x5b
0fc5cae2 pextrw ecx,mm2,0xe2
0fd7c0 pmovmskb eax,mm0
0fe71f movntq QWORD PTR [edi],mm3
0ff7ea maskmovq mm5,mm2
# SSE comparisons
0fc2c100 cmpeqps xmm0,xmm1
660fc2c101 cmpltpd xmm0,xmm1
f30fc2c102 cmpless xmm0,xmm1
f20fc2c103 cmpunordsd xmm0,xmm1
0fc20304 cmpneqps xmm0,XMMWORD PTR [ebx]
660fc20305 cmpnltpd xmm0,XMMWORD PTR [ebx]
f30fc20306 cmpnless xmm0,DWORD PTR [ebx]
f20fc20307 cmpordsd xmm0,QWORD PTR [ebx]
0fc2c108 cmpps xmm0,xmm1,0x8
f20fc2c1ff cmpsd xmm0,xmm1,0xff
`;
