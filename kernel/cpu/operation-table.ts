/** Numbers for operations, and the table of cold ones that the interpreter loop calls by number. */
import type { ColdOperation, Core } from "./core.js";
import type { Fpu } from "./fpu.js";
import type { OperationNumbers } from "./interpreter/decode-plan.js";
import { HOT_NUMBERS } from "./interpreter/source.js";
import type { Interrupts } from "./interrupts.js";
import type { CpuModel } from "./models.js";
import { controlOperations } from "./operations/control.js";
import { integerOperations } from "./operations/integer.js";
import { segmentOperations } from "./operations/segment.js";
import { stackOperations } from "./operations/stack.js";
import { stringOperations } from "./operations/string.js";
import { portPermission, type SystemHost, systemOperations } from "./operations/system.js";
import type { Segmentation } from "./segmentation.js";
import { simdOperations } from "./simd/operations.js";
import { DEBUG_TRAP, FLAGS, PENDING, RF, SHADOW, TF } from "./state.js";
import { FACTS } from "./tables/table.js";
import type { TaskSwitch } from "./task-switch.js";

/** Mnemonics to numbers: hot operations first, then cold ones that fall through, then cold ones that end a block. */
const coldNumbers = (): { numbers: ReadonlyMap<string, number>; firstEnding: number; count: number } => {
  const numbers = new Map<string, number>();
  let next = HOT_NUMBERS.size;
  const ending = new Set(FACTS.filter((fact) => fact.ends).map((fact) => fact.operation));
  ending.add("TOOLONG");
  const names = [...new Set(FACTS.map((fact) => fact.operation))];
  for (const name of names) if (!ending.has(name)) numbers.set(name, next++);
  const firstEnding = next;
  for (const name of ending) numbers.set(name, next++);
  return { numbers, firstEnding, count: next };
};
export const COLD = coldNumbers();

export const OPERATION_NUMBERS: OperationNumbers = {
  hot: (name) => HOT_NUMBERS.get(name) ?? -1,
  cold: (operation) => COLD.numbers.get(operation)!,
};

/** Mnemonics whose every form is a hot operation. */
const HOT_ONLY = new Set(["CMP", "TEST", "MOV", "MOVZXB", "MOVZXW", "MOVSXB", "MOVSXW", "JCC"]);

/** Transfers that load all flags when they lead to another task. */
const MAY_SWITCH_TASKS = ["JMPF", "JMPFE", "CALLF", "CALLFE", "INT", "INT3", "INTO", "ICEBP"];

/** Everything the operations work on. */
export interface OperationParts {
  readonly core: Core;
  readonly model: CpuModel;
  readonly segmentation: Segmentation;
  readonly interrupts: Interrupts;
  readonly tasks: TaskSwitch;
  readonly fpu: Fpu;
  readonly host: SystemHost;
}

/** Cold operations by number. */
export const coldOperations = ({ core, model, segmentation, interrupts, tasks, fpu, host }: OperationParts): ColdOperation[] => {
  const ioAllowed = portPermission(core);
  const all: Record<string, ColdOperation> = {
    ...integerOperations(core),
    ...stackOperations(core, segmentation),
    ...controlOperations(core, segmentation, interrupts, tasks),
    ...stringOperations(core, ioAllowed),
    ...segmentOperations(core, segmentation),
    ...systemOperations(core, segmentation, model, host, ioAllowed),
    ...simdOperations(core, fpu),
    FPU: (pc) => fpu.execute(pc),
    FXSAVE: (pc) => fpu.save(pc),
    FXRSTOR: (pc) => fpu.restore(pc),
    FWAIT: () => fpu.wait(),
  };
  const table = new Array<ColdOperation>(COLD.count).fill(() => core.ud());
  for (const [name, number] of COLD.numbers) {
    const operation = all[name];
    if (operation) table[number] = operation;
    else if (!HOT_ONLY.has(name)) throw new Error(`no operation for ${name}`);
  }
  // flags that decide about interrupts and single steps take effect at once
  for (const name of ["POPF", "IRET", "MOVTOSEG", "POPSEG", "LSS", "CLI", ...MAY_SWITCH_TASKS]) {
    const number = COLD.numbers.get(name)!;
    const operation = table[number];
    table[number] = (pc) => {
      operation(pc);
      if ((core.i32[FLAGS] & (TF | RF)) !== 0 || core.i32[SHADOW] !== 0 || core.i32[PENDING] !== 0 || core.i32[DEBUG_TRAP] !== 0) host.attention();
    };
  }
  return table;
};
