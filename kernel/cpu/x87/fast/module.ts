/** The module: one function for each operation with each kind of operand, and one that chooses among them by the form. */
import { I32, OP } from "../../../wasm/encoder.js";
import { add } from "./add.js";
import { compile, type FunctionDefinition, instantiate, moduleBytes } from "./assembly.js";
import { type Code, call, choose, FunctionBuilder, i32, result, sequence } from "./builder.js";
import { compare } from "./compare.js";
import { divide } from "./divide.js";
import { FUNCTION_MASK, FUNCTIONS, type FunctionShape, type OperationName } from "./form.js";
import { load } from "./load.js";
import { multiply } from "./multiply.js";
import { control, exchange, unary } from "./others.js";
import { squareRoot } from "./square-root.js";
import { roundInteger, store, storeInteger } from "./store.js";
import { Unit } from "./unit.js";

const WRITERS: Readonly<Record<OperationName, (unit: Unit) => Code>> = {
  none: () => result(i32.const(0)),
  add,
  multiply,
  divide,
  compare,
  load,
  store,
  storeInteger,
  unary,
  exchange,
  squareRoot,
  roundInteger,
  control,
};

/** Every path of an operation returns. */
const functionOf = ({ operation, operand }: FunctionShape, place: number): FunctionDefinition => {
  const unit = new Unit(operand);
  return { name: String(place), body: sequence(WRITERS[operation](unit), [OP.unreachable]), builder: unit.f };
};

const run = (): FunctionDefinition => {
  const builder = new FunctionBuilder([I32, I32], [I32]);
  const form = builder.parameter(0).get;
  const cases = FUNCTIONS.map((_, at) => result(call(at, form, builder.parameter(1).get)));
  return { name: "run", body: sequence(choose(i32.and(form, i32.const(FUNCTION_MASK)), cases), i32.const(0)), builder };
};

let compiled: object | undefined;

/** On the memory of a machine, of any size; functions by their place. */
export const instantiateFast = (memory: unknown): Record<string, unknown> => {
  compiled ??= compile(moduleBytes([...FUNCTIONS.map(functionOf), run()], "imported"));
  return instantiate(compiled, memory);
};
