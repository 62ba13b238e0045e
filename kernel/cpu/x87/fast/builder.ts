/**
 * Structured WebAssembly: expressions and statements as byte sequences that nest, over the opcodes of `wasm/encoder.ts`.
 * A value of type Code is a piece of a function body; what it leaves on the stack is its writer's affair and the host's validator's.
 */
import { Bytes, I32, OP, VOID } from "../../../wasm/encoder.js";
import type { FunctionCode } from "../../../wasm/module.js";

export type Code = readonly number[];

export const I64 = 0x7e;
export const F64 = 0x7c;
/** Opcodes the x87 uses beyond those of generated regions. */
const WIDE = {
  i32Load16U: 0x2f,
  i32GtS: 0x4a,
  i64Load: 0x29,
  i64Load32S: 0x34,
  i64Load32U: 0x35,
  i64Load16S: 0x32,
  i64Store: 0x37,
  i64Store32: 0x3e,
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtU: 0x56,
  i64GeU: 0x5a,
  i64GeS: 0x59,
  i64Clz: 0x79,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64DivU: 0x80,
  i64And: 0x83,
  i64Xor: 0x85,
  i64ShrS: 0x87,
  f64Sqrt: 0x9f,
  f64Add: 0xa0,
  f64Mul: 0xa2,
  f64Div: 0xa3,
  i64TruncF64U: 0xb1,
  i64TruncF64S: 0xb0,
  f64ConvertI64S: 0xb9,
  f64ConvertI64U: 0xba,
  f64ReinterpretI64: 0xbf,
} as const;

export const unsigned = (value: number): Code => {
  const out = new Bytes();
  out.unsigned(value);
  return [...out.view];
};
const signed = (value: bigint): Code => {
  const out: number[] = [];
  for (let rest = BigInt.asIntN(64, value); ; ) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
      out.push(low);
      return out;
    }
    out.push(low | 0x80);
  }
};

export const sequence = (...parts: readonly Code[]): Code => ([] as number[]).concat(...parts);

const unary =
  (opcode: number) =>
  (a: Code): Code => [...a, opcode];
const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, opcode];
/** Loads and stores say their alignment as none: it is a hint. */
const load =
  (opcode: number) =>
  (address: Code, offset = 0): Code => [...address, opcode, 0, ...unsigned(offset)];
const store =
  (opcode: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, opcode, 0, ...unsigned(offset)];

export const i32 = {
  const: (value: number): Code => [OP.i32Const, ...signed(BigInt(value | 0))],
  eqz: unary(OP.i32Eqz),
  eq: binary(OP.i32Eq),
  ne: binary(OP.i32Ne),
  ltS: binary(OP.i32LtS),
  ltU: binary(OP.i32LtU),
  gtS: binary(WIDE.i32GtS),
  gtU: binary(OP.i32GtU),
  leU: binary(OP.i32LeU),
  geS: binary(OP.i32GeS),
  add: binary(OP.i32Add),
  sub: binary(OP.i32Sub),
  mul: binary(OP.i32Mul),
  and: binary(OP.i32And),
  or: binary(OP.i32Or),
  xor: binary(OP.i32Xor),
  shl: binary(OP.i32Shl),
  shrS: binary(OP.i32ShrS),
  shrU: binary(OP.i32ShrU),
  wrap: unary(OP.i32WrapI64),
  load: load(OP.i32Load),
  load16U: load(WIDE.i32Load16U),
  store: store(OP.i32Store),
  store16: store(OP.i32Store16),
} as const;

export const i64 = {
  const: (value: bigint): Code => [OP.i64Const, ...signed(value)],
  eqz: unary(WIDE.i64Eqz),
  eq: binary(WIDE.i64Eq),
  ne: binary(WIDE.i64Ne),
  ltS: binary(WIDE.i64LtS),
  geS: binary(WIDE.i64GeS),
  ltU: binary(WIDE.i64LtU),
  gtU: binary(WIDE.i64GtU),
  geU: binary(WIDE.i64GeU),
  clz: unary(WIDE.i64Clz),
  add: binary(WIDE.i64Add),
  sub: binary(WIDE.i64Sub),
  mul: binary(OP.i64Mul),
  divU: binary(WIDE.i64DivU),
  and: binary(WIDE.i64And),
  or: binary(OP.i64Or),
  xor: binary(WIDE.i64Xor),
  shl: binary(OP.i64Shl),
  shrS: binary(WIDE.i64ShrS),
  shrU: binary(OP.i64ShrU),
  extendU: unary(OP.i64ExtendI32U),
  load: load(WIDE.i64Load),
  load32S: load(WIDE.i64Load32S),
  load32U: load(WIDE.i64Load32U),
  load16S: load(WIDE.i64Load16S),
  store: store(WIDE.i64Store),
  store32: store(WIDE.i64Store32),
  truncS: unary(WIDE.i64TruncF64S),
  extendS: unary(OP.i64ExtendI32S),
  truncU: unary(WIDE.i64TruncF64U),
} as const;

export const f64 = {
  add: binary(WIDE.f64Add),
  mul: binary(WIDE.f64Mul),
  div: binary(WIDE.f64Div),
  reinterpret: unary(WIDE.f64ReinterpretI64),
  sqrt: unary(WIDE.f64Sqrt),
  convertS: unary(WIDE.f64ConvertI64S),
  convertU: unary(WIDE.f64ConvertI64U),
} as const;

/** `a` where the condition holds, else `b`; both are evaluated. */
export const select = (a: Code, b: Code, condition: Code): Code => [...a, ...b, ...condition, OP.select];

export const when = (condition: Code, then: Code, otherwise: Code = []): Code =>
  otherwise.length === 0 ? [...condition, OP.if, VOID, ...then, OP.end] : [...condition, OP.if, VOID, ...then, OP.else, ...otherwise, OP.end];

/** Marks the opcode of a branch whose condition is rarely true; not part of the code. */
const RARELY = 0x100;
/** As `when`, for what hardly ever happens. */
export const rarely = (condition: Code, then: Code): Code => [...condition, OP.if | RARELY, VOID, ...then, OP.end];

export const result = (value: Code): Code => [...value, OP.return];

/** Executes the case whose number the selector has; what is out of range executes nothing. */
export const choose = (selector: Code, cases: readonly Code[]): Code => {
  const count = cases.length;
  let code: Code = [...selector, OP.brTable, ...unsigned(count), ...cases.flatMap((_, at) => unsigned(at)), ...unsigned(count)];
  cases.forEach((body, at) => {
    code = [OP.block, VOID, ...code, OP.end, ...body, OP.br, ...unsigned(count - 1 - at)];
  });
  return [OP.block, VOID, ...code, OP.end];
};

export const repeatWhile = (condition: Code, body: Code): Code => [OP.block, VOID, OP.loop, VOID, ...i32.eqz(condition), OP.brIf, 1, ...body, OP.br, 0, OP.end, OP.end];

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  tee(value: Code): Code;
}

type ValueType = typeof I32 | typeof I64 | typeof F64;

/** A function under construction; bodies ask it for locals while they are being written. */
export class FunctionBuilder {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly #locals: ValueType[] = [];

  constructor(parameters: readonly ValueType[], results: readonly ValueType[]) {
    this.parameters = parameters;
    this.results = results;
  }
  parameter(index: number): Local {
    const at = unsigned(index);
    return { get: [OP.localGet, ...at], set: (value) => [...value, OP.localSet, ...at], tee: (value) => [...value, OP.localTee, ...at] };
  }
  #local(type: ValueType): Local {
    this.#locals.push(type);
    return this.parameter(this.parameters.length + this.#locals.length - 1);
  }
  i32(): Local {
    return this.#local(I32);
  }
  i64(): Local {
    return this.#local(I64);
  }
  f64(): Local {
    return this.#local(F64);
  }
  finish(code: Code): FunctionCode {
    const out = new Bytes();
    out.unsigned(this.#locals.length);
    for (const type of this.#locals) {
      out.unsigned(1);
      out.byte(type);
    }
    const start = out.length;
    const unlikely = code.flatMap((byte, at) => (byte >= RARELY ? [start + at] : []));
    out.bytes(code.map((byte) => byte & 0xff));
    out.byte(OP.end);
    return { body: out, unlikely };
  }
}

export const call = (index: number, ...operands: readonly Code[]): Code => [...sequence(...operands), OP.call, ...unsigned(index)];
