/**
 * What gdb is told of the registers: `target.xml` of the remote protocol ("Debugging with GDB", appendix G.2 Target
 * Description Format). Flags and vectors get types, so that `print $eflags` and `print $xmm0.v4_float` read well.
 */
import { encodeText } from "./packet.js";
import { CORE, type Register, SSE } from "./registers.js";

const EFLAGS_BITS = ["CF", "", "PF", "", "AF", "", "ZF", "SF", "TF", "IF", "DF", "OF", "", "", "NT", "", "RF", "VM", "AC", "VIF", "VIP", "ID"];
const MXCSR_BITS = ["IE", "DE", "ZE", "OE", "UE", "PE", "DAZ", "IM", "DM", "ZM", "OM", "UM", "PM", "", "", "FZ"];
const flags = (id: string, names: readonly string[]): string =>
  `<flags id="${id}" size="4">${names.map((name, bit) => (name === "" ? "" : `<field name="${name}" start="${bit}" end="${bit}"/>`)).join("")}</flags>`;
const VECTORS =
  '<vector id="v4f" type="ieee_single" count="4"/><vector id="v2d" type="ieee_double" count="2"/><vector id="v16i8" type="int8" count="16"/>' +
  '<vector id="v8i16" type="int16" count="8"/><vector id="v4i32" type="int32" count="4"/><vector id="v2i64" type="int64" count="2"/>' +
  '<union id="vec128"><field name="v4_float" type="v4f"/><field name="v2_double" type="v2d"/><field name="v16_int8" type="v16i8"/>' +
  '<field name="v8_int16" type="v8i16"/><field name="v4_int32" type="v4i32"/><field name="v2_int64" type="v2i64"/><field name="uint128" type="uint128"/></union>';
/** Types that a feature's registers have, besides gdb's own. */
const TYPES: Readonly<Record<string, string>> = { [CORE]: flags("i386_eflags", EFLAGS_BITS), [SSE]: VECTORS + flags("i386_mxcsr", MXCSR_BITS) };

export const targetDescription = (registers: readonly Register[]): Uint8Array => {
  const features = [...new Set(registers.map(({ feature }) => feature))].map((feature) => {
    const lines = registers.flatMap(({ name, bits, type, group, feature: own }, number) =>
      own === feature ? [`<reg name="${name}" bitsize="${bits}" type="${type}"${group ? ` group="${group}"` : ""} regnum="${number}"/>`] : [],
    );
    return `<feature name="${feature}">\n${TYPES[feature] ?? ""}\n${lines.join("\n")}\n</feature>`;
  });
  return encodeText(`<?xml version="1.0"?>\n<!DOCTYPE target SYSTEM "gdb-target.dtd">\n<target>\n<architecture>i386</architecture>\n${features.join("\n")}\n</target>\n`);
};
