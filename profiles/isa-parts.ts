/** What every PC since the AT has on its ISA bus. */
import type { ProfileBuilder } from "backplane/sdk";
import { dma8237 } from "../plugins/dma-8237/index.js";
import { pic8259 } from "../plugins/pic-8259/index.js";
import { pit8254 } from "../plugins/pit-8254/index.js";
import { intel8042 } from "../plugins/ps2-8042/index.js";
import { mc146818 } from "../plugins/rtc-mc146818/index.js";
import { ferr, port61, port92, postPort } from "../plugins/system-ports/index.js";
import { ns16550a } from "../plugins/uart-16550/index.js";

export const addIsaParts = (builder: ProfileBuilder): ProfileBuilder =>
  builder
    .add("/isa/pic", pic8259)
    .add("/isa/pit", pit8254)
    .add("/isa/dma", dma8237)
    .add("/isa/rtc", mc146818)
    .add("/isa/ps2", intel8042)
    .add("/isa/port61", port61)
    .add("/isa/port92", port92)
    .add("/isa/ferr", ferr)
    .add("/isa/post", postPort)
    .add("/isa/com1", ns16550a, { base: 0x3f8, irq: 4 });
