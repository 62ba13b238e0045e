/** Instructions that the interpreter leaves to cold operations, in the forms worth lifting: those of 32-bit flat code. */
import { META_ADDR16, META_OP16, R_META } from "../../cpu/interpreter/record.js";
import { AF, CF, DF, EAX, ECX, FLAGS, OF, PF, SF, ZF } from "../../cpu/state.js";
import { binary, constant, type Expr, local, word } from "../ir/ir.js";
import { bitLifters } from "./bits.js";
import { setNumbered } from "./cold-operands.js";
import { carry } from "./conditions.js";
import { branchTarget, edge } from "./control.js";
import { exchangeLifters } from "./exchange.js";
import { flagImage, materialise, setCarry } from "./flag-changes.js";
import { interruptFlagLifters } from "./interrupt-flag.js";
import { always, type Lifter } from "./lifter.js";
import { multiplyDivideLifters } from "./multiply-divide.js";
import { narrowLifters } from "./narrow.js";
import { add, and } from "./operands.js";
import { rotateLifters } from "./rotates.js";
import { segmentLoadLifters } from "./segment-loads.js";
import { shiftLifters } from "./shifts.js";
import { stackLifters } from "./stack-forms.js";
import { stringLifters } from "./strings.js";
import { x87Lifter } from "./x87.js";

/** Those that say something to caches and to other processors. */
const NOTHING = ["NOPE", "LFENCE", "MFENCE", "SFENCE", "PREFETCHNTA", "PREFETCHT0", "PREFETCHT1", "PREFETCHT2"];
/** The byte registers' number of AH. */
const AH = 4;
const LOW_FLAGS = SF | ZF | AF | PF | CF;

/** LOOP and JCXZ. */
const counting =
  (test: (count: Expr) => Expr, counts: boolean): Lifter =>
  (block) => {
    if ((block.field(R_META) & (META_ADDR16 | META_OP16)) !== 0) return false;
    if (counts) block.set(ECX, add(local(ECX), constant(-1)));
    block.exit = { kind: "branch", test: test(local(ECX)), taken: edge(branchTarget(block)), otherwise: edge(block.next) };
    return true;
  };

/** Instructions without operands that change or read single flags. */
const flagLifters = (): Map<string, Lifter> =>
  new Map([
    ["CLC", always((block) => setCarry(block, constant(0)))],
    ["STC", always((block) => setCarry(block, constant(1)))],
    ["CMC", always((block) => setCarry(block, block.let(binary("eq", carry(block), constant(0)))))],
    ["STD", always((block) => block.emit({ kind: "word", word: FLAGS, value: binary("or", word(FLAGS), constant(DF)) }))],
    ["LAHF", always((block) => setNumbered(block, 8, AH, block.let(binary("or", flagImage(block, LOW_FLAGS), constant(2)))))],
    ["SAHF", always((block) => materialise(block, OF, and(binary("shrU", local(EAX), constant(8)), LOW_FLAGS)))],
  ]);

export const coldLifters = (): Map<string, Lifter> =>
  new Map([
    ...narrowLifters(),
    ...shiftLifters(),
    ...rotateLifters(),
    ...multiplyDivideLifters(),
    ...bitLifters(),
    ...exchangeLifters(),
    ...stringLifters(),
    ...stackLifters(),
    ...flagLifters(),
    ...interruptFlagLifters(),
    ...segmentLoadLifters(),
    ...NOTHING.map((name): [string, Lifter] => [name, () => true]),
    ["FPU", x87Lifter],
    ["LOOP", counting((count) => binary("ne", count, constant(0)), true)],
    ["JCXZ", counting((count) => binary("eq", count, constant(0)), false)],
  ]);
