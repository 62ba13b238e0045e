/** The module: one function for each operation, and one that chooses among them by the form. */
import { I32, OP } from "../../../wasm/encoder.js";
import { add } from "./add.js";
import { compile, type FunctionDefinition, instantiate, moduleBytes } from "./assembly.js";
import { type Code, call, choose, FunctionBuilder, i32, result, sequence } from "./builder.js";
import { compare } from "./compare.js";
import { divide } from "./divide.js";
import { OPERATION, OPERATIONS } from "./form.js";
import { load } from "./load.js";
import { multiply } from "./multiply.js";
import { control, exchange, unary } from "./others.js";
import { squareRoot } from "./square-root.js";
import { roundInteger, store, storeInteger } from "./store.js";
import { Unit } from "./unit.js";

type OperationName = keyof typeof OPERATION;

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
const operation = (name: OperationName): FunctionDefinition => {
  const unit = new Unit();
  return { name, body: sequence(WRITERS[name](unit), [OP.unreachable]), builder: unit.f };
};

const run = (): FunctionDefinition => {
  const builder = new FunctionBuilder([I32, I32], [I32]);
  const form = builder.parameter(0).get;
  const cases = Array.from({ length: OPERATIONS }, (_, at) => result(call(at, form, builder.parameter(1).get)));
  return { name: "run", body: sequence(choose(operationField(form), cases), i32.const(0)), builder };
};

const operationField = (form: Code): Code => i32.and(form, i32.const(31));

let compiled: object | undefined;

/** On the memory of a machine, of any size. */
export const instantiateFast = (memory: unknown): Record<string, unknown> => {
  const names = (Object.keys(OPERATION) as OperationName[]).sort((a, b) => OPERATION[a] - OPERATION[b]);
  compiled ??= compile(moduleBytes([...names.map(operation), run()], "imported"));
  return instantiate(compiled, memory);
};
