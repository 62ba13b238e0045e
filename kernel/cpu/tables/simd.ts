/** Encodings of MMX, SSE, SSE2, SSE3, SSSE3 and what came with them, in the notation of `integer.ts`. */
export const SIMD = `
np.0F10 MOVUPS Vps Wps ; any @sse
66.0F10 MOVUPD Vpd Wpd ; any @sse2
f3.0F10 MOVSS.LOAD Vss Wss ; @sse
f2.0F10 MOVSD.LOAD Vsd Wsd ; @sse2
np.0F11 MOVUPS.STORE Wps Vps ; any @sse
66.0F11 MOVUPD.STORE Wpd Vpd ; any @sse2
f3.0F11 MOVSS.STORE Wss Vss ; @sse
f2.0F11 MOVSD.STORE Wsd Vsd ; @sse2
np.0F12m MOVLPS Vq Mq ; @sse
np.0F12r MOVHLPS Vq Uq ; @sse
66.0F12m MOVLPD Vq Mq ; @sse2
f3.0F12 MOVSLDUP Vps Wps ; @sse3
f2.0F12 MOVDDUP Vpd Wsd ; @sse3
np.0F13m MOVLPS.STORE Mq Vq ; @sse
66.0F13m MOVLPD.STORE Mq Vq ; @sse2
np.0F14 UNPCKLPS Vps Wps ; @sse
66.0F14 UNPCKLPD Vpd Wpd ; @sse2
np.0F15 UNPCKHPS Vps Wps ; @sse
66.0F15 UNPCKHPD Vpd Wpd ; @sse2
np.0F16m MOVHPS Vq Mq ; @sse
np.0F16r MOVLHPS Vq Uq ; @sse
66.0F16m MOVHPD Vq Mq ; @sse2
f3.0F16 MOVSHDUP Vps Wps ; @sse3
np.0F17m MOVHPS.STORE Mq Vq ; @sse
66.0F17m MOVHPD.STORE Mq Vq ; @sse2
0F18/0m PREFETCHNTA Mb ; @sse
0F18/1m PREFETCHT0 Mb ; @sse
0F18/2m PREFETCHT1 Mb ; @sse
0F18/3m PREFETCHT2 Mb ; @sse
np.0F28 MOVAPS Vps Wps ; @sse
66.0F28 MOVAPD Vpd Wpd ; @sse2
np.0F29 MOVAPS.STORE Wps Vps ; @sse
66.0F29 MOVAPD.STORE Wpd Vpd ; @sse2
np.0F2A CVTPI2PS Vps Qq ; @sse
66.0F2A CVTPI2PD Vpd Qq ; @sse2
f3.0F2A CVTSI2SS Vss Ed ; @sse
f2.0F2A CVTSI2SD Vsd Ed ; @sse2
np.0F2Bm MOVNTPS Mps Vps ; @sse
66.0F2Bm MOVNTPD Mpd Vpd ; @sse2
np.0F2C CVTTPS2PI Pq Wq ; @sse
66.0F2C CVTTPD2PI Pq Wpd ; @sse2
f3.0F2C CVTTSS2SI Gd Wss ; @sse
f2.0F2C CVTTSD2SI Gd Wsd ; @sse2
np.0F2D CVTPS2PI Pq Wq ; @sse
66.0F2D CVTPD2PI Pq Wpd ; @sse2
f3.0F2D CVTSS2SI Gd Wss ; @sse
f2.0F2D CVTSD2SI Gd Wsd ; @sse2
np.0F2E UCOMISS Vss Wss ; @sse
66.0F2E UCOMISD Vsd Wsd ; @sse2
np.0F2F COMISS Vss Wss ; @sse
66.0F2F COMISD Vsd Wsd ; @sse2
mm.0F3800 PSHUFB PV QW ; @ssse3/ssse3
mm.0F3801 PHADDW PV QW ; @ssse3/ssse3
mm.0F3802 PHADDD PV QW ; @ssse3/ssse3
mm.0F3803 PHADDSW PV QW ; @ssse3/ssse3
mm.0F3804 PMADDUBSW PV QW ; @ssse3/ssse3
mm.0F3805 PHSUBW PV QW ; @ssse3/ssse3
mm.0F3806 PHSUBD PV QW ; @ssse3/ssse3
mm.0F3807 PHSUBSW PV QW ; @ssse3/ssse3
mm.0F3808 PSIGNB PV QW ; @ssse3/ssse3
mm.0F3809 PSIGNW PV QW ; @ssse3/ssse3
mm.0F380A PSIGND PV QW ; @ssse3/ssse3
mm.0F380B PMULHRSW PV QW ; @ssse3/ssse3
mm.0F381C PABSB PV QW ; @ssse3/ssse3
mm.0F381D PABSW PV QW ; @ssse3/ssse3
mm.0F381E PABSD PV QW ; @ssse3/ssse3
mm.0F3A0F PALIGNR PV QW Ib ; @ssse3/ssse3
np.0F50r MOVMSKPS Gd Ups ; @sse
66.0F50r MOVMSKPD Gd Upd ; @sse2
np.0F51 SQRTPS Vps Wps ; @sse
66.0F51 SQRTPD Vpd Wpd ; @sse2
f3.0F51 SQRTSS Vss Wss ; @sse
f2.0F51 SQRTSD Vsd Wsd ; @sse2
np.0F52 RSQRTPS Vps Wps ; @sse
f3.0F52 RSQRTSS Vss Wss ; @sse
np.0F53 RCPPS Vps Wps ; @sse
f3.0F53 RCPSS Vss Wss ; @sse
np.0F54 ANDPS Vps Wps ; @sse
66.0F54 ANDPD Vpd Wpd ; @sse2
np.0F55 ANDNPS Vps Wps ; @sse
66.0F55 ANDNPD Vpd Wpd ; @sse2
np.0F56 ORPS Vps Wps ; @sse
66.0F56 ORPD Vpd Wpd ; @sse2
np.0F57 XORPS Vps Wps ; @sse
66.0F57 XORPD Vpd Wpd ; @sse2
np.0F58 ADDPS Vps Wps ; @sse
66.0F58 ADDPD Vpd Wpd ; @sse2
f3.0F58 ADDSS Vss Wss ; @sse
f2.0F58 ADDSD Vsd Wsd ; @sse2
np.0F59 MULPS Vps Wps ; @sse
66.0F59 MULPD Vpd Wpd ; @sse2
f3.0F59 MULSS Vss Wss ; @sse
f2.0F59 MULSD Vsd Wsd ; @sse2
np.0F5A CVTPS2PD Vpd Wq ; @sse2
66.0F5A CVTPD2PS Vps Wpd ; @sse2
f3.0F5A CVTSS2SD Vsd Wss ; @sse2
f2.0F5A CVTSD2SS Vss Wsd ; @sse2
np.0F5B CVTDQ2PS Vps Wdq ; @sse2
66.0F5B CVTPS2DQ Vdq Wps ; @sse2
f3.0F5B CVTTPS2DQ Vdq Wps ; @sse2
np.0F5C SUBPS Vps Wps ; @sse
66.0F5C SUBPD Vpd Wpd ; @sse2
f3.0F5C SUBSS Vss Wss ; @sse
f2.0F5C SUBSD Vsd Wsd ; @sse2
np.0F5D MINPS Vps Wps ; @sse
66.0F5D MINPD Vpd Wpd ; @sse2
f3.0F5D MINSS Vss Wss ; @sse
f2.0F5D MINSD Vsd Wsd ; @sse2
np.0F5E DIVPS Vps Wps ; @sse
66.0F5E DIVPD Vpd Wpd ; @sse2
f3.0F5E DIVSS Vss Wss ; @sse
f2.0F5E DIVSD Vsd Wsd ; @sse2
np.0F5F MAXPS Vps Wps ; @sse
66.0F5F MAXPD Vpd Wpd ; @sse2
f3.0F5F MAXSS Vss Wss ; @sse
f2.0F5F MAXSD Vsd Wsd ; @sse2
np.0F60 PUNPCKLBW Pq Qd ; @mmx
66.0F60 PUNPCKLBW Vdq Wdq ; @sse2
np.0F61 PUNPCKLWD Pq Qd ; @mmx
66.0F61 PUNPCKLWD Vdq Wdq ; @sse2
np.0F62 PUNPCKLDQ Pq Qd ; @mmx
66.0F62 PUNPCKLDQ Vdq Wdq ; @sse2
mm.0F63 PACKSSWB PV QW ; @mmx/sse2
mm.0F64 PCMPGTB PV QW ; @mmx/sse2
mm.0F65 PCMPGTW PV QW ; @mmx/sse2
mm.0F66 PCMPGTD PV QW ; @mmx/sse2
mm.0F67 PACKUSWB PV QW ; @mmx/sse2
mm.0F68 PUNPCKHBW PV QW ; @mmx/sse2
mm.0F69 PUNPCKHWD PV QW ; @mmx/sse2
mm.0F6A PUNPCKHDQ PV QW ; @mmx/sse2
mm.0F6B PACKSSDW PV QW ; @mmx/sse2
66.0F6C PUNPCKLQDQ Vdq Wdq ; @sse2
66.0F6D PUNPCKHQDQ Vdq Wdq ; @sse2
np.0F6E MOVD.LOAD Pq Ed ; @mmx
66.0F6E MOVD.LOAD Vdq Ed ; @sse2
np.0F6F MOVQ.LOAD Pq Qq ; @mmx
66.0F6F MOVDQA Vdq Wdq ; @sse2
f3.0F6F MOVDQU Vdq Wdq ; any @sse2
np.0F70 PSHUFW Pq Qq Ib ; @sse
66.0F70 PSHUFD Vdq Wdq Ib ; @sse2
f3.0F70 PSHUFHW Vdq Wdq Ib ; @sse2
f2.0F70 PSHUFLW Vdq Wdq Ib ; @sse2
mm.0F71/2r PSRLW.I NU Ib ; @mmx/sse2
mm.0F71/4r PSRAW.I NU Ib ; @mmx/sse2
mm.0F71/6r PSLLW.I NU Ib ; @mmx/sse2
mm.0F72/2r PSRLD.I NU Ib ; @mmx/sse2
mm.0F72/4r PSRAD.I NU Ib ; @mmx/sse2
mm.0F72/6r PSLLD.I NU Ib ; @mmx/sse2
mm.0F73/2r PSRLQ.I NU Ib ; @mmx/sse2
66.0F73/3r PSRLDQ Udq Ib ; @sse2
mm.0F73/6r PSLLQ.I NU Ib ; @mmx/sse2
66.0F73/7r PSLLDQ Udq Ib ; @sse2
mm.0F74 PCMPEQB PV QW ; @mmx/sse2
mm.0F75 PCMPEQW PV QW ; @mmx/sse2
mm.0F76 PCMPEQD PV QW ; @mmx/sse2
np.0F77 EMMS ; @mmx
66.0F7C HADDPD Vpd Wpd ; @sse3
f2.0F7C HADDPS Vps Wps ; @sse3
66.0F7D HSUBPD Vpd Wpd ; @sse3
f2.0F7D HSUBPS Vps Wps ; @sse3
np.0F7E MOVD.STORE Ed Pq ; @mmx
66.0F7E MOVD.STORE Ed Vdq ; @sse2
f3.0F7E MOVQ.LOAD Vq Wq ; @sse2
np.0F7F MOVQ.STORE Qq Pq ; @mmx
66.0F7F MOVDQA.STORE Wdq Vdq ; @sse2
f3.0F7F MOVDQU.STORE Wdq Vdq ; any @sse2
np.0FAE/0m FXSAVE M ; @fxsr
np.0FAE/1m FXRSTOR M ; @fxsr
np.0FAE/2m LDMXCSR Md ; @sse
np.0FAE/3m STMXCSR Md ; @sse
np.0FAE/5r LFENCE ; @sse2
np.0FAE/6r MFENCE ; @sse2
np.0FAE/7r SFENCE ; @sse
np.0FAE/7m CLFLUSH Mb ; @clfsh
np.0FC2 CMPPS Vps Wps Ib ; @sse
66.0FC2 CMPPD Vpd Wpd Ib ; @sse2
f3.0FC2 CMPSS Vss Wss Ib ; @sse
f2.0FC2 CMPSD Vsd Wsd Ib ; @sse2
np.0FC3m MOVNTI Md Gd ; @sse2
np.0FC4 PINSRW Pq Edw Ib ; @sse
66.0FC4 PINSRW Vdq Edw Ib ; @sse2
np.0FC5r PEXTRW Gd Nq Ib ; @sse
66.0FC5r PEXTRW Gd Udq Ib ; @sse2
np.0FC6 SHUFPS Vps Wps Ib ; @sse
66.0FC6 SHUFPD Vpd Wpd Ib ; @sse2
66.0FD0 ADDSUBPD Vpd Wpd ; @sse3
f2.0FD0 ADDSUBPS Vps Wps ; @sse3
mm.0FD1 PSRLW PV QW ; @mmx/sse2
mm.0FD2 PSRLD PV QW ; @mmx/sse2
mm.0FD3 PSRLQ PV QW ; @mmx/sse2
mm.0FD4 PADDQ PV QW ; @sse2/sse2
mm.0FD5 PMULLW PV QW ; @mmx/sse2
66.0FD6 MOVQ.STORE Wq Vq ; @sse2
f3.0FD6r MOVQ2DQ Vdq Nq ; @sse2
f2.0FD6r MOVDQ2Q Pq Udq ; @sse2
np.0FD7r PMOVMSKB Gd Nq ; @sse
66.0FD7r PMOVMSKB Gd Udq ; @sse2
mm.0FD8 PSUBUSB PV QW ; @mmx/sse2
mm.0FD9 PSUBUSW PV QW ; @mmx/sse2
mm.0FDA PMINUB PV QW ; @sse/sse2
mm.0FDB PAND PV QW ; @mmx/sse2
mm.0FDC PADDUSB PV QW ; @mmx/sse2
mm.0FDD PADDUSW PV QW ; @mmx/sse2
mm.0FDE PMAXUB PV QW ; @sse/sse2
mm.0FDF PANDN PV QW ; @mmx/sse2
mm.0FE0 PAVGB PV QW ; @sse/sse2
mm.0FE1 PSRAW PV QW ; @mmx/sse2
mm.0FE2 PSRAD PV QW ; @mmx/sse2
mm.0FE3 PAVGW PV QW ; @sse/sse2
mm.0FE4 PMULHUW PV QW ; @sse/sse2
mm.0FE5 PMULHW PV QW ; @mmx/sse2
66.0FE6 CVTTPD2DQ Vdq Wpd ; @sse2
f3.0FE6 CVTDQ2PD Vpd Wq ; @sse2
f2.0FE6 CVTPD2DQ Vdq Wpd ; @sse2
np.0FE7m MOVNTQ Mq Pq ; @sse
66.0FE7m MOVNTDQ Mdq Vdq ; @sse2
mm.0FE8 PSUBSB PV QW ; @mmx/sse2
mm.0FE9 PSUBSW PV QW ; @mmx/sse2
mm.0FEA PMINSW PV QW ; @sse/sse2
mm.0FEB POR PV QW ; @mmx/sse2
mm.0FEC PADDSB PV QW ; @mmx/sse2
mm.0FED PADDSW PV QW ; @mmx/sse2
mm.0FEE PMAXSW PV QW ; @sse/sse2
mm.0FEF PXOR PV QW ; @mmx/sse2
f2.0FF0m LDDQU Vdq Mdq ; any @sse3
mm.0FF1 PSLLW PV QW ; @mmx/sse2
mm.0FF2 PSLLD PV QW ; @mmx/sse2
mm.0FF3 PSLLQ PV QW ; @mmx/sse2
mm.0FF4 PMULUDQ PV QW ; @sse2/sse2
mm.0FF5 PMADDWD PV QW ; @mmx/sse2
mm.0FF6 PSADBW PV QW ; @sse/sse2
np.0FF7r MASKMOVQ Pq Nq ; @sse
66.0FF7r MASKMOVDQU Vdq Udq ; @sse2
mm.0FF8 PSUBB PV QW ; @mmx/sse2
mm.0FF9 PSUBW PV QW ; @mmx/sse2
mm.0FFA PSUBD PV QW ; @mmx/sse2
mm.0FFB PSUBQ PV QW ; @sse2/sse2
mm.0FFC PADDB PV QW ; @mmx/sse2
mm.0FFD PADDW PV QW ; @mmx/sse2
mm.0FFE PADDD PV QW ; @mmx/sse2
`;
